"""The trace of a step against the static analysis of its script."""

from __future__ import annotations

import pytest

from pipeline_script_contracts.analysis.facts import Analysis, Argument, EnvRead, PathUse, Place, Unresolved
from pipeline_script_contracts.analysis.patterns import Hole, Pattern
from pipeline_steps.local import RunRecord, StepRecord
from pipeline_steps.local.comparison import compare, outside_findings
from pipeline_steps.local.trace import Trace

PLACE = Place("script.py")


@pytest.fixture
def analysis(tmp_path) -> Analysis:
    return Analysis(
        tmp_path / "script.py",
        paths=[
            PathUse("read", Pattern.of("/opt/ml/input/data/", Hole(), "/part.csv"), "open", PLACE),
            PathUse("read", Pattern.of("/opt/ml/input/config/hyperparameters.json"), "open", PLACE),
            PathUse("write", Pattern.of("/opt/ml/model/model.pth"), "torch.save", PLACE),
            PathUse("delegate", Pattern.of("/opt/ml/checkpoints"), "Trainer", PLACE),
        ],
        env=[EnvRead("REGION", PLACE)],
        arguments=[Argument("job_type", PLACE, options=("--job_type",), dest="job_type")],
    )


def codes(trace: Trace, analysis: Analysis) -> list[tuple[str, str, str]]:
    return [(item["code"], item["subject"], item["verdict"]) for item in compare(trace, analysis)]


def test_what_the_analysis_knows_is_no_finding(analysis: Analysis) -> None:
    trace = Trace(
        read=[
            "/opt/ml/input/data/train/part.csv",
            "/opt/ml/input/data/code/script.py",
            "/opt/ml/checkpoints/last.ckpt",
        ],
        written=["/opt/ml/model/model.pth", "/opt/ml/checkpoints/deep/last.ckpt"],
        variables=["REGION"],
        arguments=["--job_type"],
    )
    assert codes(trace, analysis) == []


def test_what_it_does_not_know_is_a_violation(analysis: Analysis) -> None:
    trace = Trace(
        read=["/opt/ml/input/config/resourceconfig.json"],
        written=["/opt/ml/model/extra.bin"],
        variables=["SECRET"],
        arguments=["--seed"],
    )
    assert codes(trace, analysis) == [
        ("TR101", "/opt/ml/input/config/resourceconfig.json", "VIOLATED"),
        ("TR102", "/opt/ml/model/extra.bin", "VIOLATED"),
        ("TR201", "SECRET", "VIOLATED"),
        ("TR301", "--seed", "VIOLATED"),
    ]


def test_where_the_analysis_could_not_follow_it_is_unresolved(analysis: Analysis) -> None:
    analysis.unresolved.append(Unresolved("write", "mystery", "native code", PLACE))
    analysis.env.append(EnvRead("", PLACE))
    analysis.arguments_open = "parse_known_args"
    trace = Trace(
        read=["/opt/ml/other"], written=["/opt/ml/model/extra.bin"], variables=["SECRET"], arguments=["--seed"]
    )
    assert [verdict for _, _, verdict in codes(trace, analysis)] == ["VIOLATED", *["UNRESOLVED"] * 3]
    analysis.exhausted = True
    assert codes(trace, analysis)[0] == ("TR101", "/opt/ml/other", "UNRESOLVED")


def test_writing_outside_needs_no_analysis() -> None:
    findings = outside_findings(Trace(outside=["/var/log/mine"]))
    assert [(item["code"], item["subject"]) for item in findings] == [("TR103", "/var/log/mine")]


@pytest.mark.parametrize(
    ("verdicts", "answer"), [(None, None), ([], True), (["UNRESOLVED"], True), (["UNRESOLVED", "VIOLATED"], False)]
)
def test_a_run_keeps_to_the_analysis_when_nothing_is_violated(tmp_path, verdicts, answer) -> None:
    step = StepRecord("A", "Processing")
    if verdicts is not None:
        step.trace, step.findings = {}, [{"code": "TR101", "verdict": each, "message": "reads"} for each in verdicts]
    record = RunRecord("id", "pipeline", tmp_path, "Succeeded", "2026-01-01", steps={"A": step})
    assert record.contract_check is answer
