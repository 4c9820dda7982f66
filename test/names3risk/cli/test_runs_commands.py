"""`names3risk runs list|show|logs`."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from names3risk.cli.local_run import parse_size
from names3risk.cli.pipeline import app as pipeline_app
from names3risk.cli.runs import app
from names3risk.errors import Names3RiskError
from pipeline_script_contracts.analysis.facts import Analysis
from pipeline_steps.local import LocalRunError, RunRecord, comparison, run_pipeline
from pipeline_steps.local.locking import hold
from pipeline_steps.local.sandbox import find_sandbox


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


def test_a_record_that_cannot_be_read_hides_no_other_run(run: RunRecord) -> None:
    broken = run.run_dir.parent / "second" / "run.json"
    broken.parent.mkdir()
    broken.write_text("{")
    output = call("list", "--runs-dir", run.run_dir.parent)
    assert f"left out: {broken}: is not a run record" in output
    assert "first" in output


def test_a_run_that_was_killed_is_not_shown_as_executing(run: RunRecord) -> None:
    run.status, run.ended = "Executing", None
    run.save()
    shown = call("show", run.run_dir)
    assert f"Broken off, in {run.run_dir}" in shown
    assert "names3risk pipeline resume" in shown
    with hold(run.run_dir):
        shown = call("show", run.run_dir)
    assert f"Executing, in {run.run_dir}" in shown
    assert "names3risk pipeline resume" not in shown


def test_list_of_an_empty_folder_says_so(tmp_path: Path) -> None:
    assert call("list", "--runs-dir", tmp_path) == f"no runs in {tmp_path}\n"


def test_show_tells_steps_outputs_and_the_failure(run: RunRecord) -> None:
    output = call("show", run.run_dir)
    assert f"output of Good: o is {run.steps['Good'].output_paths['o']}" in output
    assert "warning of Good" not in output
    assert "step 'Bad': ended with exit code 3" in output
    assert "no column label" in output
    assert output.endswith(f"go on with the same code and data: names3risk pipeline resume {run.run_dir}\n")
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
    third = CliRunner().invoke(pipeline_app, ["resume", str(run_dir)])
    assert (third.exit_code, third.output) == (0, f"{run_dir}: has succeeded, nothing is left to do\n")


def test_a_run_that_the_pipeline_itself_has_failed_is_not_to_be_resumed(tmp_path: Path) -> None:
    fail = {"Name": "Stop", "Type": "Fail", "Arguments": {"ErrorMessage": "the AUROC is too low"}}
    holds = {"Type": "LessThan", "LeftValue": 0.7, "RightValue": 0.8}
    check = {
        "Name": "Check",
        "Type": "Condition",
        "Arguments": {"Conditions": [holds], "IfSteps": [fail], "ElseSteps": []},
    }
    (tmp_path / "mine.json").write_text(json.dumps({"Version": "2020-12-01", "Steps": [check]}))
    run_dir = tmp_path / "runs" / "one"
    done = CliRunner().invoke(pipeline_app, ["run", str(tmp_path / "mine.json"), "--run-dir", str(run_dir)])
    assert done.exit_code == 1
    assert "resume" not in done.output
    shown = call("show", run_dir)
    assert "condition of Check: 0.7 LessThan 0.8: True" in shown
    assert "step 'Stop': the AUROC is too low" in shown
    assert "resume" not in shown


def test_ctrl_c_says_how_to_go_on(tmp_path: Path) -> None:
    definition = {"Version": "2020-12-01", "Steps": [step("Wait", "kill -INT $PARENT; sleep 60")]}
    definition["Steps"][0]["Arguments"]["Environment"] = {"PARENT": str(os.getpid())}
    (tmp_path / "mine.json").write_text(json.dumps(definition))
    run_dir = tmp_path / "runs" / "one"
    done = CliRunner().invoke(pipeline_app, ["run", str(tmp_path / "mine.json"), "--run-dir", str(run_dir)])
    assert done.exit_code == 130
    assert f"names3risk pipeline resume {run_dir}" in done.output


def test_a_second_ctrl_c_does_not_wait_for_steps_that_do_not_end(tmp_path: Path) -> None:
    stubborn = "trap 'kill -INT $PARENT' TERM; kill -INT $PARENT; while :; do sleep 1; done"
    definition = {"Version": "2020-12-01", "Steps": [step("Wait", stubborn)]}
    definition["Steps"][0]["Arguments"]["Environment"] = {"PARENT": str(os.getpid())}
    (tmp_path / "mine.json").write_text(json.dumps(definition))
    began = time.monotonic()
    done = CliRunner().invoke(pipeline_app, ["run", str(tmp_path / "mine.json"), "--run-dir", str(tmp_path / "run")])
    assert done.exit_code == 130
    assert time.monotonic() - began < 9.5, "the grace of ten seconds was waited for"


def asking(tmp_path: Path) -> Path:
    """A definition with a Lambda step, an EMR step and a step that is told what the function answered."""
    ask = {
        "Name": "Ask",
        "Type": "Lambda",
        "FunctionArn": "arn:aws:lambda:eu-west-1:123456789012:function:threshold",
        "Arguments": {},
        "OutputParameters": [{"OutputName": "least", "OutputType": "Float"}],
    }
    cluster = {
        "Name": "Cluster",
        "Type": "EMR",
        "Arguments": {"StepConfig": {"HadoopJarStep": {"Jar": "command-runner.jar"}}},
    }
    told = step("Told", 'echo "least is $LEAST on $OMP_NUM_THREADS cores"; test -e "$0"', DependsOn=["Cluster"])
    told["Arguments"]["AppSpecification"]["ContainerArguments"] = [str(tmp_path / "go")]
    told["Arguments"]["Environment"] = {
        "LEAST": {"Std:Join": {"On": "", "Values": [{"Get": "Steps.Ask.OutputParameters['least']"}]}}
    }
    path = tmp_path / "asking.json"
    path.write_text(json.dumps({"Version": "2020-12-01", "Steps": [ask, cluster, told]}))
    return path


def test_functions_stand_for_what_aws_would_call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "my_functions.py").write_text("def threshold(event): return {'least': 0.5}\ndef work(event): ...\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.path", [*sys.path])
    run_dir = tmp_path / "runs" / "one"
    words = ["run", str(asking(tmp_path)), "--run-dir", str(run_dir), "--cores", "1", "--max-parallel", "1"]
    without = CliRunner().invoke(pipeline_app, words)
    assert "no callable 'threshold' was given" in str(without.exception)
    functions = ["--callable", "threshold=my_functions:threshold", "--callable", "Cluster=my_functions:work"]
    first = CliRunner().invoke(pipeline_app, [*words, *functions, "--memory", "64GiB"])
    assert first.exit_code == 1, first.output
    assert json.loads((run_dir / "run.json").read_text())["request"]["memory"] == 64 * 2**30
    (tmp_path / "go").touch()
    second = CliRunner().invoke(pipeline_app, ["resume", str(run_dir)])
    assert second.exit_code == 0, second.output
    assert call("logs", run_dir, "Told") == "least is 0.5 on 1 cores\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--callable", "threshold"], "'threshold' names no function; expected NAME=module:function"),
        (["--callable", "threshold=module"], "expected NAME=module:function"),
        (["--memory", "much"], "'much' is no amount of memory"),
        (["--memory", "0"], "'0' is no amount of memory"),
    ],
)
def test_an_option_that_cannot_be_read_is_told(tmp_path: Path, words: list[str], said: str) -> None:
    done = CliRunner().invoke(pipeline_app, ["run", str(asking(tmp_path)), *words])
    assert isinstance(done.exception, Names3RiskError)
    assert said in str(done.exception)


@pytest.mark.parametrize(("text", "size"), [("8GiB", 2**33), ("512M", 2**29), ("1.5 gb", 3 * 2**29), ("4096", 4096)])
def test_amounts_of_memory(text: str, size: int) -> None:
    assert parse_size(text) == size


@pytest.fixture
def in_sandbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A run in sandbox mode of a script of which nothing was proved but that nothing else happens in it."""
    try:
        find_sandbox()
    except LocalRunError as error:
        pytest.skip(str(error))
    monkeypatch.setattr(comparison, "_analyse", lambda script: Analysis(script))
    code = tmp_path / "runs" / "s3" / "code" / "script.py"
    code.parent.mkdir(parents=True)
    code.write_text("open('/opt/ml/processing/output/o/x', 'w').close()")
    definition = {"Version": "2020-12-01", "Steps": [step("Write", "")]}
    arguments = definition["Steps"][0]["Arguments"]
    arguments["AppSpecification"]["ContainerEntrypoint"] = ["python3", "/opt/ml/processing/input/code/script.py"]
    arguments["ProcessingInputs"] = [
        {"InputName": "code", "S3Input": {"S3Uri": "s3://code/", "LocalPath": "/opt/ml/processing/input/code"}}
    ]
    (tmp_path / "mine.json").write_text(json.dumps(definition))
    return ["run", str(tmp_path / "mine.json"), "--run-dir", str(tmp_path / "runs" / "one"), "--mode", "sandbox"]


def test_a_run_that_breaks_its_contract_fails_and_says_so(in_sandbox: list[str], tmp_path: Path) -> None:
    done = CliRunner().invoke(pipeline_app, in_sandbox)
    assert done.exit_code == 1
    assert "Failed in" in done.output
    said = "contract check: step 'Write': TR102 the script writes /opt/ml/processing/output/o/x"
    assert said in done.output
    shown = call("show", tmp_path / "runs" / "one")
    assert "Failed, " in shown
    assert "finding of Write: TR102 VIOLATED" in shown
    assert "contract check: the steps did not keep to what the static analysis says of their scripts" in shown
    assert said in shown
    assert CliRunner().invoke(pipeline_app, ["resume", str(tmp_path / "runs/one")]).exit_code == 1
    accepted = CliRunner().invoke(pipeline_app, ["resume", str(tmp_path / "runs/one"), "--no-contract-check"])
    assert accepted.exit_code == 0, accepted.output


def test_a_run_may_leave_the_contract_check_out(in_sandbox: list[str]) -> None:
    done = CliRunner().invoke(pipeline_app, [*in_sandbox, "--no-contract-check"])
    assert done.exit_code == 0, done.output
    assert "Succeeded in" in done.output


def test_what_is_not_there_is_told(run: RunRecord, tmp_path: Path) -> None:
    with pytest.raises(Names3RiskError, match="has no step 'None'; expected one of Good, Bad"):
        call("logs", run.run_dir, "None")
    with pytest.raises(Names3RiskError, match="is not the folder of a run"):
        call("show", tmp_path)
