"""The preparation rules: types by role, filters, labels, first row per entity, split by time.

The rules are Narwhals expressions, so the same ones run on polars, pandas and lazy tables. They keep the order of the
input rows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import narwhals as nw
from narwhals.dtypes import DType

from names3risk.data import checks, types
from names3risk.data.canonical import canonical_value
from names3risk.data.schema import LABEL, ColumnSchema
from names3risk.errors import ConfigError

if TYPE_CHECKING:
    from narwhals.typing import IntoDataFrameT

__all__ = ["LABEL", "conform", "encode_labels", "keep_first", "prepare", "split", "typed"]

Frame = TypeVar("Frame", nw.DataFrame[Any], nw.LazyFrame[Any])
_ORDER = "__missing_time"
_ROUNDING = 1e-6


def conform(
    frame: IntoDataFrameT, schema: ColumnSchema, where: str | None = None, rows_before: int = 0
) -> IntoDataFrameT:
    """Selects the columns of a schema by name and gives them their role's type; no row is filtered or de-duplicated.

    Args:
        frame: Raw or prepared rows, as a polars or pandas table.
        schema: The resolved schema. Rows that are only to be scored need `schema.without_label()`.
        where: The file that the rows came from, for errors.
        rows_before: Rows of that file before these.

    Returns:
        The rows in the order they had; ids, categories and text as strings, numbers as Float64, times in UTC, and the
        class number in `label` where the schema has one.

    Raises:
        DataError: A column is missing, a value does not have its role's type, or a label is of no class.
    """
    schema = schema.model_copy(update={"filters": ()})
    table: nw.DataFrame[IntoDataFrameT] = nw.from_native(frame, eager_only=True)
    checks.check_columns(table, schema, where)
    if schema.label:
        checks.check_label_values(table, schema.label, where)
    with checks.explained(table, schema, where, -rows_before):
        result: nw.DataFrame[IntoDataFrameT] = encode_labels(table, schema)
    return result.to_native()


def prepare(frame: IntoDataFrameT, schema: ColumnSchema, where: str | None = None) -> IntoDataFrameT:
    """Applies types, filters, labels and keep-first per entity.

    Args:
        frame: Raw rows, as a polars or pandas table.
        schema: The resolved schema.
        where: The file that the rows came from, for errors.

    Returns:
        The rows that stay, in the order they had, with the columns `schema.prepared_columns`: classes are 0..K-1.

    Raises:
        DataError: A column is missing, a value is wrong, a label value is unknown, an id occurs twice, or no row stays.
    """
    table: nw.DataFrame[IntoDataFrameT] = nw.from_native(frame, eager_only=True)
    checks.check_columns(table, schema, where)
    with checks.explained(table, schema, where):
        kept = encode_labels(drop_filtered(table, schema), schema, where)
    checks.check_ids(kept, schema, where)
    result: nw.DataFrame[IntoDataFrameT] = keep_first(kept, schema)
    checks.check_rows(result, where)
    return result.to_native()


def typed(frame: Frame, schema: ColumnSchema, extra: Sequence[str] = ()) -> Frame:
    """Selects the prepared columns but the label, each with its role's type; `extra` columns pass unchanged.

    Tables of database engines (Spark, DuckDB) keep the time types that they have.
    """
    dtypes = frame.collect_schema()
    roles = _role_types(schema)
    engine = frame.implementation
    if not (engine.is_polars() or engine.is_pandas_like() or engine.is_pyarrow()):
        roles |= dict.fromkeys(filter(None, (schema.order_time_name, schema.time_name)), _unchanged)
    return frame.select(*(roles[name](name, dtypes[name]) for name in schema.role_columns), *extra)


def drop_filtered(frame: Frame, schema: ColumnSchema) -> Frame:
    """Drops the rows that a filter of the schema matches; a missing value matches none."""
    dtypes = frame.collect_schema()
    for rule in schema.filters:
        value = types.category(rule.column, dtypes[rule.column]).str.to_lowercase()
        if rule.contains is not None:
            hit = value.str.contains(rule.contains.lower(), literal=True)
        else:
            hit = value.is_in([canonical_value(item).lower() for item in rule.equals or ()])
        frame = frame.filter(~hit.fill_null(False))
    return frame


def encode_labels(frame: Frame, schema: ColumnSchema, where: str | None = None, extra: Sequence[str] = ()) -> Frame:
    """Gives columns their types, and the label its class number; rows of no class are dropped or an error."""
    if schema.label is None:
        return typed(frame, schema, extra)
    dtypes = frame.collect_schema()
    if schema.label.other == "error":
        checks.check_label_values(frame, schema.label, where)
    value = types.category(schema.label.column, dtypes[schema.label.column])
    groups = [[canonical_value(item) for item in group] for group in schema.label.classes]
    code = nw.lit(0, dtype=nw.Int64)
    for index, group in enumerate(groups[1:], start=1):
        code = nw.when(value.is_in(group)).then(nw.lit(index, dtype=nw.Int64)).otherwise(code)
    known = value.is_in([item for group in groups for item in group])
    labelled = frame.filter(known.fill_null(False)).with_columns(code.alias(LABEL))
    return typed(labelled, schema, [LABEL, *extra])


def keep_first(frame: Frame, schema: ColumnSchema) -> Frame:
    """Keeps each entity's first row by time, then by id; rows without an entity all stay, without a time come last."""
    if schema.entity_name is None or schema.first_by is None:
        return frame
    order = [_ORDER, schema.first_by, schema.id_name]
    entity = nw.col(schema.entity_name)
    first = entity.is_null() | entity.is_first_distinct().over(order_by=order)
    return frame.with_columns(nw.col(schema.first_by).is_null().alias(_ORDER)).filter(first).drop(_ORDER)


def split(frame: IntoDataFrameT, schema: ColumnSchema, where: str | None = None) -> dict[str, IntoDataFrameT]:
    """Cuts a prepared table by time, without shuffling.

    Args:
        frame: A prepared table.
        schema: Its schema; rows are ordered by `time_name`, then by id, and those without a time come first.
        where: The file that the rows came from, for errors.

    Returns:
        `train` (the oldest rows), `val` and `test` (the newest), each in the order of `frame`; a split with a share
        of 0 is left out.

    Raises:
        ConfigError: The schema names no time.
        DataError: A split would be empty, or `train` would hold a single class.
    """
    if schema.time_name is None:
        raise ConfigError("a split by time needs time_name", where=where)
    table = nw.from_native(frame, eager_only=True)
    row, rank = "__row", "__rank"
    keys = table.select(schema.time_name, schema.id_name).with_row_index(row)
    ordered = keys.sort(schema.time_name, schema.id_name, nulls_last=False).with_row_index(rank).sort(row)
    ranks = ordered[rank]
    parts = {}
    for name, (start, end) in cuts(len(table), schema).items():
        inside = (ranks >= start) & (ranks < end)
        part = table.filter(inside)
        checks.check_split(part, name, schema, where)
        parts[name] = part.to_native()
    return parts


def cuts(rows: int, schema: ColumnSchema) -> dict[str, tuple[int, int]]:
    """The first and last (excluded) time rank of every split; a fraction of a row goes to the later one."""
    shares = {"train": schema.split.train, "val": schema.split.val, "test": schema.split.test}
    limits: dict[str, tuple[int, int]] = {}
    start, total = 0, 0.0
    for name, share in shares.items():
        total += share
        end = int(rows * total + _ROUNDING)
        if share:
            limits[name] = (start, end)
        start = end
    return limits


def _unchanged(name: str, _: DType) -> nw.Expr:
    return nw.col(name)


def _role_types(schema: ColumnSchema) -> dict[str, Callable[[str, DType], nw.Expr]]:
    """The function that types a column; where a column has several roles, the last line here wins."""
    roles: dict[str, Callable[[str, DType], nw.Expr]] = {}
    roles |= dict.fromkeys(schema.text_source_fields, types.text)
    keys = (schema.id_name, schema.entity_name, schema.marketplace_name, schema.region_name)
    roles |= dict.fromkeys([*filter(None, keys), *schema.cat_field_list], types.category)
    roles |= dict.fromkeys(filter(None, (schema.order_time_name, schema.time_name)), types.time)
    roles |= dict.fromkeys(schema.tab_fields, types.number)
    return roles
