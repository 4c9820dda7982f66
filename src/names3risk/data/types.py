"""The type that each role gives its column, as Narwhals expressions that mean the same on every kind of table."""

from __future__ import annotations

import narwhals as nw
from narwhals.dtypes import DType

from names3risk.data.canonical import WHOLE_NUMBER

MISSING_NUMBERS = ("", "nan", "na", "n/a", "null", "none", "inf", "+inf", "-inf", "infinity", "-infinity")
"""What stands for a missing number in text, in lower case; infinities count as missing."""

NUMBER = r"^[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$"
TIME = (
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?(?:Z| ?[+-][0-9]{2}:?[0-9]{2})?)?$"
    r"|^-?[0-9]+(?:\.[0-9]+)?$"
)
"""ISO 8601, or the seconds (milli-, micro-, nanoseconds, by magnitude) since 1970."""

_OFFSET = r" ?[+-][0-9]{2}:?[0-9]{2}$"
_MICROSECONDS = 1_000_000
_UTC_TIME = nw.Datetime("us", "UTC")


def text(name: str, dtype: DType) -> nw.Expr:
    """A text column: strings as they are, empty or blank ones missing."""
    value = nw.col(name) if dtype == nw.String else nw.col(name).cast(nw.String)
    if dtype == nw.Boolean:
        value = value.str.to_lowercase()
    return nw.when(value.str.strip_chars() != "").then(value).alias(name)


def category(name: str, dtype: DType) -> nw.Expr:
    """A column of ids or categories: like text, but 1, 1.0, "1" and "1.0" are one value."""
    value = text(name, dtype)
    if dtype.is_integer() or dtype == nw.Boolean:
        return value
    whole = value.str.contains(WHOLE_NUMBER)
    return nw.when(whole).then(value.str.replace_all(r"\.0+$", "")).otherwise(value).alias(name)


def number(name: str, dtype: DType) -> nw.Expr:
    """A numeric column: Float64, with NaN and infinities missing."""
    value = nw.col(name)
    if dtype == nw.String:
        value = nw.when(~_is_missing_number(value)).then(value.str.strip_chars())
    value = value.cast(nw.Float64)
    return nw.when(value.is_finite()).then(value).alias(name)


def time(name: str, dtype: DType) -> nw.Expr:
    """A time column: microseconds in UTC; a time without offset counts as UTC, a date as its midnight."""
    value = nw.col(name)
    if isinstance(dtype, nw.Datetime):
        if dtype.time_zone is None:
            return value.cast(nw.Datetime("us")).dt.replace_time_zone("UTC").alias(name)
        return value.dt.convert_time_zone("UTC").cast(_UTC_TIME).alias(name)
    if dtype == nw.Date:
        return value.cast(nw.Datetime("us")).dt.replace_time_zone("UTC").alias(name)
    if dtype != nw.String:
        return _from_epoch(value.cast(nw.Float64)).alias(name)
    value = value.str.strip_chars()
    value = nw.when(value != "").then(value)
    is_number = value.str.contains(NUMBER)
    epoch = _from_epoch(nw.when(is_number).then(value).cast(nw.Float64))
    return nw.when(is_number).then(epoch).otherwise(_from_iso(nw.when(~is_number).then(value))).alias(name)


def is_bad_number(name: str) -> nw.Expr:
    """Where a string column holds something that is neither a number nor missing."""
    value = nw.col(name)
    bad = ~value.str.strip_chars().str.contains(NUMBER) & ~_is_missing_number(value)
    return (bad & ~value.is_null()).fill_null(False)


def is_bad_time(name: str) -> nw.Expr:
    """Where a string column holds something that is neither a time nor missing."""
    value = nw.col(name).str.strip_chars()
    return (~value.str.contains(TIME) & (value != "")).fill_null(False)


def _is_missing_number(value: nw.Expr) -> nw.Expr:
    return value.str.strip_chars().str.to_lowercase().is_in(MISSING_NUMBERS)


def _from_epoch(value: nw.Expr) -> nw.Expr:
    """Microseconds from seconds, milli-, micro- or nanoseconds, whichever the magnitude says."""
    size = value.abs()
    factor = (
        nw.when(size < 1e11)
        .then(nw.lit(1e6))
        .otherwise(nw.when(size < 1e14).then(nw.lit(1e3)).otherwise(nw.when(size < 1e17).then(1.0).otherwise(1e-3)))
    )
    return _from_microseconds(value * factor)


def _from_iso(value: nw.Expr) -> nw.Expr:
    local = value.str.replace_all("T", " ", literal=True).str.replace_all("Z", "", literal=True)
    has_zone = local.str.contains(_OFFSET) & (local.str.len_chars() > 10)
    zone = nw.when(has_zone).then(local.str.tail(6)).str.replace_all(":", "", literal=True).str.tail(5)
    size = zone.str.slice(1, 2).cast(nw.Float64) * 3600 + zone.str.slice(3, 2).cast(nw.Float64) * 60
    offset = nw.when(zone.str.starts_with("-")).then(-size).otherwise(size).fill_null(0.0)
    local = nw.when(has_zone).then(local.str.replace_all(_OFFSET, "")).otherwise(local)
    has_fraction = local.str.contains(".", literal=True)
    fraction = nw.when(has_fraction).then(local.str.slice(19)).cast(nw.Float64).fill_null(0.0)
    length = local.str.len_chars()
    to_the_minute = nw.when(length == 16).then(nw.lit(":00")).otherwise(nw.lit(""))
    rest = nw.when(length == 10).then(nw.lit(" 00:00:00")).otherwise(to_the_minute)
    clock = nw.concat_str(local.str.slice(0, 19), rest).str.to_datetime(format="%Y-%m-%d %H:%M:%S")
    seconds = clock.dt.timestamp("ms").cast(nw.Float64) / 1000 - offset
    return _from_microseconds(seconds * _MICROSECONDS + (fraction * _MICROSECONDS).round())


def _from_microseconds(value: nw.Expr) -> nw.Expr:
    moment = value.fill_null(0.0).cast(nw.Int64).cast(nw.Datetime("us")).dt.replace_time_zone("UTC")
    return nw.when(~value.is_null()).then(moment)
