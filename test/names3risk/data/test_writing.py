from __future__ import annotations

import polars as pl
import pytest

from names3risk.data.folders import replacing_folders
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


class TestReplacingFolders:
    def test_new_folders_replace_those_of_their_name_only(self, tmp_path):
        for name in ("train", "other"):
            (tmp_path / name).mkdir()
            (tmp_path / name / "old").write_text("")
        with replacing_folders(tmp_path) as temporary:
            (temporary / "train").mkdir()
            (temporary / "train" / "new").write_text("")
        assert {str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*")} == {
            "train", "train/new", "other", "other/old",
        }  # fmt: skip

    def test_a_failing_block_leaves_everything_as_it_was(self, tmp_path):
        (tmp_path / "train").mkdir()

        def fail() -> None:
            with replacing_folders(tmp_path) as temporary:
                (temporary / "train" / "new").mkdir(parents=True)
                raise RuntimeError

        with pytest.raises(RuntimeError):
            fail()
        assert [str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*")] == ["train"]

    def test_a_parent_that_is_a_file(self, tmp_path):
        (tmp_path / "file").write_text("")
        with pytest.raises(OutputError, match="cannot write"), replacing_folders(tmp_path / "file"):
            pass
