"""Metrics agree with torchmetrics, and what cannot be computed is named, never a number."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torchmetrics.functional import classification as reference

from names3risk.errors import DataError
from names3risk.evaluation import evaluate

BINARY = {"auroc", "average_precision", "f1", "precision", "recall", "accuracy", "recall_at_1pct_fpr"}


def binary(scores):
    scores = np.asarray(scores, dtype=np.float32)
    return np.stack([1 - scores, scores], axis=1)


def sample(rows=400, seed=0):
    random = np.random.default_rng(seed)
    labels = (random.random(rows) < 0.3).astype(np.int64)
    scores = 1 / (1 + np.exp(-(random.normal(size=rows) + 2 * labels - 1)))
    return labels, np.round(scores, 2)


def test_binary_metrics_equal_torchmetrics():
    labels, scores = sample()
    found = evaluate(labels, binary(scores)).overall
    given = torch.from_numpy(scores), torch.from_numpy(labels)
    expected = {
        "auroc": reference.binary_auroc(*given),
        "average_precision": reference.binary_average_precision(*given),
        "f1": reference.binary_f1_score(*given),
        "precision": reference.binary_precision(*given),
        "recall": reference.binary_recall(*given),
        "accuracy": reference.binary_accuracy(*given),
        "recall_at_1pct_fpr": reference.binary_sensitivity_at_specificity(*given, 0.99)[0],
    }
    assert found.values == pytest.approx({name: float(value) for name, value in expected.items()}, abs=1e-6)
    assert found.not_computed == {}
    assert found.rows_per_class == [(labels == 0).sum(), (labels == 1).sum()]


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 1), st.integers(0, 20)), min_size=2, max_size=150).filter(
        lambda rows: {label for label, _ in rows} == {0, 1}
    )
)
def test_recall_at_one_percent_is_the_best_threshold_that_keeps_the_rate(rows):
    labels = np.array([label for label, _ in rows])
    scores = np.array([score for _, score in rows]) / 20
    recalls = [0.0]
    for threshold in np.unique(scores):
        called = scores >= threshold
        if (called & (labels == 0)).sum() * 100 <= (labels == 0).sum():
            recalls.append((called & (labels == 1)).sum() / (labels == 1).sum())
    found = evaluate(labels, binary(scores)).overall.values["recall_at_1pct_fpr"]
    assert found == pytest.approx(max(recalls), abs=1e-6)


def test_one_false_positive_in_a_hundred_still_counts_as_one_percent():
    scores = np.concatenate([np.linspace(0, 0.5, 100), [0.499, 0.9]])
    labels = np.array([0] * 100 + [1, 1])
    assert evaluate(labels, binary(scores)).overall.values["recall_at_1pct_fpr"] == 1.0


def test_the_score_is_the_probability_of_class_1():
    labels = np.array([0, 0, 1, 1])
    assert evaluate(labels, binary([0.1, 0.2, 0.8, 0.9])).overall.values["auroc"] == 1.0
    assert evaluate(labels, binary([0.9, 0.8, 0.2, 0.1])).overall.values["auroc"] == 0.0


RANKING = {"auroc", "average_precision", "recall_at_1pct_fpr"}


@pytest.mark.parametrize(("label", "absent"), [(0, RANKING | {"f1", "recall"}), (1, RANKING)])
def test_one_class_only_leaves_metrics_out_with_the_reason(label, absent):
    found = evaluate(np.full(5, label), binary([0.1, 0.2, 0.6, 0.7, 0.8])).overall
    assert set(found.not_computed) == absent
    assert set(found.values) == BINARY - absent
    assert f"all 5 rows are of class {label}" in found.not_computed["auroc"]


def test_precision_without_any_positive_call_is_not_zero():
    found = evaluate(np.array([0, 1]), binary([0.1, 0.2])).overall
    assert found.not_computed["precision"] == "no score is above 0.5"
    assert found.values["recall"] == 0.0
    assert found.values["f1"] == 0.0


def test_each_marketplace_is_measured_on_its_own_rows():
    labels, scores = sample()
    marketplaces = ["US", "DE", None, "US"] * 100
    found = evaluate(labels, binary(scores), marketplaces)
    assert list(found.by_marketplace) == ["(missing)", "DE", "US"]
    rows = np.array([name == "US" for name in marketplaces])
    assert found.by_marketplace["US"].values["auroc"] == pytest.approx(
        reference.binary_auroc(torch.from_numpy(scores[rows]), torch.from_numpy(labels[rows])).item(), abs=1e-6
    )


def test_a_marketplace_with_one_class_is_named_with_the_reason():
    labels = np.array([0, 1, 0, 0])
    found = evaluate(labels, binary([0.2, 0.7, 0.1, 0.3]), ["US", "US", "JP", "JP"]).to_json()
    japan = found["by_marketplace"]["JP"]
    assert "auroc" not in japan["metrics"]
    assert "class 0" in japan["not_computed"]["auroc"]
    assert japan["rows"] == 2
    assert japan["positives"] == 0
    assert found["metrics"]["auroc"] == 1.0
    assert (found["rows"], found["positives"]) == (4, 1)


def test_multiclass_metrics_are_the_mean_over_classes():
    random = np.random.default_rng(1)
    labels = random.integers(0, 3, 300)
    probabilities = random.dirichlet(np.ones(3), 300) + np.eye(3)[labels]
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    found = evaluate(labels, probabilities).overall
    given = torch.from_numpy(probabilities), torch.from_numpy(labels), 3
    expected = {
        "auroc": reference.multiclass_auroc(*given),
        "average_precision": reference.multiclass_average_precision(*given),
        "f1": reference.multiclass_f1_score(*given),
        "precision": reference.multiclass_precision(*given),
        "recall": reference.multiclass_recall(*given),
        "accuracy": reference.multiclass_accuracy(*given, average="micro"),
        "recall_at_1pct_fpr": reference.multiclass_sensitivity_at_specificity(*given, 0.99)[0].mean(),
    }
    assert found.values == pytest.approx({name: float(value) for name, value in expected.items()}, abs=1e-5)
    assert "positives" not in found.to_json()


def test_a_class_without_rows_is_named():
    labels = np.array([0, 1, 0, 1])
    found = evaluate(labels, np.full((4, 3), 1 / 3)).overall
    assert "no row is of class 2" in found.not_computed["auroc"]
    assert "accuracy" in found.values


def test_a_probability_a_hair_above_one_changes_nothing():
    labels, scores = sample()
    exact = evaluate(labels, binary(scores)).overall.values
    scores = scores.copy()
    scores[scores.argmax()] = 1.0
    above = binary(scores)
    above[scores.argmax(), 1] = np.nextafter(np.float32(1), np.float32(2))
    assert evaluate(labels, above).overall.values["accuracy"] == exact["accuracy"]


@pytest.mark.parametrize(
    ("labels", "probabilities", "message"),
    [
        (np.array([], dtype=int), np.empty((0, 2)), "no rows"),
        (np.array([0, 2]), np.full((2, 2), 0.5), "label 2 in row 1"),
        (np.array([0, -1]), np.full((2, 2), 0.5), "label -1 in row 1"),
        (np.array([0, 1]), np.array([[0.5, 0.5], [np.nan, 0.5]]), "row 1 are not finite"),
        (np.array([0, 1, 1]), np.full((2, 2), 0.5), "shape"),
    ],
)
def test_unfit_input_is_named(labels, probabilities, message):
    with pytest.raises(DataError, match=message):
        evaluate(labels, probabilities)


def test_marketplaces_of_another_length_are_refused():
    with pytest.raises(DataError, match="1 marketplaces for 2 rows"):
        evaluate(np.array([0, 1]), binary([0.1, 0.9]), ["US"])
