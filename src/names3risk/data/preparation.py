"""The preparation rules: types by role, filters, labels, first row per entity, split by time (Narwhals expressions)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

    from names3risk.data.schema import ColumnSchema

LABEL = "label"


def conform(frame: pl.DataFrame, schema: ColumnSchema) -> pl.DataFrame:
    """Selects the columns of the schema by name and gives them their role's type; no row is dropped.

    What prediction applies to raw rows: the label and the filter columns may be absent.
    """
    raise NotImplementedError


def prepare(frame: pl.DataFrame, schema: ColumnSchema) -> pl.DataFrame:
    """Applies types, filters, labels (integers in column `label`) and keep-first per entity."""
    raise NotImplementedError


def split(frame: pl.DataFrame, schema: ColumnSchema) -> dict[str, pl.DataFrame]:
    """Cuts a prepared table by time into `train`, `val` and `test`."""
    raise NotImplementedError
