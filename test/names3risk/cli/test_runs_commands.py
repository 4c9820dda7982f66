"""`names3risk runs list|show|logs`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from names3risk.cli.pipeline import app as pipeline_app
from names3risk.cli.runs import app
from names3risk.errors import Names3RiskError
from pipeline_steps.local import RunRecord, run_pipeline
from pipeline_steps.local.locking import hold


def step(name: str, script: str, **body: Any) -> dict[str, Any]:
    return {
        "Name": name,
        "Type": "Processing",
        "Arguments": {
            "AppSpecification": {"ImageUri": "image", "ContainerEntrypoint": ["/bin/sh", "-c", script]},
            "ProcessingOutputConfig": {
                "Outputs": [{"OutputName": "o", "S3Output": {"LocalPath": "/opt/ml/processing/output/o"}}]
            },
        },
        **body,
    }


@pytest.fixture
def run(tmp_path: Path) -> RunRecord:
    good = step("Good", 'echo hello > "$SAGEMAKER_BASE_DIR/processing/output/o/x"; echo done')
    bad = step("Bad", "echo no column label; exit 3", DependsOn=["Good"])
    definition = {"Version": "2020-12-01", "Steps": [good, bad]}
    return run_pipeline(definition, run_dir=tmp_path / "runs" / "first", s3_root=tmp_path / "runs" / "s3")


def call(*arguments: object) -> str:
    result = CliRunner().invoke(app, [str(item) for item in arguments], catch_exceptions=False)
    assert result.exit_code == 0
    return result.output


def test_list_shows_the_runs_in_a_folder(run: RunRecord) -> None:
    output = call("list", "--runs-dir", run.run_dir.parent)
    assert "first" in output
    assert "Failed" in output
    rows = json.loads(call("list", "--runs-dir", run.run_dir.parent, "--json"))
    assert rows[0]["run_dir"] == str(run.run_dir)
    assert rows[0]["status"] == "Failed"


def test_a_run_that_was_killed_is_not_shown_as_executing(run: RunRecord) -> None:
    run.status = "Executing"
    run.save()
    assert "Broken off" in call("show", run.run_dir)
    with hold(run.run_dir):
        assert "Executing" in call("show", run.run_dir)


def test_list_of_an_empty_folder_says_so(tmp_path: Path) -> None:
    assert call("list", "--runs-dir", tmp_path) == f"no runs in {tmp_path}\n"


def test_show_tells_steps_outputs_and_the_failure(run: RunRecord) -> None:
    output = call("show", run.run_dir)
    assert f"output of Good: o is {run.steps['Good'].output_paths['o']}" in output
    assert "warning of Good" not in output
    assert "step 'Bad' ended with exit code 3" in output
    assert "no column label" in output
    assert json.loads(call("show", run.run_dir, "--json"))["run_id"] == run.run_id


def test_logs_are_printed_of_one_step_or_of_all(run: RunRecord) -> None:
    assert call("logs", run.run_dir, "Good") == "done\n"
    assert call("logs", run.run_dir) == "==> Good <==\ndone\n==> Bad <==\nno column label\n"


def test_a_definition_of_any_tool_runs_and_goes_on(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.csv").write_text("1\n")
    (tmp_path / "ok").mkdir()
    count = step("Count", f'cat "$SAGEMAKER_BASE_DIR"/processing/input/data/a.csv && test -e {tmp_path / "ok" / "go"}')
    count["Arguments"]["ProcessingInputs"] = [
        {
            "InputName": "data",
            "S3Input": {"S3Uri": {"Get": "Parameters.Data"}, "LocalPath": "/opt/ml/processing/input/data"},
        }
    ]
    definition = {"Version": "2020-12-01", "Parameters": [{"Name": "Data", "Type": "String"}], "Steps": [count]}
    (tmp_path / "mine.json").write_text(json.dumps(definition))
    run_dir = tmp_path / "runs" / "one"
    words = ["run", str(tmp_path / "mine.json"), "--run-dir", str(run_dir), "-p", f"Data=file:{tmp_path / 'data'}"]
    first = CliRunner().invoke(pipeline_app, words)
    assert first.exit_code == 1
    assert "Count: failed" in first.output
    (tmp_path / "ok" / "go").touch()
    second = CliRunner().invoke(pipeline_app, ["resume", str(run_dir)])
    assert second.exit_code == 0, second.output
    assert "Succeeded" in second.output
    assert call("logs", run_dir) == "==> Count <==\n1\n"


def test_what_is_not_there_is_told(run: RunRecord, tmp_path: Path) -> None:
    with pytest.raises(Names3RiskError, match="has no step 'None'; expected one of Good, Bad"):
        call("logs", run.run_dir, "None")
    with pytest.raises(Names3RiskError, match="is not the folder of a run"):
        call("show", tmp_path)
