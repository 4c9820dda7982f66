"""Tables from CSV, TSV and Parquet files and folders.

CSV and TSV carry no types, so every column of theirs is read as a string; `names3risk.data.preparation.conform` gives
columns the types of their roles. So text is never coerced, and CSV and Parquet give the same prepared table.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import polars as pl

Format = Literal["csv", "tsv", "parquet"]


def detect_format(path: str | Path) -> Format:
    """Tells the format of a file by its content and, where that leaves a choice, by its name."""
    raise NotImplementedError


def find_data_file(folder: str | Path) -> Path:
    """Finds the one data file of a folder."""
    raise NotImplementedError


def scan_table(path: str | Path) -> pl.LazyFrame:
    """Opens a file, or a folder of parts, lazily."""
    raise NotImplementedError


def read_table(path: str | Path) -> pl.DataFrame:
    """Reads a file, or a folder of parts, into memory."""
    raise NotImplementedError


def write_table(frame: pl.DataFrame, path: str | Path) -> None:
    """Writes a table in the format that the suffix of `path` names, completely or not at all."""
    raise NotImplementedError
