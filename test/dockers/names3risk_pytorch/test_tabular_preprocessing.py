"""The preprocessing script as a container runs it: what it makes of good input, and what it says about bad input."""

from __future__ import annotations

import json
import os
import runpy
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pytest

from names3risk.data.reading import write_table
from names3risk.data.splits import load_split

SCRIPT = Path(__file__).parents[3] / "dockers" / "names3risk_pytorch" / "tabular_preprocessing.py"

SCHEMA = {
    "id_name": "id",
    "time_name": "sold",
    "marketplace_name": "country",
    "region_name": "region",
    "label": {"column": "status", "classes": [["N"], ["F", "I"]], "other": "error"},
    "text_source_fields": ["name"],
    "tab_field_list": ["amount"],
    "cat_field_list": ["payment"],
    "split": {"train": 0.6, "val": 0.2, "test": 0.2},
}
ORDERS = pl.DataFrame(
    {
        "id": [f"o{index}" for index in range(10)],
        "sold": [f"2024-03-{index + 1:02d}" for index in range(10)],
        "country": ["US", "DE"] * 5,
        "region": ["NA", "EU"] * 5,
        "status": ["N", "F", "N", "I", "N"] * 2,
        "name": [f"Ann {index}" for index in range(10)],
        "amount": [f"{index}.5" for index in range(10)],
        "payment": ["card", "gift"] * 5,
        "unused": ["x"] * 10,
    }
)


@pytest.fixture
def base(tmp_path):
    """A container's root with good input."""
    (tmp_path / "processing/input/data").mkdir(parents=True)
    (tmp_path / "processing/input/config").mkdir()
    configure(tmp_path, {})
    ORDERS.write_csv(data_file(tmp_path))
    return tmp_path


def data_file(base: Path) -> Path:
    return base / "processing/input/data/orders.csv"


def configure(base: Path, change: dict) -> None:
    (base / "processing/input/config/columns.json").write_text(json.dumps({**SCHEMA, **change}))


@dataclass
class Done:
    """How the script ended."""

    code: int
    errors: list[str]


@pytest.fixture
def run(base, monkeypatch, capsys):
    """Runs the script under a container's root."""

    def run_(*arguments: str, region: str = "") -> Done:
        monkeypatch.setenv("SAGEMAKER_BASE_DIR", str(base))
        monkeypatch.setenv("REGION", region)
        monkeypatch.setattr(sys, "argv", [str(SCRIPT), *arguments])
        try:
            runpy.run_path(str(SCRIPT), run_name="__main__")
        except SystemExit as stop:
            if isinstance(stop.code, str):
                return Done(1, stop.code.splitlines())
            return Done(stop.code, capsys.readouterr().err.splitlines())
        return Done(0, [])

    return run_


def ids(base: Path, name: str) -> list[str]:
    return load_split(base / "processing/output" / name).frame["id"].to_list()


def test_training_splits_by_time_in_the_format_of_the_input(base):
    done = subprocess.run(
        [sys.executable, SCRIPT],
        env={**os.environ, "SAGEMAKER_BASE_DIR": str(base)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "")
    assert sorted(path.name for path in (base / "processing/output").iterdir()) == ["test", "train", "val"]
    assert ids(base, "train") == ["o0", "o1", "o2", "o3", "o4", "o5"]
    assert ids(base, "val") == ["o6", "o7"]
    assert ids(base, "test") == ["o8", "o9"]
    train = load_split(base / "processing/output/train")
    assert train.format == "csv"
    assert train.frame["name"].to_list() == [f"Ann {index}" for index in range(6)]
    assert train.frame["label"].to_list() == [0, 1, 0, 1, 0, 0]
    assert "unused" not in train.frame.columns


@pytest.mark.parametrize(
    ("job_type", "folder"), [("validation", "val"), ("testing", "test"), ("calibration", "calibration")]
)
def test_other_jobs_prepare_without_splitting(run, base, job_type, folder):
    assert run("--job_type", job_type).code == 0
    assert [path.name for path in (base / "processing/output").iterdir()] == [folder]
    assert ids(base, folder) == ORDERS["id"].to_list()


def test_a_region_s_rows_only(run, base):
    assert run("--job_type", "testing", region="EU").code == 0
    assert ids(base, "test") == ["o1", "o3", "o5", "o7", "o9"]


@pytest.mark.parametrize("format_", ["parquet", "tsv"])
def test_every_format_gives_the_same_rows(run, base, format_):
    run()
    expected = load_split(base / "processing/output/train").frame
    data_file(base).unlink()
    write_table(ORDERS, data_file(base).with_suffix(f".{format_}"))
    assert run().code == 0
    assert load_split(base / "processing/output/train").frame.equals(expected)
    assert load_split(base / "processing/output/train").format == format_


def replaced(column: str, value: object, row: int = 3) -> pl.DataFrame:
    values = ORDERS[column].to_list()
    values[row] = value
    return ORDERS.with_columns(pl.Series(column, values))


ONE_CLASS = ORDERS.with_columns(status=pl.lit("N"))
BAD = {
    "missing column": (ORDERS.drop("amount"), {}, "orders.csv: missing column 'amount'; expected every column"),
    "wrong type": (replaced("amount", "1,50"), {}, "column 'amount' holds '1,50' in row 4; expected a number"),
    "wrong time": (replaced("sold", "3/4/24"), {}, "column 'sold' holds '3/4/24' in row 4; expected a time"),
    "unknown label value": (replaced("status", "X"), {}, "column 'status' holds 'X' in 1 rows; expected one of 'N'"),
    "missing label": (replaced("status", ""), {}, "the label column 'status' holds '(missing)' in 1 rows"),
    "empty split": (ORDERS, {"split": {"train": 0.9, "val": 0.05, "test": 0.05}}, "the split 'val' is empty; expected"),
    "no rows": (ORDERS.head(0), {}, "no row is left after filters and labels"),
    "one class only": (ONE_CLASS, {}, "the split 'train' has no row of class 1 (label values 'F', 'I')"),
    "duplicate ids": (replaced("id", "o2"), {}, "1 ids in column 'id' occur more than once (2 rows)"),
    "missing id": (replaced("id", ""), {}, "the id column 'id' is empty in 1 rows"),
    "unknown role": (
        ORDERS,
        {"tab_fields": ["amount"]},
        "columns.json: not a column schema: unknown field 'tab_fields'",
    ),
    "wrong shares": (ORDERS, {"split": {"train": 0.9, "val": 0.2, "test": 0.1}}, "train + val + test must be 1"),
}


def check_refused(run, base: Path, message: str) -> None:
    """The script ends with exit code 1 and one message, and the earlier output is as it was."""
    earlier = base / "processing/output/train/data.csv"
    earlier.parent.mkdir(parents=True)
    earlier.write_text("earlier")
    done = run()
    assert done.code == 1
    assert len(done.errors) == 1
    assert done.errors[0].startswith("error: ")
    assert message in done.errors[0]
    assert [path for path in (base / "processing/output").rglob("*") if path.is_file()] == [earlier]
    assert earlier.read_text() == "earlier"


@pytest.mark.parametrize("case", BAD)
def test_bad_tables_and_schemas_are_refused_with_one_message(run, base, case):
    table, change, message = BAD[case]
    configure(base, change)
    table.write_csv(data_file(base))
    check_refused(run, base, message)


LATIN = "id,name\no1,René\n".encode("latin-1")
FILES = {
    "wrong encoding": ("o.csv", LATIN, "o.csv: byte 15 (0xe9, line 2) is not UTF-8; expected"),
    "corrupt Parquet": ("o.parquet", b"PAR1 and then nothing", "o.parquet: cannot read the table"),
    "empty file": ("o.csv", b"", "o.csv: the file is empty"),
    "no data file": ("readme.md", b"hello", "data: the folder holds no data file"),
}


@pytest.mark.parametrize("case", FILES)
def test_bad_files_are_refused_with_one_message(run, base, case):
    name, content, message = FILES[case]
    data_file(base).unlink()
    (data_file(base).parent / name).write_bytes(content)
    check_refused(run, base, message)


def test_a_missing_schema_is_refused(run, base):
    (base / "processing/input/config/columns.json").unlink()
    check_refused(run, base, "columns.json: cannot read the column schema: No such file")


def test_an_output_that_cannot_be_written(run, base):
    (base / "processing/output").write_text("a file")
    done = run()
    assert done.code == 1
    assert "output: cannot write" in done.errors[0]
    assert (base / "processing/output").read_text() == "a file"


def test_an_unknown_job_type_is_a_usage_error(run):
    done = run("--job_type", "guessing")
    assert done.code == 2
    assert "--job_type" in done.errors[-1]
