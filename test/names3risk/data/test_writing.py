from __future__ import annotations

import polars as pl
import pytest

from names3risk.data.reading import read_table
from names3risk.data.writing import TableWriter, check_writable, write_table
from names3risk.errors import OutputError

FRAME = pl.DataFrame({"a": ["1", "2", "3"], "b": ["x", None, "z"]})


@pytest.mark.parametrize("format_", ["csv", "tsv", "parquet"])
def test_pieces_make_the_same_table_as_the_whole(tmp_path, format_):
    path = tmp_path / f"t.{format_}"
    with TableWriter(path) as writer:
        for piece in (FRAME.head(0), FRAME.head(1), FRAME.head(0), FRAME.tail(2)):
            writer.write(piece)
    assert writer.rows == 3
    assert read_table(path).equals(FRAME)


@pytest.mark.parametrize("format_", ["csv", "parquet"])
def test_a_table_without_rows_keeps_its_columns(tmp_path, format_):
    write_table(FRAME.head(0), tmp_path / f"t.{format_}")
    assert read_table(tmp_path / f"t.{format_}").columns == ["a", "b"]


def test_a_name_that_tells_no_format(tmp_path):
    with pytest.raises(OutputError, match=r"t\.xlsx: the name does not tell the format; expected .*\.parquet"):
        write_table(FRAME, tmp_path / "t.xlsx")


def test_a_failing_write_leaves_the_earlier_file(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("earlier")
    with pytest.raises(pl.exceptions.ComputeError):
        write_table(pl.DataFrame({"a": [[1]]}), path)
    assert path.read_text() == "earlier"
    assert list(tmp_path.iterdir()) == [path]


def test_what_cannot_be_written_is_found_out_first(tmp_path):
    check_writable(tmp_path / "new" / "folder" / "t.csv")
    assert not (tmp_path / "new").exists()
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "file" / "t.csv", tmp_path / "t.doc"):
        with pytest.raises(OutputError):
            check_writable(path)
    (tmp_path / "t.csv").mkdir()
    with pytest.raises(OutputError, match="is a folder"):
        check_writable(tmp_path / "t.csv")
