"""Going on with runs that failed, were stopped or were killed."""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from runner_kit import Place, get, pipeline, processing, run_or_resume

from pipeline_steps.local import Event, LocalRunError, load_run, packages, resume, run_pipeline

RUN = "import sys, runner_kit; runner_kit.run_or_resume(sys.argv[1], float(sys.argv[2]))"


def start(root: Path, grace: float = 2) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", RUN, str(root), str(grace)]
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parent)}
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environment)


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait_for(path: Path, seconds: float = 20) -> str:
    end = time.monotonic() + seconds
    while not (path.exists() and path.read_text()):
        assert time.monotonic() < end, f"{path} did not come"
        time.sleep(0.01)
    return path.read_text()


def test_a_failed_run_goes_on_where_it_failed(place: Place, tmp_path: Path) -> None:
    place.code("print('first')")
    place.code("import sys; sys.exit(1)", "bad.py")
    first = place.run(pipeline(processing("A"), processing("B", "bad.py", DependsOn=["A"])))
    assert first.status == "Failed"
    place.code("print('mended')", "bad.py")
    record = resume(first.run_dir)
    assert record.succeeded, record.failure_reason
    assert record.failure_reason is None
    assert record.run_id == first.run_id
    assert record.steps["A"].started == first.steps["A"].started
    assert (record.steps["A"].attempts, record.steps["B"].attempts) == (1, 2)
    assert "mended" in place.log(record, "B")


def test_a_succeeded_run_is_left_as_it_is(place: Place) -> None:
    place.code("")
    first = place.run(pipeline(processing("A")))
    before = (first.run_dir / "run.json").read_bytes()
    assert resume(first.run_dir).succeeded
    assert (first.run_dir / "run.json").read_bytes() == before


def test_inputs_of_finished_steps_may_be_gone(place: Place) -> None:
    place.put("data/in/a.csv", "x")
    place.code("")
    place.code("import sys; sys.exit(1)", "bad.py")
    steps = [processing("A", inputs={"data": "s3://data/in"}), processing("B", "bad.py", DependsOn=["A"])]
    first = place.run(pipeline(*steps))
    (place.s3 / "data" / "in" / "a.csv").unlink()
    place.code("", "bad.py")
    assert resume(first.run_dir).succeeded


def test_a_listener_that_fails_stops_the_run_and_is_told(place: Place) -> None:
    place.code("import time\nprint('line', flush=True)\ntime.sleep(60)")
    place.code("")

    def broken(event: Event) -> None:
        if event.kind == "step_log":
            raise BrokenPipeError("the reader has gone")

    place.code("import time\nprint('line', flush=True)\ntime.sleep(60)", "slow.py")
    with pytest.raises(BrokenPipeError):
        run_pipeline(
            pipeline(processing("A", "slow.py")),
            run_dir=place.root / "run",
            s3_root=place.s3,
            stop_grace=1,
            on_event=broken,
        )
    assert load_run(place.root / "run").status == "Stopped"
    place.code("", "slow.py")
    assert resume(place.root / "run").succeeded


def test_branches_are_taken_again_the_same_way(place: Place) -> None:
    place.code("import sys; sys.exit(1)")
    check = {
        "Name": "Check",
        "Type": "Condition",
        "Arguments": {
            "Conditions": [{"Type": "Equals", "LeftValue": 1, "RightValue": 1}],
            "IfSteps": [processing("Yes")],
            "ElseSteps": [processing("No")],
        },
    }
    first = place.run(pipeline(check))
    place.code("")
    record = resume(first.run_dir)
    assert (record.steps["Yes"].status, record.steps["No"].status) == ("Succeeded", "Skipped")
    assert record.succeeded


def test_only_one_runner_at_a_time(place: Place, tmp_path: Path) -> None:
    place.code(f"import time; open({str(tmp_path / 'on')!r}, 'w').write('x'); time.sleep(60)")
    (tmp_path / "pipeline.json").write_text(json.dumps(pipeline(processing("A"))))
    runner = start(tmp_path)
    wait_for(tmp_path / "on")
    with pytest.raises(LocalRunError, match="is being run by another process"):
        resume(tmp_path / "run")
    runner.terminate()
    assert runner.wait(20) == 128 + signal.SIGTERM


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_stopping_ends_the_children_and_keeps_what_is_done(
    place: Place, tmp_path: Path, number: int, code: int
) -> None:
    pids = tmp_path / "pids"
    place.code("")
    place.code(
        f"""
import os, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
open({str(pids)!r}, "w").write(f"{{os.getpid()}} {{child.pid}}")
time.sleep(60)
""",
        "slow.py",
    )
    definition = pipeline(processing("A"), processing("B", "slow.py", DependsOn=["A"]))
    (tmp_path / "pipeline.json").write_text(json.dumps(definition))
    runner = start(tmp_path)
    children = [int(pid) for pid in wait_for(pids).split()]
    runner.send_signal(number)
    ended = runner.wait(20)
    assert ended in (code, -number)
    assert not any(alive(pid) for pid in children)
    record = load_run(tmp_path / "run")
    assert (record.status, record.steps["A"].status, record.steps["B"].status) == ("Stopped", "Succeeded", "Stopped")
    place.code("", "slow.py")
    record = resume(tmp_path / "run")
    assert record.succeeded
    assert record.steps["A"].attempts == 1


def test_a_second_signal_ends_a_stubborn_step_at_once(place: Place, tmp_path: Path) -> None:
    place.code(
        f"""
import signal, time
signal.signal(signal.SIGTERM, lambda *_: open({str(tmp_path / "asked")!r}, "w").write("x"))
open({str(tmp_path / "on")!r}, "w").write("x")
while True:
    time.sleep(1)
"""
    )
    (tmp_path / "pipeline.json").write_text(json.dumps(pipeline(processing("A"))))
    runner = start(tmp_path, grace=60)
    wait_for(tmp_path / "on")
    runner.send_signal(signal.SIGINT)
    wait_for(tmp_path / "asked")
    assert runner.poll() is None
    runner.send_signal(signal.SIGINT)
    runner.wait(20)
    assert load_run(tmp_path / "run").status == "Stopped"


def test_a_signal_that_the_system_gives_to_another_thread_stops_the_run_too(place: Place) -> None:
    """It runs the handler in the main thread, but does not wake it; so does one that comes just before it waits."""
    place.code("import os, signal, time\nos.kill(int(os.environ['RUNNER']), signal.SIGINT)\ntime.sleep(15)")
    step = processing("A")
    step["Arguments"]["Environment"] = {"RUNNER": str(os.getpid())}
    ended = threading.Event()

    def take_signals() -> None:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
        ended.wait()

    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    other = threading.Thread(target=take_signals)
    other.start()
    try:
        with pytest.raises(KeyboardInterrupt):
            place.run(pipeline(step), run_dir=place.root / "run", stop_grace=1)
    finally:
        ended.set()
        other.join()
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    assert load_run(place.root / "run").status == "Stopped"


def test_killing_the_runner_ends_the_step_and_what_it_started(place: Place, tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    place.code(
        f"""
import os, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
open({str(pids)!r}, "w").write(f"{{os.getpid()}} {{child.pid}}")
time.sleep(60)
"""
    )
    (tmp_path / "pipeline.json").write_text(json.dumps(pipeline(processing("A"))))
    runner = start(tmp_path)
    children = [int(pid) for pid in wait_for(pids).split()]
    runner.kill()
    runner.wait()
    place.code("")
    assert resume(tmp_path / "run").succeeded
    assert not any(alive(pid) for pid in children)


# Each step writes two files a moment apart and notes that it was started; the next one insists on both.
TINY = """
import os, sys, time
from pathlib import Path
base = Path(os.environ["SAGEMAKER_BASE_DIR"]) / "processing"
name, ledger = sys.argv[1], Path(sys.argv[2])
for source in (base / "input").glob("from-*"):
    assert sorted(path.name for path in source.iterdir()) == ["a", "b"], list(source.iterdir())
    assert (source / "a").read_text() == (source / "b").read_text()
stamp = f"{name} {os.getpid()} {time.time()}"
with ledger.open("a") as file:
    file.write(stamp + "\\n")
(base / "output/o/a").write_text(stamp)
time.sleep(0.01)
(base / "output/o/b").write_text(stamp)
"""


def tiny_pipeline(ledger: Path) -> dict[str, Any]:
    def uri(step: str) -> dict[str, str]:
        return get(f"Steps.{step}.ProcessingOutputConfig.Outputs['o'].S3Output.S3Uri")

    def tiny(name: str, *sources: str) -> dict[str, Any]:
        return processing(
            name,
            "tiny.py",
            inputs={f"from-{source}": uri(source) for source in sources},
            outputs={"o": f"s3://out/{name}"},
            arguments=[name, str(ledger)],
        )

    register = {
        "Name": "Register",
        "Type": "RegisterModel",
        "Arguments": {
            "ModelPackageGroupName": "group",
            "InferenceSpecification": {"Containers": [{"Image": "image", "ModelDataUrl": uri("D")}]},
        },
    }
    return pipeline(tiny("A"), tiny("B", "A"), tiny("C", "A"), tiny("D", "B", "C"), register)


@pytest.mark.slow
def test_killing_at_any_moment_loses_nothing(tmp_path: Path) -> None:
    """At least 50 kills at random moments, of the runner or of a step, over as many runs as it takes."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["pipeline_steps.local"])
    rng = random.Random(20260101)
    kills, runs = 0, 0
    while kills < 50:
        runs += 1
        place = Place(tmp_path / f"p{runs}")
        place.code(TINY, "tiny.py")
        ledger = place.root / "ledger"
        (place.root / "pipeline.json").write_text(json.dumps(tiny_pipeline(ledger)))
        done: dict[str, str] = {}
        while True:
            runner = context.Process(target=run_or_resume, args=(place.root,))
            runner.start()
            runner.join(0.02 + rng.random() * 0.4)
            if runner.is_alive():
                victims = [runner.pid] if rng.random() < 0.7 else step_processes(place.root / "run")
                for victim in victims[:1]:
                    try:
                        os.kill(victim, signal.SIGKILL)
                        kills += 1
                    except ProcessLookupError:
                        pass
                runner.join(30)
            finished = finished_steps(place.root / "run")
            for name, text in done.items():
                assert finished.get(name) == text, f"{name} was finished and has been done again"
            done = finished
            if runner.exitcode == 0:
                break
        assert set(done) == {"A", "B", "C", "D"}
        assert [package.version for package in packages(place.root / "registry", "group")] == [1]
        assert sorted(path.name for path in (place.s3 / "out").rglob("*") if path.is_file()) == ["a"] * 4 + ["b"] * 4
        assert not list((place.s3 / ".staging").iterdir())
    assert kills >= 50


def exit_at(operation: int, root: Path) -> None:
    """Runs the pipeline and ends without any clean-up at the n-th change of a file or folder."""
    count = 0

    def hook(event: str, arguments: Any) -> None:
        nonlocal count
        writes = event == "open" and isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR)
        if writes or event in ("os.rename", "os.mkdir", "os.remove", "os.rmdir", "os.chmod"):
            count += 1
            if count == operation:
                os._exit(9)

    sys.addaudithook(hook)
    definition = json.loads((root / "pipeline.json").read_text())
    record = run_pipeline(definition, run_dir=root / "run", s3_root=root / "s3")
    os._exit(0 if record.succeeded else 1)


@pytest.mark.slow
def test_ending_at_every_second_change_of_a_file_loses_nothing(tmp_path: Path) -> None:
    register = {
        "Name": "Register",
        "Type": "RegisterModel",
        "Arguments": {
            "ModelPackageGroupName": "group",
            "InferenceSpecification": {
                "Containers": [
                    {
                        "Image": "image",
                        "ModelDataUrl": get("Steps.A.ProcessingOutputConfig.Outputs['o'].S3Output.S3Uri"),
                    }
                ]
            },
        },
    }
    for operation in range(1, 200, 2):
        place = Place(tmp_path / str(operation))
        place.code(TINY, "tiny.py")
        step = processing("A", "tiny.py", outputs={"o": "s3://out/A"}, arguments=["A", str(place.root / "ledger")])
        (place.root / "pipeline.json").write_text(json.dumps(pipeline(step, register)))
        child = multiprocessing.get_context("fork").Process(target=exit_at, args=(operation, place.root))
        child.start()
        child.join(30)
        assert child.exitcode in (0, 9)
        if child.exitcode == 0:
            break
        before = finished_steps(place.root / "run")
        record = (
            resume(place.root / "run")
            if (place.root / "run" / "run.json").exists()
            else place.run(pipeline(step, register), run_dir=place.root / "run")
        )
        assert record.succeeded, record.failure_reason
        after = finished_steps(place.root / "run")
        assert before.get("A", after["A"]) == after["A"]
        assert [package.version for package in packages(place.root / "registry", "group")] == [1]
        left = [path for folder in (place.s3, place.root / "registry") for path in folder.rglob("*") if path.is_file()]
        assert [path for path in left if path.name.startswith(".") or ".staging" in path.parts] == []
    assert operation > 20


TRIAL = """
import os, sys
from pathlib import Path
value = sys.argv[sys.argv.index("--value") + 1]
Path(os.environ["SM_MODEL_DIR"], "value").write_text(value)
with open(sys.argv[sys.argv.index("--ledger") + 1], "a") as file:
    file.write(value + "\\n")
print(f"metric={value};")
"""


@pytest.mark.slow
def test_a_tuning_that_is_ended_at_any_change_of_a_file_keeps_its_trials(tmp_path: Path) -> None:
    for operation in range(5, 1000, 16):
        place = Place(tmp_path / str(operation))
        place.code(TRIAL, "train.py")
        code = {"S3DataType": "S3Prefix", "S3Uri": "s3://code/"}
        tune = {
            "Name": "Tune",
            "Type": "Tuning",
            "Arguments": {
                "HyperParameterTuningJobConfig": {
                    "Strategy": "Grid",
                    "HyperParameterTuningJobObjective": {"Type": "Maximize", "MetricName": "metric"},
                    "ParameterRanges": {"CategoricalParameterRanges": [{"Name": "value", "Values": ["1", "3", "2"]}]},
                },
                "TrainingJobDefinition": {
                    "AlgorithmSpecification": {"MetricDefinitions": [{"Name": "metric", "Regex": "metric=([0-9]+);"}]},
                    "InputDataConfig": [{"ChannelName": "code", "DataSource": {"S3DataSource": code}}],
                    "OutputDataConfig": {"S3OutputPath": "s3://models/out"},
                    "StaticHyperParameters": {
                        "sagemaker_program": "train.py",
                        "sagemaker_submit_directory": "/opt/ml/input/data/code",
                        "ledger": str(place.root / "ledger"),
                    },
                },
            },
        }
        (place.root / "pipeline.json").write_text(json.dumps(pipeline(tune)))
        child = multiprocessing.get_context("fork").Process(target=exit_at, args=(operation, place.root))
        child.start()
        child.join(30)
        assert child.exitcode in (0, 9)
        if child.exitcode == 0:
            break
        kept = {path.name for path in place.root.glob("run/steps/Tune/trials/*.json")}
        tried = len((place.root / "ledger").read_text().split()) if (place.root / "ledger").exists() else 0
        record = (
            resume(place.root / "run")
            if (place.root / "run" / "run.json").exists()
            else place.run(pipeline(tune), run_dir=place.root / "run")
        )
        assert record.succeeded, record.failure_reason
        best = record.steps["Tune"].properties["BestTrainingJob"]
        assert best["TunedHyperParameters"] == {"value": "3"}
        assert len(list((place.s3 / "models/out").glob("*/output/model.tar.gz"))) == 3
        assert not list((place.s3 / ".staging").iterdir())
        assert len((place.root / "ledger").read_text().split()) == tried + 3 - len(kept)
    assert operation > 60


def finished_steps(run: Path) -> dict[str, str]:
    """What each finished step has in S3."""
    if not (run / "run.json").exists():
        return {}
    steps = load_run(run).steps.values()
    return {
        step.name: "".join((Path(step.output_paths["o"]) / name).read_text() for name in "ab")
        for step in steps
        if step.status == "Succeeded" and "o" in step.output_paths
    }


def step_processes(run: Path) -> list[int]:
    mark = f"LOCAL_RUN_STEP_FOLDER={run}".encode()
    found = []
    for entry in Path("/proc").glob("[0-9]*/environ"):
        try:
            if mark in entry.read_bytes():
                found.append(int(entry.parent.name))
        except OSError:
            continue
    return found
