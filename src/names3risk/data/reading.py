"""Tables from CSV, TSV and Parquet files and folders of parts.

CSV and TSV carry no types, so every column of theirs is read as a string; `names3risk.data.preparation.conform` gives
columns the types of their roles. So text is never coerced, and CSV and Parquet give the same prepared table. Columns
are matched by name everywhere.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from names3risk.data.canonical import repeated
from names3risk.data.fields import missing_columns_error
from names3risk.data.formats import SEPARATORS, Format, detect_format, format_of_name
from names3risk.data.writing import write_table
from names3risk.errors import DataError

if TYPE_CHECKING:
    import polars as pl

__all__ = [
    "Format",
    "Part",
    "detect_format",
    "find_data_file",
    "find_parts",
    "read_table",
    "scan_file",
    "scan_table",
    "translated_errors",
    "write_table",
]

_MAX_FIELD_CHARACTERS = 1 << 24
_REGION = re.compile("[A-Z]{2,3}")


@dataclass(frozen=True)
class Part:
    """One file of a table, with the region that its folder or its own name gives it, if any."""

    path: Path
    region: str | None


def find_parts(path: str | Path) -> list[Part]:
    """Lists the files of a table.

    Args:
        path: A file; a folder of parts; or a folder with one folder of parts per region.

    Returns:
        The parts ordered by name. The region of a part is the name of its folder below `path`, or of the file itself
        where that is a code in capitals such as EU.

    Raises:
        DataError: There is no data file.
    """
    path = Path(path)
    if path.is_file():
        return [Part(path, _region_of_file(path))]
    if not path.is_dir():
        raise DataError("there is no such file or folder", where=path)
    parts = [Part(file, _region_of_file(file)) for file in _data_files(path)]
    folders = sorted(folder for folder in path.iterdir() if folder.is_dir() and not folder.name.startswith((".", "_")))
    parts += [Part(file, folder.name) for folder in folders for file in _data_files(folder)]
    if not parts:
        raise DataError("the folder holds no data file", where=path, expected="files in .parquet, .csv or .tsv")
    return parts


def find_data_file(folder: str | Path) -> Path:
    """Finds the one data file of a folder.

    Raises:
        DataError: There is none, or more than one.
    """
    parts = find_parts(folder)
    if len(parts) > 1:
        names = ", ".join(part.path.name for part in parts[:5])
        raise DataError(f"the folder holds several data files: {names}", where=folder, expected="one")
    return parts[0].path


def scan_file(path: str | Path) -> pl.LazyFrame:
    """Opens one file lazily; every column of CSV and TSV is a string.

    Raises:
        DataError: The file is absent, empty, damaged or of another format, or its header names a column twice.
    """
    import polars as pl

    format_ = detect_format(path)
    with translated_errors(path):
        if format_ == "parquet":
            frame = pl.scan_parquet(path)
        else:
            _check_header(Path(path), SEPARATORS[format_])
            frame = pl.scan_csv(path, separator=SEPARATORS[format_], infer_schema=False)
        frame.collect_schema()
    return frame


def scan_table(path: str | Path) -> pl.LazyFrame:
    """Opens a file, or a folder of parts, lazily; later parts are matched to the first by column name.

    Raises:
        DataError: A file cannot be opened, or a part lacks a column of the first.
    """
    import polars as pl

    parts = find_parts(path)
    frames = [scan_file(part.path) for part in parts]
    columns = list(frames[0].collect_schema())
    return pl.concat(
        [select_columns(frame, columns, part.path) for frame, part in zip(frames, parts, strict=True)],
        how="vertical_relaxed",
    )


def read_table(path: str | Path) -> pl.DataFrame:
    """Reads a file, or a folder of parts, into memory; every column of CSV and TSV is a string.

    Raises:
        DataError: A file cannot be read; wrong encoding is told by byte and line.
    """
    with translated_errors(path):
        return scan_table(path).collect(engine="streaming")


def select_columns(frame: pl.LazyFrame, columns: Sequence[str], where: str | Path | None) -> pl.LazyFrame:
    """Selects columns by name.

    Raises:
        DataError: Some are missing; all of them are named.
    """
    present = list(frame.collect_schema())
    if absent := [name for name in columns if name not in present]:
        raise missing_columns_error(absent, present, where)
    return frame.select(columns)


@contextmanager
def translated_errors(path: str | Path) -> Iterator[None]:
    """Turns what polars says about a file that it cannot read into a message that names the file and the place."""
    import polars as pl

    try:
        yield
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
        for part in find_parts(path):
            if detect_format(part.path) != "parquet":
                _check_encoding(part.path)
                _check_widths(part.path)
        text = str(error).strip().split("\n")[0]
        raise DataError(f"cannot read the table: {text}", where=path, mend="write the file anew") from error


def _region_of_file(path: Path) -> str | None:
    return path.stem if _REGION.fullmatch(path.stem) else None


def _data_files(folder: Path) -> list[Path]:
    files = (file for file in folder.iterdir() if file.is_file() and not file.name.startswith((".", "_")))
    return sorted(file for file in files if format_of_name(file))


def _check_header(path: Path, separator: str) -> None:
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            header = next(csv.reader(stream, delimiter=separator))
    except (UnicodeDecodeError, csv.Error):
        _check_encoding(path)
        raise DataError("the header line cannot be read", where=path) from None
    if twice := repeated(header):
        raise DataError(f"the header names {twice} more than once", where=path)


def _check_encoding(path: Path) -> None:
    """Finds the first byte that is not UTF-8."""
    offset = 0
    with path.open("rb") as stream:
        for number, line in enumerate(stream, start=1):
            try:
                line.decode("utf-8")
            except UnicodeDecodeError as error:
                raise DataError(
                    f"byte {offset + error.start + 1} (0x{line[error.start]:02x}, line {number}) is not UTF-8",
                    where=path,
                    expected="UTF-8 text",
                    mend="convert it, for example: iconv -f latin1 -t utf-8",
                ) from None
            offset += len(line)


def _check_widths(path: Path) -> None:
    """Finds the first row that has more fields than the header."""
    csv.field_size_limit(_MAX_FIELD_CHARACTERS)
    with path.open(encoding="utf-8-sig", newline="") as stream:
        rows = csv.reader(stream, delimiter=SEPARATORS[detect_format(path)])
        width = len(next(rows))
        for row in rows:
            if len(row) > width:
                raise DataError(
                    f"line {rows.line_num} has {len(row)} fields, the header has {width}",
                    where=path,
                    mend="quote fields that hold the separator",
                )
