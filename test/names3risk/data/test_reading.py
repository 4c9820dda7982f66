from __future__ import annotations

import polars as pl
import pytest

from names3risk.data.reading import (
    detect_format,
    find_data_file,
    find_parts,
    read_table,
    scan_table,
    write_table,
)
from names3risk.errors import DataError

TRICKY = pl.DataFrame({"id": ["1", "2", "3"], "name": ['a,"b"', "tab\tand\nnew line", "Zoë"], "x": ["", None, "1"]})


@pytest.mark.parametrize("format_", ["csv", "tsv", "parquet"])
def test_what_was_written_is_read(tmp_path, format_):
    path = tmp_path / f"table.{format_}"
    write_table(TRICKY, path)
    assert read_table(path).equals(TRICKY)
    assert detect_format(path) == format_


@pytest.mark.parametrize(
    ("name", "content", "format_"),
    [
        ("a.csv", "x,y\n1,2\n", "csv"),
        ("a.csv", "x\ty\n1\t2\n", "tsv"),
        ("a.tsv", "x,y\n1,2\n", "csv"),
        ("a.tsv", 'x,z\ty\n"1"\t2\n', "tsv"),
        ("a.csv", "x,z\ty\n1,2\n", "csv"),
        ("a.txt", "x\ty,z\tw\n", "tsv"),
        ("part-00000", "x,y\n", "csv"),
        ("a.tsv", "x\n1\n", "tsv"),
        ("a", "x\n1\n", "csv"),
    ],
)
def test_the_format_is_told_by_content_then_by_name(tmp_path, name, content, format_):
    (tmp_path / name).write_text(content)
    assert detect_format(tmp_path / name) == format_


def test_parquet_is_told_by_content_whatever_its_name(tmp_path):
    TRICKY.write_parquet(tmp_path / "table.csv")
    assert detect_format(tmp_path / "table.csv") == "parquet"
    assert read_table(tmp_path / "table.csv").equals(TRICKY)


def test_columns_of_csv_are_strings_whatever_they_look_like(tmp_path):
    (tmp_path / "a.csv").write_text("id,name\n007,1.0\n008,NA\n")
    assert read_table(tmp_path / "a.csv").rows() == [("007", "1.0"), ("008", "NA")]


def test_a_byte_order_mark_is_no_part_of_the_first_name(tmp_path):
    (tmp_path / "a.csv").write_bytes(b"\xef\xbb\xbfid,x\n1,2\n")
    assert read_table(tmp_path / "a.csv").columns == ["id", "x"]


def test_parts_are_matched_by_name(tmp_path):
    (tmp_path / "part-1.csv").write_text("a,b\n1,2\n")
    (tmp_path / "part-0.csv").write_text("b,a,c\n4,3,0\n")
    (tmp_path / "_SUCCESS").write_text("")
    (tmp_path / "schema.json").write_text("{}")
    (tmp_path / "part-1.csv").write_text("c,a,b\n0,1,2\n")
    assert read_table(tmp_path).rows(named=True) == [{"b": "4", "a": "3", "c": "0"}, {"b": "2", "a": "1", "c": "0"}]
    (tmp_path / "part-2.csv").write_text("a,b\n1,2\n")
    with pytest.raises(DataError, match=r"part-2\.csv: missing column 'c'"):
        scan_table(tmp_path)


def test_regions_are_folders_or_files(tmp_path):
    for name in ("NA/part-0.csv", "EU/part-1.csv", "EU/part-0.csv", "FE.csv", "part-0.csv"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("a\n1\n")
    found = [(part.path.relative_to(tmp_path).as_posix(), part.region) for part in find_parts(tmp_path)]
    files = [("FE.csv", "FE"), ("part-0.csv", None)]
    assert found == [*files, ("EU/part-0.csv", "EU"), ("EU/part-1.csv", "EU"), ("NA/part-0.csv", "NA")]


def test_the_one_data_file_of_a_folder(tmp_path):
    with pytest.raises(DataError, match="no such file or folder"):
        find_data_file(tmp_path / "absent")
    with pytest.raises(DataError, match="holds no data file"):
        find_data_file(tmp_path)
    (tmp_path / "data.csv").write_text("a\n1\n")
    assert find_data_file(tmp_path).name == "data.csv"
    (tmp_path / "more.csv").write_text("a\n1\n")
    with pytest.raises(DataError, match=r"several data files: data\.csv, more\.csv"):
        find_data_file(tmp_path)


class TestBadFiles:
    def check(self, path, content: bytes, *messages: str) -> None:
        path.write_bytes(content)
        with pytest.raises(DataError) as caught:
            read_table(path)
        assert str(caught.value).startswith(str(path))
        for message in messages:
            assert message in str(caught.value)
        assert "\n" not in str(caught.value)

    def test_wrong_encoding_is_told_by_byte_and_line(self, tmp_path):
        content = "id,name\n1,Ann\n2,René\n".encode("latin-1")
        self.check(tmp_path / "a.csv", content, "byte 20 (0xe9, line 3) is not UTF-8", "iconv")
        self.check(tmp_path / "a.csv", "naïve,x\n1,2\n".encode("latin-1"), "byte 3 (0xef, line 1)")

    def test_utf_16_is_named(self, tmp_path):
        self.check(tmp_path / "a.csv", "id,name\n1,x\n".encode("utf-16"), "UTF-16")

    def test_compressed_and_binary_files_are_named(self, tmp_path):
        self.check(tmp_path / "a.csv", b"\x1f\x8b\x08\x00\x00", "compressed with gzip")
        self.check(tmp_path / "a.csv", b"PK\x03\x04abc", "zip archive or a spreadsheet")
        self.check(tmp_path / "a.csv", b"a,b\x00\n", "binary")

    def test_an_empty_file(self, tmp_path):
        self.check(tmp_path / "a.csv", b"", "the file is empty")

    def test_parquet_that_is_cut_off_damaged_or_something_else(self, tmp_path):
        path = tmp_path / "a.parquet"
        pl.DataFrame({"x": range(5000)}).write_parquet(path)
        whole = path.read_bytes()
        self.check(path, whole[: len(whole) // 2], "cannot read the table")
        self.check(path, whole[:20] + b"\xff" * 60 + whole[80:], "cannot read the table")
        self.check(path, b"PAR1", "cannot read the table")
        self.check(path, b"a,b\n1,2\n", "not a Parquet file")

    def test_a_row_with_too_many_fields_is_told_by_line(self, tmp_path):
        self.check(tmp_path / "a.csv", b'a,b\n1,2\n"3",4,5\n', "line 3 has 3 fields, the header has 2")

    def test_a_quote_that_never_ends(self, tmp_path):
        self.check(tmp_path / "a.csv", b'a,b\n1,"2\n3,4\n', "cannot read the table")

    def test_a_header_that_names_a_column_twice(self, tmp_path):
        self.check(tmp_path / "a.csv", b"a,b,a\n1,2,3\n", "the header names ['a'] more than once")

    def test_a_file_that_may_not_be_read(self, tmp_path):
        with pytest.raises(DataError, match="cannot read: No such file"):
            detect_format(tmp_path / "absent.csv")
