"""Tables written piece by piece, so that their size is not bounded by memory."""

from __future__ import annotations

import os
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, BinaryIO

from names3risk.data.formats import SEPARATORS, Format, output_format
from names3risk.errors import OutputError
from names3risk.files import replacing

if TYPE_CHECKING:
    import polars as pl
    from pyarrow.parquet import ParquetWriter

TIME_FORMAT = "%Y-%m-%dT%H:%M:%S%.6fZ"
"""Times in CSV and TSV: ISO 8601, microseconds, UTC."""


class TableWriter:
    """Writes one file from frames of the same columns; use it as a context.

    Args:
        path: The file.
        format: Its format; by the suffix of `path` where absent.
    """

    def __init__(self, path: str | Path, format: Format | None = None) -> None:
        self._path = Path(path)
        self._format = format or output_format(path)
        self._parquet: ParquetWriter | None = None
        self._text: BinaryIO | None = None
        self._started = False
        self.rows = 0

    def write(self, frame: pl.DataFrame) -> None:
        """Appends a frame; the first one settles the columns, and for Parquet each one is a row group."""
        if self._started and not frame.height:
            return
        self._started = True
        self.rows += frame.height
        if self._format == "parquet":
            self._write_parquet(frame)
        else:
            self._write_text(frame)

    def __enter__(self) -> TableWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for part in (self._parquet, self._text):
            if part is not None:
                part.close()

    def _write_parquet(self, frame: pl.DataFrame) -> None:
        table = frame.to_arrow()
        if self._parquet is None:
            import polars as pl
            from pyarrow.parquet import ParquetWriter

            words = [name for name, dtype in frame.schema.items() if dtype == pl.String]
            self._parquet = ParquetWriter(self._path, table.schema, compression="zstd", use_dictionary=words)
        self._parquet.write_table(table)

    def _write_text(self, frame: pl.DataFrame) -> None:
        first = self._text is None
        if self._text is None:
            self._text = self._path.open("wb")
        frame.write_csv(
            self._text, separator=SEPARATORS[self._format], include_header=first, datetime_format=TIME_FORMAT
        )


def write_table(frame: pl.DataFrame, path: str | Path) -> None:
    """Writes a table in the format that the suffix of `path` names, completely or not at all.

    Args:
        frame: The table.
        path: The file; .parquet, .csv or .tsv.

    Raises:
        OutputError: The suffix names no format, or the file cannot be written.
    """
    output_format(path)
    with replacing(path) as temporary, TableWriter(temporary) as writer:
        writer.write(frame)


def check_writable(path: str | Path) -> None:
    """Finds out before long work whether its result can be written.

    Args:
        path: The file that is going to be written.

    Raises:
        OutputError: The suffix names no format, or the folder cannot be written.
    """
    output_format(path)
    target = Path(path)
    if target.is_dir():
        raise OutputError("is a folder", where=target, expected="the name of a file")
    folder = next(parent for parent in target.absolute().parents if parent.exists())
    if not folder.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
        raise OutputError("cannot write there", where=folder, mend="name a folder that you may write to")
