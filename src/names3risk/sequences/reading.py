"""Events from CSV, TSV and Parquet, typed by their roles and in the order of their sequences."""

from __future__ import annotations

from pathlib import Path

import narwhals as nw
import polars as pl

from names3risk.data import types
from names3risk.data.fields import missing_columns_error
from names3risk.data.reading import read_table
from names3risk.errors import DataError
from names3risk.sequences.schema import SequenceSchema

ROW = "__row"


def read_events(path: str | Path, schema: SequenceSchema) -> pl.DataFrame:
    """Reads a table of events; see `order_events`.

    Args:
        path: CSV, TSV or Parquet, a file or a folder of parts.
        schema: The roles of its columns.

    Raises:
        DataError: The table cannot be read, lacks a column, or an event lacks its entity, item or time.
    """
    return order_events(read_table(path), schema, path)


def order_events(frame: pl.DataFrame, schema: SequenceSchema, where: str | Path | None = None) -> pl.DataFrame:
    """Gives the columns the types of their roles and sorts the events by entity and time.

    Args:
        frame: The events, in any order.
        schema: The roles of the columns.
        where: The file they came from, for errors.

    Returns:
        The columns of the schema: times in UTC, everything else text; events of one time in the order they had.

    Raises:
        DataError: A column is missing, there is no event, or an event lacks its entity, item or a time.
    """
    if absent := [name for name in schema.columns if name not in frame.columns]:
        raise missing_columns_error(absent, frame.columns, where)
    if not frame.height:
        raise DataError("there is no event", where=where, expected="one row an event")
    table = nw.from_native(frame.select(schema.columns), eager_only=True)
    dtypes = table.collect_schema()
    for name in schema.columns:
        time = name == schema.time_name
        if dtypes[name].is_nested() or (not time and dtypes[name] in (nw.Datetime, nw.Date)):
            expected = "times" if time else "text or plain values"
            raise DataError(f"column {name!r} is {dtypes[name]}", where=where, expected=expected)
    if dtypes[schema.time_name] == nw.String:
        bad = table.select(types.is_bad_time(schema.time_name)).to_native().to_series()
        _refuse(bad, schema.time_name, "holds something that is no time", "such as 2024-01-31T23:59:59Z", where)
    try:
        typed = table.select(
            *(types.category(name, dtypes[name]) for name in schema.columns if name != schema.time_name),
            types.time(schema.time_name, dtypes[schema.time_name]),
        ).to_native()
    except pl.exceptions.InvalidOperationError as error:
        text = str(error).split("\n")[0]
        raise DataError(f"cannot give column {schema.time_name!r} its type: {text}", where=where) from error
    for name in (schema.entity_name, schema.item_name, schema.time_name):
        _refuse(typed[name].is_null(), name, "is empty", "a value in every row", where)
    return typed.select(schema.columns).sort(schema.entity_name, schema.time_name, maintain_order=True)


def _refuse(bad: pl.Series, column: str, what: str, expected: str, where: str | Path | None) -> None:
    if bad.any():
        row = int(bad.arg_true()[0]) + 1
        raise DataError(
            f"column {column!r} {what} in {int(bad.sum())} rows, the first is row {row}", where=where, expected=expected
        )
