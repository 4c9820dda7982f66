"""Order, side-by-side steps, timeouts, retries, caching."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from runner_kit import Place, get, pipeline, processing

from pipeline_steps.local import DefinitionError, load_run, resume
from pipeline_steps.local.cache import Cache


def test_independent_steps_run_side_by_side(place: Place, tmp_path: Path) -> None:
    # Each waits for the other's file: one after the other they would never end.
    place.code(
        """
import os, sys, time
from pathlib import Path
folder, mine, other = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
(folder / mine).touch()
while not (folder / other).exists():
    time.sleep(0.01)
"""
    )
    steps = [
        processing(name, arguments=[str(tmp_path), name, other], seconds=20) for name, other in (("A", "B"), ("B", "A"))
    ]
    record = place.run(pipeline(*steps), max_parallel=2, cores=2)
    assert record.succeeded, record.failure_reason


def overlaps(place: Place) -> int:
    running = most = 0
    for event in place.events:
        running += (event.kind == "step_started") - (event.kind == "step_finished")
        most = max(most, running)
    return most


def test_the_budget_bounds_what_runs_at_a_time(place: Place) -> None:
    place.code("import time; time.sleep(0.05)")
    steps = [processing(f"S{index}") for index in range(5)]
    place.run(pipeline(*steps), max_parallel=2, cores=8)
    assert overlaps(place) == 2
    place.events.clear()
    wide = [processing(f"S{index}", instances=2) for index in range(3)]
    assert place.run(pipeline(*wide), max_parallel=8, cores=3).succeeded
    assert overlaps(place) == 1


def test_a_step_waits_for_what_it_depends_on(place: Place) -> None:
    place.code("")
    place.run(pipeline(processing("C", DependsOn=["B"]), processing("B", DependsOn=["A"]), processing("A")))
    assert [event.step for event in place.events if event.kind == "step_started"] == ["A", "B", "C"]


def test_cores_are_shared_among_the_steps_that_are_ready(place: Place) -> None:
    place.code("import os; print('threads', os.environ['OMP_NUM_THREADS'])")
    last = processing("Last", DependsOn=["A", "B"])
    record = place.run(pipeline(processing("A"), processing("B"), last), cores=4, max_parallel=4)
    assert "threads 2" in place.log(record, "A")
    assert "threads 4" in place.log(record, "Last")


def test_a_step_that_takes_too_long_is_ended_with_its_children(place: Place, tmp_path: Path) -> None:
    place.code(
        f"""
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
open({str(tmp_path / "child")!r}, "w").write(str(child.pid))
print("waiting", flush=True)
time.sleep(60)
"""
    )
    began = time.monotonic()
    record = place.run(pipeline(processing("Slow", seconds=1)), stop_grace=1)
    assert time.monotonic() - began < 15
    assert "was ended after 1 s, its StoppingCondition.MaxRuntimeInSeconds" in (record.failure_reason or "")
    assert "waiting" in (record.failure_reason or "")
    pid = int((tmp_path / "child").read_text())
    assert not Path(f"/proc/{pid}").exists() or "Z" in Path(f"/proc/{pid}/stat").read_text().split()[2]


def test_a_step_that_ignores_the_request_to_end_is_killed(place: Place) -> None:
    place.code("import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)")
    record = place.run(pipeline(processing("Stubborn", seconds=1)), stop_grace=0.5)
    assert record.status == "Failed"
    assert record.seconds < 15


def test_a_process_left_in_the_background_does_not_outlive_its_step(place: Place, tmp_path: Path) -> None:
    place.code(
        f"""
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
open({str(tmp_path / "child")!r}, "w").write(str(child.pid))
"""
    )
    record = place.run(pipeline(processing("Fork")))
    assert record.succeeded
    assert record.seconds < 15
    pid = int((tmp_path / "child").read_text())
    assert not Path(f"/proc/{pid}").exists() or "Z" in Path(f"/proc/{pid}/stat").read_text().split()[2]


KILLED_TWICE = """
import os, signal, sys
from pathlib import Path
count = Path(sys.argv[1])
count.write_text(count.read_text() + "x" if count.exists() else "x")
(Path(os.environ["SAGEMAKER_BASE_DIR"]) / "processing/output/o" / count.read_text()).touch()
if len(count.read_text()) < 3:
    os.kill(os.getpid(), signal.SIGKILL)
"""


def policy(**more: Any) -> dict[str, Any]:
    return {"ExceptionType": ["SageMaker.JOB_INTERNAL_ERROR"], "IntervalSeconds": 0.01, "MaxAttempts": 5, **more}


def test_a_killed_step_is_tried_again_by_its_policy(place: Place, tmp_path: Path) -> None:
    place.code(KILLED_TWICE)
    step = processing(
        "Flaky", arguments=[str(tmp_path / "count")], outputs={"o": "s3://out/o"}, RetryPolicies=[policy()]
    )
    record = place.run(pipeline(step))
    assert record.succeeded, record.failure_reason
    assert record.steps["Flaky"].attempts == 3
    assert [path.name for path in (place.s3 / "out" / "o").iterdir()] == ["xxx"]
    assert "was killed by SIGKILL" in next(event.message for event in place.events if event.kind == "step_retry")


@pytest.mark.parametrize(
    "policies",
    [[], [policy(MaxAttempts=1)], [policy(ExceptionType=["Step.THROTTLING"])]],
    ids=["no policy", "too few attempts", "another error"],
)
def test_without_a_policy_that_fits_it_fails(place: Place, tmp_path: Path, policies: list[Any]) -> None:
    place.code(KILLED_TWICE)
    record = place.run(
        pipeline(
            processing(
                "Flaky", arguments=[str(tmp_path / "count")], outputs={"o": "s3://out/o"}, RetryPolicies=policies
            )
        )
    )
    assert record.status == "Failed"
    assert "was killed by SIGKILL" in (record.failure_reason or "")


def test_an_error_of_the_script_is_not_tried_again(place: Place) -> None:
    place.code("raise SystemExit(1)")
    record = place.run(pipeline(processing("Bad", RetryPolicies=[policy()])))
    assert record.status == "Failed"
    assert record.steps["Bad"].attempts == 1


def test_after_a_failure_what_runs_goes_on_and_nothing_else_starts(place: Place, tmp_path: Path) -> None:
    # B ends after A has failed: A's record is the signal that B waits for.
    place.code("raise SystemExit('no good')", "bad.py")
    place.code(
        """
import json, os, sys, time
from pathlib import Path
end = time.monotonic() + 20
while time.monotonic() < end:
    steps = json.loads(Path(sys.argv[1]).read_text())["steps"]
    if any(step["name"] == "A" and step["status"] == "Failed" for step in steps):
        break
    time.sleep(0.01)
Path(os.environ["SAGEMAKER_BASE_DIR"], "processing/output/o/x").touch()
"""
    )
    place.code("", "after.py")
    record_file = str(place.root / "run-1" / "run.json")
    definition = pipeline(
        processing("A", "bad.py"),
        processing("B", arguments=[record_file], outputs={"o": "s3://out/b"}),
        processing("After", "after.py", inputs={"o": "s3://out/b"}, DependsOn=["B"]),
    )
    record = place.run(definition, max_parallel=2, cores=2)
    assert record.status == "Failed"
    assert [step.status for step in record.steps.values()] == ["Failed", "Succeeded", "Pending"]
    assert (place.s3 / "out/b/x").exists()
    place.code("", "bad.py")
    mended = resume(record.run_dir)
    assert mended.succeeded
    assert [step.attempts for step in mended.steps.values()] == [2, 1, 1]


CACHED = {"Enabled": True, "ExpireAfter": "P1D"}


class TestCaching:
    @pytest.fixture
    def counted(self, place: Place, monkeypatch: pytest.MonkeyPatch) -> Place:
        # The packages are digested in test_packages.py; source that is edited while tests run shall not disturb here.
        monkeypatch.setattr(Cache, "packages", "the same")
        place.code(
            """
import os, shutil, sys
base = os.environ["SAGEMAKER_BASE_DIR"] + "/processing"
shutil.copy(base + "/input/data/a.csv", base + "/output/o/a.csv")
"""
        )
        place.put("data/in/a.csv", "1")
        return place

    def run(self, place: Place, cache: dict[str, Any] | None = None, **options: Any) -> str:
        step = processing(
            "Copy",
            inputs={"data": "s3://data/in"},
            outputs={"o": None},
            CacheConfig=CACHED if cache is None else cache,
            **options,
        )
        after = processing(
            "After",
            inputs={"data": get("Steps.Copy.ProcessingOutputConfig.Outputs['o'].S3Output.S3Uri")},
            outputs={"o": None},
        )
        record = place.run(pipeline(step, after), cache_dir=place.root / "cache")
        assert record.succeeded, record.failure_reason
        assert place.read(record.steps["After"].outputs["o"] + "/a.csv") == place.read("s3://data/in/a.csv")
        assert load_run(record.run_dir).steps["Copy"].cached == record.steps["Copy"].cached
        return "cached" if record.steps["Copy"].cached else "run"

    def test_the_same_content_is_not_run_again(self, counted: Place) -> None:
        assert [self.run(counted) for _ in range(3)] == ["run", "cached", "cached"]

    def test_another_place_with_the_same_content_is_the_same(self, counted: Place) -> None:
        self.run(counted)
        (counted.s3 / "data" / "in" / "a.csv").touch()
        assert self.run(counted) == "cached"

    def test_other_input_code_arguments_and_variables_are_run(self, counted: Place) -> None:
        self.run(counted)
        counted.put("data/in/a.csv", "2")
        assert self.run(counted) == "run"
        counted.code((counted.s3 / "code" / "script.py").read_text() + "# changed\n")
        assert self.run(counted) == "run"
        assert self.run(counted, arguments=["--seed", "1"]) == "run"
        assert self.run(counted, environment={"REGION": "EU"}) == "run"
        Cache.packages = "others"  # undone with the fixture
        assert self.run(counted) == "run"
        assert self.run(counted) == "cached"

    def test_a_result_whose_output_has_changed_is_not_used(self, counted: Place) -> None:
        self.run(counted)
        output = next((counted.s3 / "local").rglob("Copy/output/o/a.csv"))
        output.write_text("changed")
        assert self.run(counted) == "run"

    def test_an_old_result_and_a_disabled_cache_are_not_used(self, counted: Place) -> None:
        self.run(counted)
        assert self.run(counted, cache={"Enabled": True, "ExpireAfter": "PT0S"}) == "run"
        assert self.run(counted, cache={"Enabled": False}) == "run"

    def test_a_duration_that_cannot_be_read_is_told(self, counted: Place) -> None:
        step = processing("Copy", inputs={"data": "s3://data/in"}, CacheConfig={"Enabled": True, "ExpireAfter": "soon"})
        with pytest.raises(DefinitionError, match=r"CacheConfig.ExpireAfter is 'soon'"):
            counted.run(pipeline(step))


def test_no_step_is_started_while_memory_is_short(place: Place, tmp_path: Path) -> None:
    large = tmp_path / "large"
    place.code(f"x = b'x' * (150 << 20); import time; open({str(large)!r}, 'w'); time.sleep(0.7)", "large.py")
    place.code(f"import os, time\nwhile not os.path.exists({str(large)!r}): time.sleep(0.01)")
    steps = [processing("Large", "large.py"), processing("Wait"), processing("After", DependsOn=["Wait"])]
    record = place.run(pipeline(*steps), max_parallel=2, cores=2, memory=250 << 20)
    assert record.succeeded, record.failure_reason
    order = [event.step for event in place.events if event.kind == "step_finished"]
    assert order == ["Wait", "Large", "After"]


def test_the_largest_step_fails_when_memory_is_exceeded(place: Place) -> None:
    place.code("x = b'x' * (200 << 20); import time; time.sleep(60)", "large.py")
    place.code("import time; time.sleep(2)")
    steps = [processing("Small"), processing("Large", "large.py")]
    record = place.run(pipeline(*steps), max_parallel=2, cores=2, memory=100 << 20, stop_grace=1)
    assert record.steps["Small"].status == "Succeeded"
    assert record.steps["Large"].status == "Failed"
    assert "the run may use 100 MiB" in (record.failure_reason or "")
    assert record.seconds < 30
