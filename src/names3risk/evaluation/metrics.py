"""The metrics of a classifier, overall and per marketplace; what cannot be computed is named with its reason.

Two classes: the score is P(class 1) and a row is called positive when the score is above 0.5. More classes: each
metric is computed one class against the rest and averaged over the classes (macro); accuracy counts the rows
whose most probable class is the true one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from names3risk.errors import DataError
from names3risk.evaluation.grouping import Marketplaces

METRICS = ("auroc", "average_precision", "recall_at_1pct_fpr", "f1", "precision", "recall", "accuracy")
"""Every metric, in the order in which they are shown."""

MAX_FALSE_POSITIVE_RATE = 0.01

FloatArray = NDArray[np.floating[Any]]
IntArray = NDArray[np.integer[Any]]


@dataclass(frozen=True)
class Metrics:
    """The metrics of one group of rows.

    Args:
        values: Metric name to value.
        not_computed: Metric name to the reason why it has no value for these rows.
        rows_per_class: How many rows each class has.
    """

    values: dict[str, float]
    not_computed: dict[str, str]
    rows_per_class: list[int]

    def to_json(self) -> dict[str, Any]:
        """The metrics as `evaluation.json` holds them; `positives` only where there are two classes."""
        positives = {"positives": self.rows_per_class[1]} if len(self.rows_per_class) == 2 else {}
        return {
            "metrics": self.values,
            "not_computed": self.not_computed,
            "rows": sum(self.rows_per_class),
            **positives,
            "rows_per_class": self.rows_per_class,
        }


@dataclass(frozen=True)
class Evaluation:
    """The metrics of all rows and of each marketplace."""

    overall: Metrics
    by_marketplace: dict[str, Metrics] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """The whole evaluation as `evaluation.json` holds it."""
        marketplaces = {name: metrics.to_json() for name, metrics in self.by_marketplace.items()}
        return {**self.overall.to_json(), "by_marketplace": marketplaces}


def evaluate(
    labels: IntArray, probabilities: FloatArray, marketplaces: Marketplaces | Sequence[str | None] | None = None
) -> Evaluation:
    """Computes every metric over all rows and for each marketplace.

    Args:
        labels: True classes 0..K-1, shape `(N,)`.
        probabilities: Class probabilities, shape `(N, K)`.
        marketplaces: Marketplace of each row; rows without one form the group `(missing)`.

    Returns:
        The metrics; marketplaces in alphabetical order.

    Raises:
        DataError: The shapes do not fit, there are no rows, a label is no class, or a probability is none.
    """
    labels, probabilities = np.asarray(labels), np.asarray(probabilities)
    _check(labels, probabilities)
    # Rounding may leave a hair above 1.
    probabilities = np.clip(probabilities.astype(np.float64), 0.0, 1.0)
    by_marketplace = {}
    if marketplaces is not None:
        if not isinstance(marketplaces, Marketplaces):
            marketplaces = Marketplaces(marketplaces)
        if len(marketplaces) != len(labels):
            raise DataError(f"{len(marketplaces)} marketplaces for {len(labels)} rows", expected="one for each row")
        for name in sorted(marketplaces.counts()):
            rows = marketplaces.rows_of(name)
            by_marketplace[name] = _metrics(labels[rows], probabilities[rows])
    return Evaluation(_metrics(labels, probabilities), by_marketplace)


def _check(labels: IntArray, probabilities: FloatArray) -> None:
    if probabilities.ndim != 2 or labels.shape != probabilities.shape[:1] or probabilities.shape[1] < 2:
        raise DataError(
            f"labels of shape {labels.shape} and probabilities of shape {probabilities.shape}",
            expected="(N,) and (N, K) with K of at least 2",
        )
    if not len(labels):
        raise DataError("there are no rows to evaluate", expected="at least one labelled row")
    classes = probabilities.shape[1]
    unknown = np.flatnonzero((labels < 0) | (labels >= classes))
    if len(unknown):
        raise DataError(
            f"label {labels[unknown[0]]} in row {unknown[0]} ({len(unknown)} such rows)",
            expected=f"a class from 0 to {classes - 1}",
        )
    bad = np.flatnonzero(~np.isfinite(probabilities).all(axis=1))
    if len(bad):
        raise DataError(f"the probabilities of row {bad[0]} are not finite ({len(bad)} such rows)")


def _metrics(labels: IntArray, probabilities: FloatArray) -> Metrics:
    counts = np.bincount(labels, minlength=probabilities.shape[1]).tolist()
    values: dict[str, float] = {}
    reasons: dict[str, str] = {}
    compute = _binary if len(counts) == 2 else _multiclass
    for name, (metric, reason) in compute(labels, probabilities, counts).items():
        if reason:
            reasons[name] = reason
        else:
            values[name] = float(metric())
    return Metrics(values, reasons, counts)


Computation = dict[str, tuple[Callable[[], Any], str | None]]


def _binary(labels: IntArray, probabilities: FloatArray, counts: list[int]) -> Computation:
    from sklearn import metrics

    scores = probabilities[:, 1]
    called = scores > 0.5
    both = None if all(counts) else f"all {sum(counts)} rows are of class {int(counts[1] > 0)}; both classes are needed"
    no_positive = None if counts[1] else "no row is of class 1"
    no_called = None if called.any() else "no score is above 0.5"
    return {
        "auroc": (lambda: metrics.roc_auc_score(labels, scores), both),
        "average_precision": (lambda: metrics.average_precision_score(labels, scores), both),
        "f1": (lambda: metrics.f1_score(labels, called), no_positive),
        "precision": (lambda: metrics.precision_score(labels, called), no_called),
        "recall": (lambda: metrics.recall_score(labels, called), no_positive),
        "accuracy": (lambda: metrics.accuracy_score(labels, called), None),
        "recall_at_1pct_fpr": (lambda: _recall_at_false_positive_rate(labels, scores), both),
    }


def _multiclass(labels: IntArray, probabilities: FloatArray, counts: list[int]) -> Computation:
    from sklearn import metrics

    classes = range(len(counts))
    called = probabilities.argmax(axis=1)
    absent = [str(index) for index in classes if not counts[index]]
    every = f"no row is of class {', '.join(absent)}; every class is needed" if absent else None
    uncalled = [str(index) for index in classes if not (called == index).any()]
    no_called = f"class {', '.join(uncalled)} is no row's most probable class" if uncalled else None

    def against_the_rest(metric: Callable[[Any, FloatArray], float]) -> Callable[[], float]:
        return lambda: float(np.mean([metric(labels == index, probabilities[:, index]) for index in classes]))

    def over_classes(metric: Callable[..., float]) -> Callable[[], float]:
        return lambda: metric(labels, called, labels=list(classes), average="macro")

    return {
        "auroc": (against_the_rest(metrics.roc_auc_score), every),
        "average_precision": (against_the_rest(metrics.average_precision_score), every),
        "f1": (over_classes(metrics.f1_score), every),
        "precision": (over_classes(metrics.precision_score), no_called),
        "recall": (over_classes(metrics.recall_score), every),
        "accuracy": (lambda: metrics.accuracy_score(labels, called), None),
        "recall_at_1pct_fpr": (against_the_rest(_recall_at_false_positive_rate), every),
    }


def _recall_at_false_positive_rate(target: IntArray, scores: FloatArray) -> float:
    """The best recall of any threshold that calls at most `MAX_FALSE_POSITIVE_RATE` of the negative rows."""
    from sklearn.metrics import roc_curve

    false_positives, recalls, _ = roc_curve(target, scores, drop_intermediate=False)
    return float(recalls[false_positives <= MAX_FALSE_POSITIVE_RATE + 1e-12].max())
