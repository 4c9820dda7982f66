"""The type that each role gives its column, as Narwhals expressions that mean the same on every kind of table."""

from __future__ import annotations

import narwhals as nw
from narwhals.dtypes import DType

from names3risk.data.canonical import WHOLE_NUMBER

_WORDS = ("nan", "na", "n/a", "null", "none", "inf", "+inf", "-inf", "infinity", "-infinity")
MISSING_NUMBERS = ("", *_WORDS, *(form for word in _WORDS for form in (word.upper(), word.title())), "NaN")
"""What stands for a missing number in text; infinities count as missing."""

NUMBER = r"^[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$"
TIME = (
    r"^[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
    r"(?:[T ](?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:\.[0-9]+)?)?(?:Z| ?[+-][0-9]{2}:?[0-9]{2})?)?$"
    r"|^-?[0-9]+(?:\.[0-9]+)?$"
)
"""ISO 8601, or the seconds (milli-, micro-, nanoseconds, by magnitude) since 1970."""

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
        value = value.str.strip_chars()
        value = nw.when(~value.is_in(MISSING_NUMBERS)).then(value)
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
        return _moment(_epoch_microseconds(value.cast(nw.Float64))).alias(name)
    value = value.str.strip_chars()
    is_epoch = value.str.contains(NUMBER).fill_null(False)
    epoch = _epoch_microseconds(nw.when(is_epoch).then(value).cast(nw.Float64))
    iso = _iso_microseconds(nw.when(~is_epoch & (value != "").fill_null(False)).then(value))
    return _moment(nw.when(is_epoch).then(epoch).otherwise(iso)).alias(name)


def is_bad_number(name: str) -> nw.Expr:
    """Where a string column holds something that is neither a number nor missing."""
    value = nw.col(name).str.strip_chars()
    return (~value.str.contains(NUMBER) & ~value.is_in(MISSING_NUMBERS)).fill_null(False)


def is_bad_time(name: str) -> nw.Expr:
    """Where a string column holds something that is neither a time nor missing."""
    value = nw.col(name).str.strip_chars()
    return (~value.str.contains(TIME) & (value != "")).fill_null(False)


def _epoch_microseconds(value: nw.Expr) -> nw.Expr:
    """From seconds, milli-, micro- or nanoseconds, whichever the magnitude says."""
    size = value.abs()
    small = nw.when(size < 1e14).then(nw.lit(1e3)).otherwise(nw.when(size < 1e17).then(1.0).otherwise(1e-3))
    return value * nw.when(size < 1e11).then(nw.lit(1e6)).otherwise(small)


def _iso_microseconds(value: nw.Expr) -> nw.Expr:
    """From `YYYY-MM-DD[THH:MM[:SS[.fraction]][offset]]`, taken apart by position; what is absent is zero."""
    clock = nw.concat_str(value.str.slice(11, 5), nw.lit("00:00")).str.slice(0, 5)
    minute = nw.concat_str(value.str.slice(0, 10), clock, separator=" ").str.to_datetime(format="%Y-%m-%d %H:%M")
    second = value.str.slice(17).str.replace_all(r"(?:Z| ?[+-].*)$", "")
    zone = nw.concat_str(value.str.slice(16).str.replace_all("^[^+-]*|:", ""), nw.lit("+0000"))
    hours = zone.str.slice(0, 3).cast(nw.Float64)
    minutes = nw.concat_str(zone.str.slice(0, 1), zone.str.slice(3, 2)).cast(nw.Float64)
    seconds = nw.concat_str(nw.lit("0"), second).cast(nw.Float64) - hours * 3600 - minutes * 60
    return minute.dt.timestamp("ms").cast(nw.Float64) * 1000 + (seconds * _MICROSECONDS).round()


def _moment(microseconds: nw.Expr) -> nw.Expr:
    known = microseconds.fill_null(0.0).cast(nw.Int64).cast(nw.Datetime("us")).dt.replace_time_zone("UTC")
    return nw.when(~microseconds.is_null()).then(known)
