"""The three table formats, told by content and by name."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from names3risk.errors import DataError, OutputError

Format = Literal["csv", "tsv", "parquet"]

SEPARATORS: dict[str, str] = {"csv": ",", "tsv": "\t"}
_SUFFIXES: dict[str, Format] = {".csv": "csv", ".tsv": "tsv", ".tab": "tsv", ".parquet": "parquet", ".pq": "parquet"}
_PARQUET_MAGIC = b"PAR1"
_FOREIGN = {
    b"\x1f\x8b": "compressed with gzip",
    b"PK\x03\x04": "a zip archive or a spreadsheet",
    b"\xff\xfe": "UTF-16 text",
    b"\xfe\xff": "UTF-16 text",
}
_HEAD_BYTES = 65536


def format_of_name(path: str | Path) -> Format | None:
    """The format that a file's suffix names, if any."""
    return _SUFFIXES.get(Path(path).suffix.lower())


def output_format(path: str | Path) -> Format:
    """The format to write a file in.

    Raises:
        OutputError: The suffix names none.
    """
    found = format_of_name(path)
    if found is None:
        raise OutputError("the name does not tell the format", where=path, expected="a name in .parquet, .csv or .tsv")
    return found


def detect_format(path: str | Path) -> Format:
    """Tells the format of a file by its content and, where that leaves a choice, by its name.

    Args:
        path: The file.

    Returns:
        `parquet` by its first bytes; else `csv` or `tsv` by the separators of the first line.

    Raises:
        DataError: The file is absent, empty or none of the three.
    """
    path = Path(path)
    try:
        with path.open("rb") as stream:
            head = stream.read(_HEAD_BYTES)
    except OSError as error:
        raise DataError(f"cannot read: {error.strerror}", where=path) from error
    by_name = format_of_name(path)
    if not head:
        raise DataError("the file is empty", where=path, expected="a header line and rows, or Parquet")
    if head.startswith(_PARQUET_MAGIC):
        return "parquet"
    if by_name == "parquet":
        raise DataError("not a Parquet file, or a damaged one: it does not begin with PAR1", where=path)
    for magic, kind in _FOREIGN.items():
        if head.startswith(magic):
            raise DataError(f"the file is {kind}", where=path, expected="UTF-8 text (CSV, TSV) or Parquet")
    if b"\0" in head:
        raise DataError("the file is binary", where=path, expected="UTF-8 text (CSV, TSV) or Parquet")
    header = head.splitlines()[0]
    tabs, commas = header.count(b"\t"), header.count(b",")
    if tabs and commas:
        return by_name or ("tsv" if tabs > commas else "csv")
    if tabs or commas:
        return "tsv" if tabs else "csv"
    return by_name or "csv"
