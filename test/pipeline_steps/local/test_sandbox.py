"""Sandbox mode: scripts that hard-code /opt/ml, what they may write, and what is recorded of them."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from runner_kit import Place, pipeline, processing, training

from pipeline_script_contracts.analysis.facts import Analysis
from pipeline_steps.local import LocalRunError, comparison, resume
from pipeline_steps.local import sandbox as sandboxes
from pipeline_steps.local.sandbox import SANDBOXES, Sandbox, View, find_sandbox


@pytest.fixture(params=SANDBOXES, ids=lambda sandbox: sandbox.program)
def sandbox(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    problem = request.param.problem()
    if problem:
        pytest.skip(problem)
    monkeypatch.setattr(sandboxes, "SANDBOXES", (request.param,))
    find_sandbox.cache_clear()
    yield request.param
    find_sandbox.cache_clear()


HARD_CODED = """
import os
text = open("/opt/ml/processing/input/data/a.csv").read()
open("/opt/ml/processing/output/o/b.csv", "w").write(text.upper())
print(os.environ["SAGEMAKER_BASE_DIR"], os.getcwd())
open("/tmp/scratch", "w").write("x")
"""


@pytest.fixture
def hard_coded(place: Place) -> Place:
    place.code(HARD_CODED)
    place.put("data/in/a.csv", "hello")
    return place


def look(**options: Any) -> dict[str, Any]:
    return pipeline(processing("Look", inputs={"data": "s3://data/in"}, outputs={"o": "s3://out/o"}, **options))


def test_a_script_that_hard_codes_opt_ml_runs(hard_coded: Place, sandbox: Sandbox) -> None:
    record = hard_coded.run(look(), mode="sandbox")
    assert record.succeeded, record.failure_reason
    assert hard_coded.read("s3://out/o/b.csv") == "HELLO"
    assert hard_coded.log(record, "Look").split() == ["/opt/ml", "/tmp"]
    assert not Path("/tmp/scratch").exists()
    assert not Path("/opt/ml/processing").exists()


def test_what_the_script_used_is_recorded(place: Place, sandbox: Sandbox) -> None:
    place.put("data/in/a.csv", "hello")
    place.put("data/in/unused.csv", "x")
    place.put("data/in/native.csv", "x")
    place.code(
        """
import argparse, os, subprocess, sys
parser = argparse.ArgumentParser()
parser.add_argument("--job_type", default="training")
parser.parse_args()
os.environ.get("REGION", "")
os.listdir("/opt/ml/processing/input/data")
open("/opt/ml/processing/input/data/a.csv").read()
subprocess.run(["cat", "/opt/ml/processing/input/data/native.csv"])
open("/opt/ml/processing/output/o/.b.csv", "w").close()
os.rename("/opt/ml/processing/output/o/.b.csv", "/opt/ml/processing/output/o/b.csv")
open("/opt/ml/processing/output/o/b.csv").close()
subprocess.run(["touch", "/opt/ml/processing/output/o/native.csv"])
try:
    open("/var/elsewhere", "w")
except OSError as error:
    print(error)
"""
    )
    record = place.run(look(arguments=["--job_type", "testing"]), mode="sandbox")
    assert record.steps["Look"].status == "Succeeded", record.failure_reason
    assert "TR103 the script writes to /var/elsewhere, outside /opt/ml and /tmp" in (record.failure_reason or "")
    trace = record.steps["Look"].trace
    assert trace is not None
    data = "/opt/ml/processing/input/data"
    assert trace["read"] == ["/opt/ml/processing/input/code/script.py", f"{data}/a.csv", f"{data}/native.csv"]
    assert trace["written"] == [f"/opt/ml/processing/output/o/{name}" for name in ("b.csv", "native.csv")]
    assert trace["listed"] == [data]
    assert trace["variables"] == ["REGION"]
    assert trace["arguments"] == ["--job_type"]
    assert trace["commands"] == [f"cat {data}/native.csv", "touch /opt/ml/processing/output/o/native.csv"]
    assert trace["outside"] == ["/var/elsewhere"]
    assert "Read-only file system" in place.log(record, "Look")


def test_writing_outside_is_reported_and_harms_nothing(place: Place, sandbox: Sandbox, tmp_path: Path) -> None:
    victim = Path("/usr/share/written_by_a_step")  # not below /tmp, which every step has for itself
    place.code(f"open({str(victim)!r}, 'w').write('x')")
    record = place.run(pipeline(processing("Bad")), mode="sandbox")
    assert record.status == "Failed"
    assert not victim.exists()
    step = record.steps["Bad"]
    assert [finding["code"] for finding in step.findings] == ["TR103"]
    assert str(victim) in step.findings[0]["message"]


def test_what_the_analysis_does_not_know_of_is_a_finding(place: Place, sandbox: Sandbox) -> None:
    place.put("data/in/a.csv", "x")
    place.code(
        """
import argparse, os
parser = argparse.ArgumentParser()
parser.add_argument("--job_type")
parser.parse_args()
open("/opt/ml/processing/input/data/a.csv").read()
open(os.path.join("/opt/ml/processing/output", "o", "b.csv"), "w").close()
os.environ.get("REGION")
"""
    )
    known = place.run(look(), mode="sandbox")
    assert known.steps["Look"].findings == []
    assert known.steps["Look"].warnings == []
    place.code("exec(open('/opt/ml/processing/input/data/a.csv').read())")
    place.put(
        "data/in/a.csv",
        "import os; os.environ.get('HIDDEN'); open('/opt/ml/processing/output/o/b.csv', 'w').close()",
    )
    hidden = place.run(look(), mode="sandbox")
    assert hidden.succeeded, hidden.failure_reason
    assert [(item["code"], item["subject"]) for item in hidden.steps["Look"].findings] == [
        ("TR102", "/opt/ml/processing/output/o/b.csv"),
    ]
    assert known.contract_check is True


@pytest.fixture
def disagreeing(monkeypatch: pytest.MonkeyPatch) -> None:
    """An analysis that has seen all of a script, and nothing in it."""
    monkeypatch.setattr(comparison, "_analyse", lambda script: Analysis(script))


WRITES = "open('/opt/ml/processing/output/o/b.csv', 'w').close()"


@pytest.mark.usefixtures("disagreeing")
def test_a_step_that_disagrees_with_what_was_proved_fails_the_run(place: Place, sandbox: Sandbox) -> None:
    place.code(WRITES)
    cached = {"CacheConfig": {"Enabled": True, "ExpireAfter": "P1D"}}
    first = processing("First", outputs={"o": "s3://out/first"}, **cached)
    definition = pipeline(first, processing("Next", outputs={"o": "s3://out/next"}, DependsOn=["First"]))
    record = place.run(definition, mode="sandbox", cache_dir=place.root / "cache")
    assert record.status == "Failed"
    assert not record.succeeded
    said = "contract check: step 'First': TR102 the script writes /opt/ml/processing/output/o/b.csv"
    assert said in (record.failure_reason or "")
    assert [step.status for step in record.steps.values()] == ["Succeeded", "Pending"]
    assert [event.step for event in place.events if event.kind == "step_finding"] == ["First"]
    again = resume(record.run_dir)
    assert again.status == "Failed"
    second = place.run(definition, mode="sandbox", cache_dir=place.root / "cache")
    assert second.status == "Failed"
    assert not second.steps["First"].cached, "a result that broke its contract must not be used again"


@pytest.mark.usefixtures("disagreeing")
def test_the_contract_check_can_be_left_out(place: Place, sandbox: Sandbox) -> None:
    place.code(WRITES)
    definition = pipeline(
        processing("First", outputs={"o": "s3://out/first"}),
        processing("Next", outputs={"o": "s3://out/next"}, DependsOn=["First"]),
    )
    record = place.run(definition, mode="sandbox", contract_check=False)
    assert record.succeeded
    assert record.contract_check is False
    assert len(record.steps["Next"].findings) == 1
    failed = place.run(definition, mode="sandbox")
    assert failed.status == "Failed"
    assert resume(failed.run_dir, contract_check=False).succeeded


def test_a_killed_step_has_told_what_it_did(place: Place, sandbox: Sandbox) -> None:
    place.code("import os, signal; os.environ.get('REGION'); os.kill(os.getpid(), signal.SIGKILL)")
    record = place.run(pipeline(processing("Killed")), mode="sandbox")
    assert record.steps["Killed"].trace is not None
    assert record.steps["Killed"].trace["variables"] == ["REGION"]


def test_machines_have_folders_of_their_own_and_know_each_other(place: Place, sandbox: Sandbox) -> None:
    place.put("data/train/a", "x")
    place.code(
        """
import os, socket
host = os.environ["SM_CURRENT_HOST"]
assert os.listdir("/opt/ml/model") == []
open(f"/opt/ml/model/{host}", "w").close()
print(*(socket.gethostbyname(name) for name in ("algo-1", "algo-2", socket.gethostname())))
""",
        "train.py",
    )
    record = place.run(pipeline(training("T", channels={"train": "s3://data/train"}, instances=2)), mode="sandbox")
    assert record.succeeded, record.failure_reason
    assert place.log(record, "T").count("127.0.0.1 127.0.0.1 127.0.0.1") == 2


def test_network_isolation_is_enforced(place: Place, sandbox: Sandbox) -> None:
    place.code("import os; print(sorted(os.listdir('/proc/self/net')) and open('/proc/self/net/dev').read())")
    step = processing("Alone")
    step["Arguments"]["NetworkConfig"] = {"EnableNetworkIsolation": True}
    record = place.run(pipeline(step), mode="sandbox")
    interfaces = [line.split(":")[0].strip() for line in place.log(record, "Alone").splitlines() if ":" in line]
    assert interfaces == ["lo"], record.failure_reason


def test_programs_below_tmp_are_still_there(sandbox: Sandbox, tmp_path: Path) -> None:
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        for name in ("ml", "tmp", "venv"):
            (Path(folder) / name).mkdir()
        program = Path(folder) / "venv" / "program"
        program.write_text("#!/bin/sh\necho found\n")
        program.chmod(0o755)
        view = View(Path(folder) / "ml", Path(folder) / "tmp", programs=[program.parent])
        answer = subprocess.run(sandbox.wrap([str(program)], view), capture_output=True, text=True)
    assert answer.stdout == "found\n", answer.stderr


def test_stopping_reaches_into_the_sandbox(place: Place, sandbox: Sandbox) -> None:
    place.code("import time; time.sleep(60)")
    record = place.run(pipeline(processing("Slow", seconds=1)), mode="sandbox", stop_grace=1)
    assert "was ended after 1 s" in (record.failure_reason or "")
    assert record.seconds < 20


def test_script_mode_and_shell_entrypoints_work(place: Place, sandbox: Sandbox) -> None:
    place.code(
        "set -e\ncd /opt/ml/processing/input/code/\npython3 -c 'import sys; print(sys.prefix)'\n"
        "echo $1 > /opt/ml/processing/output/o/x\n",
        "runproc.sh",
    )
    step = processing("Shell", "runproc.sh", outputs={"o": "s3://out/o"}, arguments=["a b"])
    step["Arguments"]["AppSpecification"]["ContainerEntrypoint"] = [
        "/bin/bash",
        "/opt/ml/processing/input/code/runproc.sh",
    ]
    record = place.run(pipeline(step), mode="sandbox")
    assert record.succeeded, record.failure_reason
    assert place.read("s3://out/o/x") == "a b\n"
    assert place.log(record, "Shell").strip() == sys.prefix


class Unusable(Sandbox):
    program = "no-such-program"

    def wrap(self, command: Any, view: View) -> list[str]:
        return [self.program, *command]


class Broken(Sandbox):
    program = "false"

    def wrap(self, command: Any, view: View) -> list[str]:
        return [self.program]


def test_without_a_sandbox_the_message_says_how_to_mend_it(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.code("")
    monkeypatch.setattr(sandboxes, "SANDBOXES", (Unusable(), Broken()))
    find_sandbox.cache_clear()
    with pytest.raises(LocalRunError) as caught:
        place.run(pipeline(processing("A")), mode="sandbox")
    find_sandbox.cache_clear()
    assert "no-such-program is not installed; false does not work here" in str(caught.value)
    assert "apt-get install bubblewrap" in str(caught.value)
    assert not place.events


TRAIN_SH = """
#!/bin/bash
set -e
trap 'test -s /opt/ml/output/failure || echo "the training script failed" > /opt/ml/output/failure' ERR
cat /opt/ml/input/config/resourceconfig.json
python3 /opt/ml/input/data/sm_drivers/scripts/environment.py
source /opt/ml/input/sm_training.env
cd /opt/ml/input/data/code
pip install -r requirements.txt
python3 /opt/ml/input/data/sm_drivers/driver.py
"""


def driven(place: Place, script: str, **options: Any) -> dict[str, Any]:
    """A job as the SageMaker SDK v3 writes it: a shell script and drivers come through the channel sm_drivers."""
    place.put("drivers/sm_train.sh", TRAIN_SH.lstrip())
    place.put(
        "drivers/scripts/environment.py",
        "open('/opt/ml/input/sm_training.env', 'w').write('export SM_ENTRY_SCRIPT=train.py\\n')",
    )
    place.put(
        "drivers/driver.py",
        "import os, subprocess, sys\n"
        "sys.exit(subprocess.run([sys.executable, os.environ['SM_ENTRY_SCRIPT']]).returncode)",
    )
    place.code(script, "train.py")
    place.put("code/requirements.txt", "torch==2.1.2")
    step = training("Train", channels={"sm_drivers": "s3://drivers"}, **options)
    step["Arguments"]["InputDataConfig"][-1]["DataSource"]["S3DataSource"]["S3Uri"] = "s3://code/"
    step["Arguments"]["AlgorithmSpecification"]["ContainerEntrypoint"] = ["/bin/bash"]
    step["Arguments"]["AlgorithmSpecification"]["ContainerArguments"] = [
        "-c",
        "chmod +x /opt/ml/input/data/sm_drivers/sm_train.sh && /opt/ml/input/data/sm_drivers/sm_train.sh",
    ]
    return pipeline(step)


def test_drivers_that_come_with_the_job_run(place: Place, sandbox: Sandbox) -> None:
    record = place.run(driven(place, "open('/opt/ml/model/model.txt', 'w').write('x')"), mode="sandbox")
    assert record.succeeded, record.failure_reason
    assert place.s3.joinpath(*Path(record.steps["Train"].outputs["model"].removeprefix("s3://")).parts).is_file()
    assert "pip install -r requirements.txt: not run here" in record.steps["Train"].warnings[0]


def test_their_failure_file_is_told(place: Place, sandbox: Sandbox) -> None:
    record = place.run(driven(place, "raise SystemExit(3)"), mode="sandbox")
    assert "--- failure file of algo-1 ---\nthe training script failed" in (record.failure_reason or "")
