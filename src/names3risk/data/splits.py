"""Split folders: a data file with the resolved column schema beside it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

    from names3risk.data.reading import Format
    from names3risk.data.schema import ColumnSchema


@dataclass(frozen=True)
class Split:
    """A prepared table, the roles of its columns, and the format that it is kept in."""

    frame: pl.DataFrame
    schema: ColumnSchema
    format: Format = "parquet"


def load_split(folder: str | Path) -> Split:
    """Reads a split folder."""
    raise NotImplementedError


def save_split(folder: str | Path, split: Split) -> None:
    """Writes a split folder, completely or not at all."""
    raise NotImplementedError
