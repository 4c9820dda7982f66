"""What can be wrong with a table, and the message that says so; values of people's columns are never shown."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import narwhals as nw

from names3risk.data import types
from names3risk.data.canonical import canonical_value
from names3risk.data.fields import missing_columns_error
from names3risk.errors import DataError

if TYPE_CHECKING:
    from names3risk.data.schema import ColumnSchema, LabelRole

Table = nw.DataFrame[Any] | nw.LazyFrame[Any]

ROW = "__row"
"""The column that numbers raw rows."""

_SHOWN = 10


def check_columns(frame: Table, schema: ColumnSchema, where: str | Path | None) -> None:
    """Refuses a table that lacks a column of the schema, or has one of a type that cannot fit its role."""
    dtypes = frame.collect_schema()
    if absent := [name for name in schema.source_columns if name not in dtypes]:
        raise missing_columns_error(absent, list(dtypes), where)
    times = {schema.order_time_name, schema.time_name}
    for name in schema.source_columns:
        dtype = dtypes[name]
        plain = dtype.is_numeric() or dtype in (nw.String, nw.Boolean, nw.Object, nw.Unknown)
        if name in schema.tab_fields:
            fits, expected = plain, "numbers (it is in tab_field_list)"
        elif name in times:
            fits, expected = plain or dtype in (nw.Date, nw.Datetime), "times"
        else:
            fits, expected = not dtype.is_nested() and dtype != nw.Binary, "text or plain values"
        if not fits:
            raise DataError(f"column {name!r} is {dtype}", where=where, expected=expected)


@contextmanager
def explained(frame: Table, schema: ColumnSchema, where: str | None, first_row: int = 0) -> Iterator[None]:
    """Finds the column and row of a value that could not be given its role's type.

    Args:
        frame: The raw rows; numbered in a column `ROW`, unless they are in memory and have the numbers 0, 1, ...
        schema: The resolved schema.
        where: The file that the rows came from.
        first_row: The number in `ROW` of the first row of the file.

    Raises:
        DataError: In place of the error of the table library.
    """
    import polars as pl

    try:
        yield
    except (pl.exceptions.InvalidOperationError, ValueError, TypeError) as error:
        table = frame.with_row_index(ROW) if isinstance(frame, nw.DataFrame) else frame
        times = [name for name in (schema.order_time_name, schema.time_name) if name]
        _find(table, schema.tab_fields, types.is_bad_number, "a number, or nothing", where, first_row)
        _find(table, times, types.is_bad_time, "a time such as 2024-01-31T23:59:59Z", where, first_row)
        text = str(error).split("\n")[0]
        raise DataError(f"cannot give the columns their types: {text}", where=where) from error


def _find(
    table: Table,
    names: Sequence[str],
    is_bad: Callable[[str], nw.Expr],
    expected: str,
    where: str | None,
    first_row: int,
) -> None:
    """Raises the error for the first bad value of the first column that has one."""
    dtypes = table.collect_schema()
    for name in names:
        if name in dtypes and dtypes[name] == nw.String:
            found = table.lazy().filter(is_bad(name)).select(name, ROW).head(1).collect()
            if len(found):
                raise DataError(
                    f"column {name!r} holds {found[name][0]!r} in row {found[ROW][0] - first_row + 1}",
                    where=where,
                    expected=expected,
                ) from None


def check_label_values(frame: Table, label: LabelRole, where: str | None) -> None:
    """Refuses label values that are in no class."""
    known = [canonical_value(item) for group in label.classes for item in group]
    value = types.category(label.column, frame.collect_schema()[label.column])
    unknown = frame.lazy().select(value.alias("value")).filter(~nw.col("value").is_in(known).fill_null(False))
    counts = unknown.with_columns(nw.col("value").fill_null("(missing)")).group_by("value").agg(nw.len().alias("rows"))
    found = counts.collect().sort("value")
    if len(found):
        values = ", ".join(repr(item) for item in found["value"].to_list()[:_SHOWN])
        more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
        raise DataError(
            f"the label column {label.column!r} holds {values}{more} in {found['rows'].sum()} rows",
            where=where,
            expected=f"one of {', '.join(repr(item) for item in known)}",
            mend="add the values to a class, or say 'other: drop' in the column schema",
        )


def check_ids(frame: nw.DataFrame[Any], schema: ColumnSchema, where: str | None) -> None:
    """Refuses rows without an id and rows that share one."""
    ids = frame[schema.id_name]
    if missing := ids.null_count():
        raise DataError(f"the id column {schema.id_name!r} is empty in {missing} rows", where=where, expected="an id")
    if ids.n_unique() < len(ids):
        counts = frame.select(schema.id_name).group_by(schema.id_name).agg(nw.len().alias("rows"))
        twice = counts.filter(nw.col("rows") > 1)["rows"]
        raise DataError(
            f"{len(twice)} ids in column {schema.id_name!r} occur more than once ({twice.sum()} rows)",
            where=where,
            expected="one row an id",
        )


def check_rows(frame: nw.DataFrame[Any], where: str | None) -> None:
    """Refuses a table without rows."""
    if not len(frame):
        raise DataError(
            "no row is left after filters and labels",
            where=where,
            expected="rows",
            mend="compare the filters and the label's classes in the column schema with the data",
        )


def check_split(frame: nw.DataFrame[Any], name: str, schema: ColumnSchema, where: str | None) -> None:
    """Refuses an empty split, and a training split that lacks a class."""
    if not len(frame):
        raise DataError(
            f"the split {name!r} is empty",
            where=where,
            expected="at least one row",
            mend="give more rows or other shares",
        )
    if name == "train" and schema.label is not None:
        present = set(frame["label"].unique().to_list())
        for index, group in enumerate(schema.label.classes):
            if index not in present:
                raise DataError(
                    f"the split 'train' has no row of class {index} (label values {', '.join(map(repr, group))})",
                    where=where,
                    expected="rows of every class",
                )
