"""Tables from CSV, TSV and Parquet files and folders.

CSV and TSV carry no types, so every column of theirs is read as a string; `names3risk.data.preparation.conform` gives
columns the types of their roles. So text is never coerced, and CSV and Parquet give the same prepared table.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from names3risk.data.formats import Format, detect_format
from names3risk.data.writing import write_table

if TYPE_CHECKING:
    import polars as pl

__all__ = ["Format", "detect_format", "find_data_file", "read_table", "scan_table", "write_table"]


def find_data_file(folder: str | Path) -> Path:
    """Finds the one data file of a folder."""
    raise NotImplementedError


def scan_table(path: str | Path) -> pl.LazyFrame:
    """Opens a file, or a folder of parts, lazily."""
    raise NotImplementedError


def read_table(path: str | Path) -> pl.DataFrame:
    """Reads a file, or a folder of parts, into memory."""
    raise NotImplementedError
