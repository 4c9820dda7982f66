"""The Python interface: validators, results and reports."""

from pathlib import Path
from typing import Any

import pytest

from pipeline_script_contracts import ScriptContractValidator, TrainingScriptContract, Verdict
from pipeline_script_contracts.analysis import Analysis, analyse
from pipeline_script_contracts.validator import default_source_roots

SCRIPT = """\
import os
import pandas as pd

prefix = "/opt/ml/"
input_path = os.path.join(prefix, "input/data")
train_path = os.path.join(input_path, "train")
frame = pd.read_parquet(train_path)
frame.to_parquet("/opt/ml/model/rows.parquet")
"""
CONTRACT = TrainingScriptContract(
    entry_point="train.py",
    expected_input_paths={"train_data": "/opt/ml/input/data/train"},
    expected_output_paths={"model_output": "/opt/ml/model"},
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "train.py").write_text(SCRIPT, encoding="utf-8")
    return tmp_path


def test_joined_prefixes_are_proven_at_the_line_of_the_read(folder: Path) -> None:
    result = CONTRACT.validate_implementation(folder / "train.py")
    assert result.is_valid
    assert result.errors == result.warnings == []
    read = next(finding for finding in result.findings if finding.clause == "input")
    assert (read.verdict, read.location.line) == (Verdict.PROVEN, 7)
    steps = [step.text for step in read.chain]
    assert steps == ["prefix", "os.path.join", "input_path", "os.path.join", "train_path", "pandas.read_parquet"]
    first = read.to_dict()["chain"][0]
    assert first == {"text": "prefix", "filename": str(folder / "train.py"), "location": {"row": 4, "column": 1}}


def test_the_report_says_it_in_one_line(folder: Path) -> None:
    report = ScriptContractValidator(folder, [CONTRACT]).validate_script("train.py")
    assert report.is_compliant
    assert report.summary == "train.py vs TrainingScriptContract: ✅ COMPLIANT"
    assert report.errors == report.warnings == []
    assert len(report.findings) == 2


def test_a_broken_contract_is_told_with_its_place(folder: Path) -> None:
    (folder / "train.py").write_text(SCRIPT.replace("model/", "models/"), encoding="utf-8")
    report = ScriptContractValidator(folder, [CONTRACT]).validate_script("train.py")
    assert not report.is_compliant
    first, *errors = report.summary.splitlines()
    assert first == "train.py vs TrainingScriptContract: ❌ NON-COMPLIANT"
    assert any("train.py:8:1: SC104" in error for error in errors)


def test_what_scripts_share_is_followed_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "src").mkdir()
    shared = "ROWS = [name + 'x' for name in ('a', 'b', 'c')]\n" * 40
    (folder / "src" / "shared.py").write_text(shared, encoding="utf-8")
    for name in ("train.py", "again.py"):
        (folder / name).write_text(f"import shared\n{SCRIPT}", encoding="utf-8")
    steps = []

    def counted(*args: Any, **options: Any) -> Analysis:
        analysis = analyse(*args, **options)
        steps.append(analysis.steps)
        return analysis

    monkeypatch.setattr("pipeline_script_contracts.analysis.analyse", counted)
    validator = ScriptContractValidator(folder, [CONTRACT], source_roots=[folder / "src"])
    assert validator.validate_script("train.py").is_compliant
    assert validator.validate_script("again.py", CONTRACT).is_compliant
    assert steps[1] < steps[0] / 2


def test_wrong_names_are_told(folder: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"no script .*other\.py"):
        ScriptContractValidator(folder).validate_script("other.py")
    with pytest.raises(LookupError, match="no contract has the entry point"):
        ScriptContractValidator(folder, []).validate_script("train.py")
    with pytest.raises(LookupError, match="2 contracts have the entry point"):
        ScriptContractValidator(folder, [CONTRACT, CONTRACT.model_copy()]).validate_script("train.py")
    with pytest.raises(FileNotFoundError, match="no script"):
        CONTRACT.validate_implementation(folder / "other.py")


def test_source_roots_are_the_src_folders_up_to_the_project(tmp_path: Path) -> None:
    script = tmp_path / "project" / "dockers" / "image" / "train.py"
    for each in (script.parent, tmp_path / "src", tmp_path / "project" / "src"):
        each.mkdir(parents=True, exist_ok=True)
    (tmp_path / "project" / "pyproject.toml").touch()
    assert default_source_roots(script) == [tmp_path / "project" / "src"]
