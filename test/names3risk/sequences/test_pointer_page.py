"""What the pages on sequences and on searching show is true."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import polars as pl
import pytest
import yaml
from typer.testing import CliRunner

from names3risk.cli.app import app
from names3risk.sequences.baselines import BASELINES
from names3risk.sequences.schema import SequenceSchema
from names3risk.tuning import TuneConfig

DOCS = Path(__file__).parents[3] / "docs"


def run_page(
    name: str, file: str, events: pl.DataFrame, folder: Path, monkeypatch: pytest.MonkeyPatch, **less: object
) -> None:
    """Writes the page's YAML and an invented table, and runs the page's commands in that folder."""
    page = (DOCS / name).read_text(encoding="utf-8")
    (text,) = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    (folder / file).write_text(yaml.safe_dump({**yaml.safe_load(text), **less}))
    events.rename({"who": "household", "what": "product", "when": "bought"}).write_csv(folder / "events.csv")
    monkeypatch.chdir(folder)
    commands = re.findall(r"^    names3risk (.*)$", page, re.M)
    assert commands
    for command in commands:
        done = CliRunner().invoke(app, shlex.split(command))
        assert done.exit_code == 0, (command, done.output)


def test_the_commands_on_the_page_of_the_pointer_run(events, tmp_path, monkeypatch) -> None:
    run_page("pointer.md", "train.yaml", events, tmp_path, monkeypatch)
    assert pl.read_csv(tmp_path / "next.csv").height == 5 * 30
    page = (DOCS / "pointer.md").read_text(encoding="utf-8")
    assert all(f"| {name} |" in page for name in BASELINES)
    assert all(f"| `{name}` |" in page for name in SequenceSchema.model_fields)


def test_the_command_on_the_page_of_the_search_runs(events, tmp_path, monkeypatch) -> None:
    run_page("tuning.md", "tune.yaml", events, tmp_path, monkeypatch, trials=2)
    page = (DOCS / "tuning.md").read_text(encoding="utf-8")
    assert all(f"`{path.name}`" in page for path in (tmp_path / "search").iterdir() if path.is_file())
    assert all(f"`{name}`" in page or f"{name}:" in page for name in TuneConfig.model_fields)
