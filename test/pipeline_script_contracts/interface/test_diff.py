"""Which changes of contracts break those who rely on them."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pipeline_script_contracts.cli import main
from pipeline_script_contracts.diff import compare

BASE: dict[str, Any] = {
    "type": "TrainingScriptContract",
    "entry_point": "train.py",
    "expected_input_paths": {"train": "/opt/ml/input/data/train"},
    "expected_output_paths": {"model": "/opt/ml/model"},
    "expected_arguments": {"epochs": "3", "name": None},
    "required_env_vars": ["MODE"],
    "optional_env_vars": {"LIMIT": "10"},
    "hyperparameters": None,
    "framework_requirements": {"torch": "==2.1"},
    "framework_provided": [],
}


def changed(**fields: Any) -> list[tuple[str, str]]:
    return [(each.impact.value, each.message) for each in compare({"C": BASE}, {"C": {**BASE, **fields}})]


@pytest.mark.parametrize(
    ("fields", "impact", "message"),
    [
        ({"type": "ScriptContract"}, "breaking", "type changed from TrainingScriptContract to ScriptContract"),
        ({"entry_point": "fit.py"}, "breaking", "entry_point changed from train.py to fit.py"),
        ({"expected_input_paths": {}}, "breaking", "input train is gone; what is wired to it fails"),
        (
            {"expected_input_paths": {"train": "/opt/ml/input/data/training"}},
            "breaking",
            "input train moved from /opt/ml/input/data/train to /opt/ml/input/data/training",
        ),
        (
            {"expected_input_paths": {**BASE["expected_input_paths"], "val": "/opt/ml/input/data/val"}},
            "breaking",
            "input val is new; every step must supply it",
        ),
        (
            {
                "expected_input_paths": {**BASE["expected_input_paths"], "val": "/opt/ml/input/data/val"},
                "framework_provided": ["val"],
            },
            "compatible",
            "input val is new",
        ),
        ({"expected_output_paths": {}}, "breaking", "output model is gone; what is wired to it fails"),
        (
            {"expected_output_paths": {**BASE["expected_output_paths"], "data": "/opt/ml/output/data"}},
            "compatible",
            "output data is new",
        ),
        ({"expected_arguments": {"epochs": "3"}}, "breaking", "argument --name is gone; passing it fails"),
        (
            {"expected_arguments": {**BASE["expected_arguments"], "lr": "0.1"}},
            "compatible",
            "argument --lr is new",
        ),
        (
            {"expected_arguments": {**BASE["expected_arguments"], "lr": None}},
            "breaking",
            "argument --lr is new and required",
        ),
        (
            {"expected_arguments": {"epochs": "5", "name": None}},
            "behaviour",
            "argument --epochs: the default changed from '3' to '5'",
        ),
        (
            {"expected_arguments": {"epochs": None, "name": None}},
            "breaking",
            "argument --epochs is now required; its default was '3'",
        ),
        (
            {"expected_arguments": {"epochs": "3", "name": "x"}},
            "compatible",
            "argument --name is no longer required; its default is 'x'",
        ),
        ({"required_env_vars": ["MODE", "KEY"]}, "breaking", "variable KEY is new and required"),
        ({"required_env_vars": []}, "behaviour", "variable MODE is gone; setting it has no effect"),
        ({"optional_env_vars": {"LIMIT": "10", "A": ""}}, "compatible", "variable A is new"),
        ({"optional_env_vars": {"LIMIT": "10", "A": None}}, "compatible", "variable A is new"),
        ({"optional_env_vars": {"LIMIT": "20"}}, "behaviour", "variable LIMIT: the default changed from '10' to '20'"),
        ({"hyperparameters": "a.B"}, "behaviour", "hyperparameters changed from None to a.B"),
        ({"framework_requirements": {"torch": "==2.2"}}, "behaviour", "requirement torch: ==2.1 became ==2.2"),
    ],
)
def test_one_change(fields: dict[str, Any], impact: str, message: str) -> None:
    assert changed(**fields) == [(impact, message)]


def test_contracts_that_come_and_go_with_the_breaking_ones_first() -> None:
    changes = compare({"OLD": BASE, "SAME": BASE}, {"NEW": BASE, "SAME": dict(BASE)})
    assert [(each.contract, each.impact.value) for each in changes] == [("OLD", "breaking"), ("NEW", "compatible")]


MODULE = """
from pipeline_script_contracts import TrainingScriptContract
TRAIN = TrainingScriptContract(entry_point="train.py", expected_output_paths={"model": "/opt/ml/model"})
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository whose contracts live in a module and in a JSON file, one commit old."""
    (tmp_path / "pyproject.toml").write_text(
        '[tool.validate_contracts]\ncontracts = ["c2_contracts", "c2_contracts:TRAIN", "*.json"]\n'
    )
    (tmp_path / "c2_contracts.py").write_text(MODULE)
    (tmp_path / "serve.json").write_text(json.dumps({"type": "inference", "entry_point": "serve.py"}))
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
    for arguments in (["init", "-q"], ["add", "."], [*identity, "commit", "-q", "-m", "first"]):
        subprocess.run(["git", *arguments], cwd=tmp_path, check=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_nothing_changed(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diff", "HEAD"]) == 0
    assert capsys.readouterr().out == "0 changes since HEAD, 0 breaking\n"


def test_changes_since_a_revision_and_the_exit_code(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    module = (project / "c2_contracts.py").read_text()
    (project / "c2_contracts.py").write_text(module.replace("/opt/ml/model", "/opt/ml/model/net"))
    (project / "serve.json").unlink()
    (project / "score.json").write_text(json.dumps({"type": "inference", "entry_point": "score.py"}))
    assert main(["diff", "HEAD"]) == 1
    assert capsys.readouterr().out.splitlines() == [
        "TRAIN: breaking: output model moved from /opt/ml/model to /opt/ml/model/net",
        "serve.json:serve.py: breaking: the contract is gone",
        "score.json:score.py: compatible: the contract is new",
        "3 changes since HEAD, 2 breaking",
    ]
    assert main(["diff", "HEAD", "--output-format", "json"]) == 1
    document = json.loads(capsys.readouterr().out)
    assert document["changes"][0] == {
        "contract": "TRAIN",
        "impact": "breaking",
        "field": "expected_output_paths",
        "subject": "model",
        "message": "output model moved from /opt/ml/model to /opt/ml/model/net",
    }
    assert "c2_contracts" not in sys.modules, "contracts of another revision must not stay in this process"


def test_a_module_that_did_not_exist_yet(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "pyproject.toml").write_text('[tool.validate_contracts]\ncontracts = ["c2_later"]\n')
    (project / "c2_later.py").write_text(MODULE.replace("TRAIN =", "LATER ="))
    assert main(["diff", "HEAD"]) == 0
    assert "LATER: compatible: the contract is new" in capsys.readouterr().out


@pytest.mark.parametrize("revision", ["no-such-revision", "--output=x", "HEAD:serve.json"])
def test_a_revision_that_git_does_not_know(project: Path, capsys: pytest.CaptureFixture[str], revision: str) -> None:
    assert main(["diff", revision]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_without_git_it_says_so(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(project / "nothing"))
    assert main(["diff", "HEAD"]) == 2
    assert "git is not installed; diff compares with a git revision" in capsys.readouterr().err


def test_a_contract_module_that_fails(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "c2_contracts.py").write_text("raise RuntimeError('broken')\n")
    assert main(["diff", "HEAD"]) == 2
    assert "cannot read the contracts: RuntimeError: broken" in capsys.readouterr().err


def test_no_repository_and_no_contracts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["diff", "HEAD"]) == 2
    assert "no contracts to compare" in capsys.readouterr().err
    (tmp_path / "pyproject.toml").write_text('[tool.validate_contracts]\ncontracts = ["*.json"]\n')
    assert main(["diff", "HEAD"]) == 2
    assert "not a git repository" in capsys.readouterr().err
