from __future__ import annotations

import polars as pl
import pytest

from names3risk.data.preparation import prepare
from names3risk.data.splits import Split, load_split, save_split
from names3risk.data.writing import write_table
from names3risk.errors import DataError, OutputError


@pytest.fixture
def prepared(orders, schema) -> Split:
    return Split(prepare(orders, schema), schema.prepared())


@pytest.mark.parametrize("format_", ["csv", "tsv", "parquet"])
def test_a_saved_split_is_the_same_when_loaded(prepared, tmp_path, format_):
    split = Split(prepared.frame, prepared.schema, format_)
    save_split(tmp_path / "train", split)
    loaded = load_split(tmp_path / "train")
    assert loaded.frame.equals(split.frame)
    assert loaded.frame.schema == split.frame.schema
    assert loaded.schema == split.schema
    assert loaded.format == format_
    assert sorted(path.name for path in (tmp_path / "train").iterdir()) == [f"data.{format_}", "schema.json"]


def test_the_folder_describes_itself(prepared, tmp_path):
    save_split(tmp_path / "train", prepared)
    schema = load_split(tmp_path / "train").schema
    assert schema.label.column == "label"
    assert schema.label.classes == ((0,), (1,))
    assert schema.tab_field_list == ("amount", "visits")
    assert schema.filters == ()


def test_saving_again_replaces_the_whole_folder(prepared, tmp_path):
    save_split(tmp_path / "train", Split(prepared.frame, prepared.schema, "csv"))
    save_split(tmp_path / "train", prepared)
    assert load_split(tmp_path / "train").format == "parquet"


def test_a_folder_without_schema_is_no_split(tmp_path):
    with pytest.raises(DataError, match=r"there is no schema\.json"):
        load_split(tmp_path)


def test_a_table_that_does_not_fit_its_schema(prepared, tmp_path):
    save_split(tmp_path / "train", prepared)
    prepared.frame.drop("amount").write_parquet(tmp_path / "train" / "data.parquet")
    with pytest.raises(DataError, match=r"data\.parquet: missing column 'amount'"):
        load_split(tmp_path / "train")
    prepared.frame.with_columns(label=pl.lit(2)).write_parquet(tmp_path / "train" / "data.parquet")
    with pytest.raises(DataError, match=r"the label column 'label' holds '2' in 5 rows"):
        load_split(tmp_path / "train")


def test_a_folder_that_cannot_be_written(prepared, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot write"):
        save_split(tmp_path / "file" / "train", prepared)


@pytest.mark.parametrize("format_", ["csv", "parquet"])
def test_a_split_of_several_parts_is_read_as_one(prepared, tmp_path, format_):
    save_split(tmp_path / "train", Split(prepared.frame, prepared.schema, format_))
    rows = prepared.frame.height
    for number, start in enumerate(range(0, rows, 2)):
        part = prepared.frame.slice(start, 2).select(sorted(prepared.frame.columns, reverse=bool(number % 2)))
        write_table(part, tmp_path / "train" / f"part-{number}.{format_}")
    (tmp_path / "train" / f"data.{format_}").unlink()
    loaded = load_split(tmp_path / "train")
    assert loaded.frame.equals(prepared.frame)
    assert loaded.format == format_
    (tmp_path / "train" / "part-9.tsv").write_text("a\tb\n")
    with pytest.raises(DataError, match=rf"part-9\.tsv: is TSV; expected {format_}, as part-0\.{format_} is"):
        load_split(tmp_path / "train")
