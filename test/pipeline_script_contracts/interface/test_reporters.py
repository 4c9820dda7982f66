"""Findings as text: each format says the same, in its own way."""

import json
from pathlib import Path

import pytest
from pydantic_sarif.model import StaticAnalysisResultsFormatSarifVersion210JsonSchema as SarifLog

from pipeline_script_contracts.findings import ChainStep, Finding, Location, Verdict
from pipeline_script_contracts.reporters import FORMATS, Report, render

SOURCE = 'import pandas as pd\nBASE = "/opt/ml"\nframe = pd.read_csv(BASE + "/other/a.csv")\n'


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "jobs" / "my train.py"
    path.parent.mkdir()
    path.write_text(SOURCE, encoding="utf-8")
    return path


@pytest.fixture
def violated(script: Path) -> Finding:
    step = ChainStep("BASE", str(script), Location(2, 1))
    return Finding(
        code="SC103",
        verdict=Verdict.VIOLATED,
        clause="input",
        subject="/opt/ml/other/a.csv",
        message="reads /opt/ml/other/a.csv, which no input declares",
        filename=str(script),
        location=Location(3, 9),
        end_location=Location(3, 42),
        chain=(step, ChainStep("pandas.read_csv", str(script), Location(3, 9))),
        help="declare it in expected_input_paths",
    )


@pytest.fixture
def report(violated: Finding, tmp_path: Path) -> Report:
    place = {"filename": violated.filename, "location": Location(2, 1), "end_location": Location(2, 5)}
    unresolved = Finding(
        "SC901", Verdict.UNRESOLVED, "analysis", "open", "open(?) could\nnot be followed: 100%", **place
    )
    proven = Finding("SC101", Verdict.PROVEN, "input", "train", "read here", **place)
    scripts = [{"script": violated.filename, "contract": "C", "kind": "TrainingScriptContract", "coverage": 0.5}]
    return Report((violated, unresolved, proven, violated), root=tmp_path, scripts=scripts)


def test_concise_gives_one_line_a_finding_and_a_summary(report: Report) -> None:
    assert render(report).splitlines() == [
        "jobs/my train.py:2:1: SC901 open(?) could not be followed: 100% [unresolved]",
        "jobs/my train.py:3:9: SC103 reads /opt/ml/other/a.csv, which no input declares",
        "1 script: 1 proven, 1 violated, 1 unresolved; I/O coverage 50.0%",
    ]


def test_full_shows_the_line_with_a_caret_the_chain_and_the_help(report: Report) -> None:
    assert render(report, "full").split("\n\n")[1].splitlines() == [
        "error[SC103]: reads /opt/ml/other/a.csv, which no input declares",
        " --> jobs/my train.py:3:9",
        "  |",
        '3 | frame = pd.read_csv(BASE + "/other/a.csv")',
        "  |         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^",
        "  = chain: BASE (2) -> pandas.read_csv (3)",
        "  = help: declare it in expected_input_paths",
    ]


def test_full_copes_with_a_source_that_is_gone(violated: Finding) -> None:
    Path(violated.filename).unlink()
    text = render([violated], "full")
    assert "error[SC103]" in text
    assert "^" not in text


def test_full_keeps_tabs_under_the_caret(script: Path, violated: Finding) -> None:
    script.write_text("if True:\n\tx = 1\n\tframe = 2\n", encoding="utf-8")
    moved = Finding(**{**vars(violated), "location": Location(3, 2), "end_location": Location(4, 1)})
    assert "  | \t^^^^^^^^^" in render([moved], "full").splitlines()


def test_json_lists_every_finding_with_all_its_fields(report: Report) -> None:
    document = json.loads(render(report, "json"))
    first = document["findings"][0]
    assert first == {
        "code": "SC103",
        "verdict": "VIOLATED",
        "clause": "input",
        "subject": "/opt/ml/other/a.csv",
        "message": "reads /opt/ml/other/a.csv, which no input declares",
        "filename": "jobs/my train.py",
        "location": {"row": 3, "column": 9},
        "end_location": {"row": 3, "column": 42},
        "chain": [
            {"text": "BASE", "filename": "jobs/my train.py", "location": {"row": 2, "column": 1}},
            {"text": "pandas.read_csv", "filename": "jobs/my train.py", "location": {"row": 3, "column": 9}},
        ],
        "help": "declare it in expected_input_paths",
    }
    assert [each["verdict"] for each in document["findings"]].count("PROVEN") == 1
    assert document["summary"] == {"proven": 1, "violated": 1, "unresolved": 1}
    assert document["scripts"][0]["script"] == "jobs/my train.py"


def test_github_escapes_what_would_break_a_command(report: Report) -> None:
    lines = render(report, "github").splitlines()
    assert lines == [
        "::warning title=validate_contracts (SC901),file=jobs/my train.py,line=2,col=1,endLine=2,endColumn=5"
        "::SC901 open(?) could%0Anot be followed: 100%25",
        "::error title=validate_contracts (SC103),file=jobs/my train.py,line=3,col=9,endLine=3,endColumn=42"
        "::SC103 reads /opt/ml/other/a.csv, which no input declares",
    ]


def test_sarif_is_valid_and_names_files_relatively(report: Report) -> None:
    text = render(report, "sarif")
    SarifLog.model_validate_json(text)
    run = json.loads(text)["runs"][0]
    unresolved, violated = run["results"]
    assert (violated["kind"], violated["level"]) == ("fail", "error")
    assert (unresolved["kind"], unresolved["level"]) == ("open", "none")
    location = violated["locations"][0]["physicalLocation"]
    assert location["artifactLocation"] == {"uri": "jobs/my%20train.py", "uriBaseId": "SRCROOT"}
    assert location["region"] == {"startLine": 3, "startColumn": 9, "endLine": 3, "endColumn": 42}
    assert run["tool"]["driver"]["rules"][violated["ruleIndex"]]["id"] == "SC103"
    steps = violated["codeFlows"][0]["threadFlows"][0]["locations"]
    assert [step["location"]["message"]["text"] for step in steps] == ["BASE", "pandas.read_csv"]


def test_sarif_fingerprints_outlive_a_moved_line_and_tell_twins_apart(violated: Finding, tmp_path: Path) -> None:
    moved = Finding(**{**vars(violated), "location": Location(9, 1), "end_location": Location(9, 5)})

    def fingerprints(*findings: Finding) -> list[str]:
        results = json.loads(render(Report(findings, root=tmp_path), "sarif"))["runs"][0]["results"]
        return [each["partialFingerprints"]["contractFinding/v1"] for each in results]

    assert fingerprints(violated) == fingerprints(moved)
    assert len(set(fingerprints(violated, moved))) == 2


@pytest.mark.parametrize("output_format", ["json", "sarif"])
def test_documents_stay_valid_when_the_run_failed(output_format: str) -> None:
    report = Report(error={"kind": "internal", "message": 'broke: "x"'})
    document = json.loads(render(report, output_format))
    assert 'broke: \\"x\\"' in json.dumps(document)
    if output_format == "sarif":
        SarifLog.model_validate(document)
        assert document["runs"][0]["invocations"][0]["executionSuccessful"] is False


def test_strict_makes_the_unresolved_an_error(report: Report) -> None:
    strict = Report(report.findings, root=report.root, strict=True)
    assert "::warning" not in render(strict, "github")
    assert {each["level"] for each in json.loads(render(strict, "sarif"))["runs"][0]["results"]} == {"error"}


def test_findings_of_another_tool_are_rendered_too(tmp_path: Path) -> None:
    finding = Finding("PL001", Verdict.VIOLATED, "step", "train", "no such step", str(tmp_path / "pipeline.yaml"))
    for name in FORMATS:
        assert "PL001" in render([finding], name)


def test_a_summary_without_scripts_counts_the_clauses(violated: Finding, tmp_path: Path) -> None:
    assert Report((violated,), root=tmp_path).summary() == "0 proven, 1 violated, 0 unresolved"


def test_an_unknown_format_is_refused() -> None:
    with pytest.raises(ValueError, match="expected one of concise, full"):
        render([], "xml")


@pytest.mark.parametrize("output_format", ["concise", "full", "github"])
def test_nothing_found_prints_nothing(output_format: str) -> None:
    assert render([], output_format) == ""


def test_a_rule_that_only_warns_is_marked_in_every_format(violated: Finding, tmp_path: Path) -> None:
    report = Report((violated,), root=tmp_path, warnings=["SC103"])
    assert render(report).endswith("which no input declares [warning]\n")
    assert render(report, "full").startswith("warning[SC103]: ")
    assert render(report, "github").startswith("::warning ")
    result = json.loads(render(report, "sarif"))["runs"][0]["results"][0]
    assert (result["kind"], result["level"]) == ("fail", "warning")


def test_a_finding_that_two_scripts_share_is_shown_once(violated: Finding, tmp_path: Path) -> None:
    other_way = Finding(**{**vars(violated), "chain": ()})
    report = Report((violated, other_way), root=tmp_path)
    assert render(report).count("SC103") == 1
    assert report.count(Verdict.VIOLATED) == 1
