from __future__ import annotations

import statistics

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from names3risk.errors import ArtifactError, ConfigError, DataError
from names3risk.features.numeric import Imputer, NumericScale

FIELDS = ("amount", "visits")


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        ("mean", {"amount": 27.25, "visits": 1.8}),
        ("median", {"amount": 4.0, "visits": 2.0}),
        ("mode", {"amount": 4.0, "visits": 1.0}),
        ("constant", {"amount": -1.0, "visits": -1.0}),
    ],
)
def test_values_are_those_of_the_rows_that_have_one(train, method, expected):
    imputer = Imputer.fit(train, FIELDS, method, constant=-1.0)
    assert imputer.values == pytest.approx(expected)
    assert list(imputer.values) == list(FIELDS)


NUMBERS = st.lists(st.one_of(st.none(), st.integers(-100, 100).map(float)), min_size=1, max_size=20)


@settings(max_examples=60, deadline=None)
@given(NUMBERS, st.sampled_from(["mean", "median", "mode"]))
def test_imputation_agrees_with_a_slow_reference(values, method):
    known = [value for value in values if value is not None]
    frame = pl.DataFrame({"x": values}, schema={"x": pl.Float64})
    if not known:
        with pytest.raises(DataError, match="'x'"):
            Imputer.fit(frame, ["x"], method)
        return
    reference = {
        "mean": lambda: statistics.fmean(known),
        "median": lambda: statistics.median(known),
        "mode": lambda: min(statistics.multimode(known)),
    }[method]()
    imputer = Imputer.fit(frame, ["x"], method)
    assert imputer.values["x"] == pytest.approx(reference)
    filled = imputer.transform(frame)["x"].to_list()
    assert filled == pytest.approx([reference if value is None else value for value in values])


@pytest.mark.parametrize("dtype", [pl.Float32, pl.Int8, pl.UInt64, pl.Decimal(10, 2)])
def test_numbers_of_any_type_are_filled_in(dtype):
    frame = pl.DataFrame({"y": pl.Series([1, None, 100], dtype=dtype), "x": [float("nan"), -0.0, float("-inf")]})
    imputer = Imputer({"x": 0.1, "y": 1e300})
    assert imputer.transform(frame).rows() == [(0.1, 1.0), (-0.0, 1e300), (0.1, 100.0)]
    assert imputer.transform(frame, single=True)["x"].to_list() == [np.float32(0.1), 0.0, np.float32(0.1)]


def test_fields_without_any_value_are_all_named(train):
    empty = train.with_columns(amount=None, visits=None).cast({"amount": pl.Float64, "visits": pl.Float64})
    with pytest.raises(DataError, match="no training row has a value in 'amount', 'visits'"):
        Imputer.fit(empty, FIELDS)
    assert Imputer.fit(empty, FIELDS, "constant").values == {"amount": 0.0, "visits": 0.0}


def test_unknown_methods_are_refused(train):
    with pytest.raises(ConfigError, match="unknown imputation 'average'; expected one of mean, median"):
        Imputer.fit(train, FIELDS, "average")
    with pytest.raises(ConfigError, match="unknown numeric transform 'log'"):
        NumericScale.fit(train, FIELDS, "log")


@pytest.mark.parametrize("value", [[], {"a": "1"}, {"a": None}, {"a": True}, 3])
def test_what_is_no_table_of_values_is_refused(value):
    with pytest.raises(ArtifactError, match=r"impute\.json: not a table of imputation values"):
        Imputer.from_json(value, "impute.json")


class TestScale:
    values = np.array([-1e6, -1.0, 0.0, 0.5, 3.0, 1e9])

    def test_none_changes_nothing(self):
        assert NumericScale().transform(self.values, "x") == pytest.approx(self.values)

    def test_signed_log_keeps_sign_and_order_and_draws_tails_in(self):
        scaled = NumericScale("signed_log").transform(self.values, "x")
        assert scaled == pytest.approx(np.sign(self.values) * np.log1p(np.abs(self.values)))
        assert (np.diff(scaled) > 0).all()

    def test_quantiles_make_any_shape_normal(self):
        heavy = np.exp(3 * np.random.default_rng(0).normal(size=20_000))
        scale = NumericScale.fit(pl.DataFrame({"x": heavy}), ["x"], "quantile")
        scaled = scale.transform(heavy, "x")
        assert abs(scaled.mean()) < 0.02
        assert abs(scaled.std() - 1) < 0.05
        assert scale.transform(np.array([-5.0, 1e30]), "x") == pytest.approx([scaled.min(), scaled.max()])

    def test_equal_values_have_equal_scores(self):
        values = pl.DataFrame({"x": [0.0] * 90 + [1.0] * 10})
        scale = NumericScale.fit(values, ["x"], "quantile")
        low, high = scale.transform(np.array([0.0, 1.0]), "x")
        assert low < 0 < high

    def test_the_result_fits_float32(self):
        assert np.isfinite(NumericScale().transform(np.array([1e300, -1e300]), "x").astype(np.float32)).all()

    def test_a_saved_scale_is_the_same(self):
        scale = NumericScale.fit(pl.DataFrame({"x": [1.0, 5.0, None, 7.0]}), ["x"], "quantile")
        assert NumericScale.from_json(scale.to_json(), "f") == scale
        with pytest.raises(ArtifactError, match="not a numeric transform"):
            NumericScale.from_json({"method": "none"}, "f")
