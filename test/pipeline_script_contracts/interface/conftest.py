"""A small project with a contract, a script and settings, as a user of the tool would have it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline_script_contracts import cache
from pipeline_script_contracts.cli import main

CONTRACT = {
    "type": "training",
    "entry_point": "train.py",
    "expected_input_paths": {"train": "/opt/ml/input/data/train"},
    "expected_output_paths": {"model": "/opt/ml/model"},
    "optional_env_vars": {"LIMIT": "10"},
}
SCRIPT = """\
import os

import pandas as pd

limit = int(os.environ.get("LIMIT", "10"))
frame = pd.read_csv("/opt/ml/input/data/train/rows.csv", nrows=limit)
frame.to_csv("/opt/ml/model/rows.csv")
"""
BROKEN = SCRIPT.replace("data/train/rows", "data/other/rows")
SETTINGS = '[tool.validate_contracts]\ncontracts = ["contracts/*.json"]\nscripts = ["jobs/*"]\n'


@pytest.fixture(autouse=True)
def fresh_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process hashes each file once; in these tests one process plays several runs."""
    for name in ("content_hash", "listing_hash"):
        function = getattr(cache, name)
        monkeypatch.setattr(cache, name, getattr(function, "__wrapped__", function))


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The project, with a script that keeps its contract; the working directory is its folder."""
    (tmp_path / "contracts").mkdir()
    (tmp_path / "jobs" / "fit").mkdir(parents=True)
    (tmp_path / "pyproject.toml").write_text(SETTINGS)
    (tmp_path / "contracts" / "train.json").write_text(json.dumps(CONTRACT))
    (tmp_path / "jobs" / "fit" / "train.py").write_text(SCRIPT)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def script(project: Path) -> Path:
    """The project's script."""
    return project / "jobs" / "fit" / "train.py"


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Runs the command and gives its exit code, standard output and standard error."""

    def command(*arguments: str) -> tuple[int, str, str]:
        code = main(arguments)
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return command
