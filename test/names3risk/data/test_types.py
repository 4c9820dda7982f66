"""The same text form, number and time from every kind of file."""

from __future__ import annotations

from datetime import UTC, date, datetime

import narwhals as nw
import pandas as pd
import polars as pl
import pytest

from names3risk.data import types
from names3risk.data.canonical import canonical_value

NOON = datetime(2024, 3, 1, 12, tzinfo=UTC)


def typed(role, values, dtype=None) -> list:
    series = pl.Series("x", values, dtype=dtype)
    table = nw.from_native(pl.DataFrame(series))
    return table.select(role("x", table.schema["x"])).to_native()["x"].to_list()


@pytest.mark.parametrize(
    ("values", "dtype"),
    [
        ([1, 2, None], pl.Int64),
        ([1, 2, None], pl.UInt8),
        ([1.0, 2.0, None], pl.Float64),
        (["1", "2", None], pl.String),
        (["1.0", "2.00", ""], pl.String),
        (["1", "2", None], pl.Categorical),
    ],
)
def test_a_category_is_the_same_value_from_every_type(values, dtype):
    assert typed(types.category, values, dtype) == ["1", "2", None]


def test_categories_that_are_no_whole_numbers_keep_their_text():
    assert typed(types.category, ["v1.0", "1.50", "-3.0", "1.0.0", " a "]) == ["v1.0", "1.50", "-3", "1.0.0", " a "]
    assert typed(types.category, [True, False, None]) == ["true", "false", None]
    assert typed(types.category, [1.5, -2.0]) == ["1.5", "-2"]


@pytest.mark.parametrize("value", [1, 1.0, "1", "1.0", True, False, "x", -2.0, 2.5, "v1.0"])
def test_a_declared_value_has_the_form_that_the_column_has(value):
    assert typed(types.category, [value]) == [canonical_value(value)]


def test_text_is_never_coerced():
    texts = ["1.0", "NA", "null", "nan", "-1", "Zoë", " x ", "|", "[MISSING]"]
    assert typed(types.text, texts) == texts
    assert typed(types.text, ["", "  ", None]) == [None, None, None]


def test_numbers_from_text_and_what_counts_as_missing():
    numbers = ["1", " 1.5 ", "-2e3", "+4", ".5", "5.", "1E-2"]
    assert typed(types.number, numbers) == [1, 1.5, -2000, 4, 0.5, 5, 0.01]
    missing = ["", " ", "NaN", "nan", "NA", "n/a", "null", "None", "inf", "-Infinity", None]
    assert typed(types.number, missing) == [None] * len(missing)


def test_nan_and_infinity_are_missing_numbers():
    assert typed(types.number, [1.0, float("nan"), float("inf"), None]) == [1.0, None, None, None]
    assert typed(types.number, [True, False, None]) == [1.0, 0.0, None]
    assert typed(types.number, [None, None], pl.Null) == [None, None]


@pytest.mark.parametrize(
    "text",
    [
        "2024-03-01T12:00:00Z",
        "2024-03-01 12:00:00",
        "2024-03-01 12:00",
        "2024-03-01T12:00:00.000000Z",
        "2024-03-01T13:00:00+01:00",
        "2024-03-01T06:30:00.0-0530",
        "2024-03-01 13:00 +0100",
        "1709294400",
        "1709294400.0",
        "1709294400000",
        "1709294400000000",
        " 1709294400000000000 ",
    ],
)
def test_times_in_text(text):
    assert typed(types.time, [text, None, ""]) == [NOON, None, None]


def test_fractions_of_a_second_and_plain_dates():
    assert typed(types.time, ["2024-03-01T12:00:00.123456Z"])[0].microsecond == 123456
    assert typed(types.time, ["2024-03-01"]) == [datetime(2024, 3, 1, tzinfo=UTC)]
    assert typed(types.time, ["1969-12-31T23:59:59.5Z"]) == [datetime(1969, 12, 31, 23, 59, 59, 500000, tzinfo=UTC)]


@pytest.mark.parametrize(
    "values",
    [
        pl.Series([NOON.replace(tzinfo=None)], dtype=pl.Datetime("ns")),
        pl.Series([NOON.replace(tzinfo=None)], dtype=pl.Datetime("ms")),
        pl.Series([NOON]).dt.convert_time_zone("Asia/Tokyo"),
        pl.Series([1709294400]),
        pl.Series([1709294400.0]),
    ],
)
def test_times_of_other_types(values):
    assert typed(types.time, values) == [NOON]
    assert typed(types.time, [date(2024, 3, 1), None]) == [datetime(2024, 3, 1, tzinfo=UTC), None]


def test_what_is_neither_a_number_nor_a_time_is_found():
    frame = nw.from_native(pl.DataFrame({"x": ["1", "1,5", None, "", "0x10", "NaN", "1 2"]}))
    assert frame.select(types.is_bad_number("x"))["x"].to_list() == [False, True, False, False, True, False, True]
    frame = nw.from_native(pl.DataFrame({"x": ["2024-01-01", "1.2.2024", None, "", "2024-01-01T10", "17"]}))
    assert frame.select(types.is_bad_time("x"))["x"].to_list() == [False, True, False, False, True, False]


@pytest.mark.parametrize("backend", ["numpy_nullable", "pyarrow", None])
@pytest.mark.parametrize("role", [types.text, types.category, types.number, types.time])
def test_pandas_gives_the_same(role, backend):
    texts = {
        types.number: ["1.5", "NA", None, " 3 ", "inf"],
        types.time: ["2024-03-01", "2024-03-01T13:00:00.5+01:00", None, "", "1709294400"],
    }.get(role, ["1.0", " ", None, "Zoë", "2.50"])
    expected = typed(role, texts)
    frame = pd.DataFrame({"x": texts})
    if backend:
        frame = frame.convert_dtypes(dtype_backend=backend)
    table = nw.from_native(frame, eager_only=True)
    found = pl.from_pandas(table.select(role("x", table.schema["x"])).to_native())["x"]
    assert found.to_list() == expected
