from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from names3risk.errors import ArtifactError, DataError
from names3risk.features.risk_tables import RiskTables, Smoothing, out_of_fold

ROWS = st.lists(st.tuples(st.sampled_from(["a", "b", "c", None]), st.integers(0, 1)), min_size=2, max_size=25)
SMOOTHING = st.builds(Smoothing, st.sampled_from([0.0, 0.1, 0.5, 2.0]), st.integers(0, 4))


def reference(rows: list[tuple[str | None, int]], category: str | None, smoothing: Smoothing) -> float:
    """The risk of one category, straight from its definition."""
    p = sum(label for _, label in rows) / len(rows)
    n = sum(value == category for value, _ in rows)
    pos = sum(label for value, label in rows if value == category)
    s = math.floor(len(rows) * smoothing.smooth_factor)
    if category is None or n == 0 or n < smoothing.count_threshold:
        return p
    return (pos + s * p) / (n + s)


def frame_of(rows) -> tuple[pl.DataFrame, np.ndarray]:
    values, labels = zip(*rows, strict=True)
    return pl.DataFrame({"c": values}, schema={"c": pl.String}), np.array(labels)


@settings(max_examples=80, deadline=None)
@given(ROWS, SMOOTHING)
def test_risks_agree_with_the_definition(rows, smoothing):
    frame, labels = frame_of(rows)
    tables = RiskTables.fit(frame, ["c"], labels, 2, smoothing)
    asked = ["a", "b", "c", None, "unseen"]
    found = tables.transform(pl.DataFrame({"c": asked}, schema={"c": pl.String}))["c"]
    assert found == pytest.approx([reference(rows, value, smoothing) for value in asked])


@settings(max_examples=60, deadline=None)
@given(ROWS, SMOOTHING, st.integers(2, 6), st.integers(0, 3))
def test_training_rows_are_encoded_by_the_other_folds(rows, smoothing, folds, seed):
    frame, labels = frame_of(rows)
    found = out_of_fold(frame, ["c"], labels, 2, smoothing, folds, seed)["c"]
    fold = np.random.default_rng(seed).permutation(len(rows)) % min(folds, len(rows))
    for index, (value, _) in enumerate(rows):
        others = [row for place, row in enumerate(rows) if fold[place] != fold[index]]
        assert found[index] == pytest.approx(reference(others, value, smoothing))


def test_a_row_s_own_label_never_reaches_its_encoding():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, 200)
    frame = pl.DataFrame({"c": [f"only {index}" for index in range(200)]})
    encoded = out_of_fold(frame, ["c"], labels, 2, Smoothing(), 5, 0)["c"]
    leaking = RiskTables.fit(frame, ["c"], labels, 2, Smoothing()).transform(frame)["c"]
    assert np.array_equal(leaking, labels)
    # The rate of the other folds is a little lower for a positive row; it tells nothing else.
    assert len(np.unique(encoded)) <= 5
    changed = labels.copy()
    changed[17] = 1 - changed[17]
    assert out_of_fold(frame, ["c"], changed, 2, Smoothing(), 5, 0)["c"][17] == encoded[17]


def test_folds_are_decided_by_the_seed():
    frame = pl.DataFrame({"c": ["a", "b"] * 50})
    labels = np.arange(100) % 3 == 0
    first, again, other = (out_of_fold(frame, ["c"], labels, 2, Smoothing(), 5, seed)["c"] for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_several_classes_have_a_table_each_but_the_first():
    labels = np.array([0, 1, 2, 2, 0, 1])
    frame = pl.DataFrame({"c": ["a", "a", "a", "b", "b", "b"]})
    tables = RiskTables.fit(frame, ["c"], labels, 3, Smoothing())
    risks = tables.transform(frame)
    assert list(risks) == ["c_class_1", "c_class_2"]
    assert risks["c_class_2"] == pytest.approx([1 / 3] * 6)
    again = RiskTables.from_json(tables.to_json(), "f")
    assert again.tables == tables.tables
    assert list(out_of_fold(frame, ["c"], labels, 3, Smoothing(), 3, 0)) == list(risks)


def test_the_saved_form_is_the_documented_one():
    frame, labels = frame_of([("a", 1), ("a", 0), ("b", 0), (None, 0)])
    assert RiskTables.fit(frame, ["c"], labels, 2, Smoothing()).to_json() == {
        "c": {"bins": {"a": 0.5, "b": 0.0}, "default_bin": 0.25}
    }


def test_a_field_without_any_value_has_the_overall_rate():
    frame, labels = frame_of([(None, 1), (None, 0)])
    tables = RiskTables.fit(frame, ["c"], labels, 2, Smoothing())
    assert tables.transform(frame)["c"] == pytest.approx([0.5, 0.5])
    assert out_of_fold(frame, ["c"], labels, 2, Smoothing(), 2, 0)["c"] == pytest.approx([0.0, 1.0])


@pytest.mark.parametrize(
    "value",
    [[], {"c": {}}, {"c": {"bins": [], "default_bin": 0}}, {"c": {"bins": {"a": "x"}, "default_bin": 0}}],
)
def test_what_is_no_map_of_risks_is_refused(value):
    with pytest.raises(ArtifactError, match=r"risk\.json: not a risk table map; expected"):
        RiskTables.from_json(value, "risk.json")


def test_too_few_rows_are_an_error():
    frame, labels = frame_of([("a", 1), ("b", 0)])
    with pytest.raises(DataError, match="two folds"):
        out_of_fold(frame.head(1), ["c"], labels[:1], 2, Smoothing(), 5, 0)
    with pytest.raises(DataError, match="training rows"):
        RiskTables.fit(frame.head(0), ["c"], labels[:0], 2, Smoothing())
