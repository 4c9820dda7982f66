"""How far probabilities are from the rates that they promise: ECE, MCE, Brier score and their picture.

More than two classes: each class against the rest; ECE is the mean over the classes, MCE the largest, Brier the sum.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from names3risk.errors import DataError

BINS = 10


class Bin(NamedTuple):
    """The rows whose score lies in one of the equally wide bins."""

    rows: int
    mean_score: float
    rate: float


class Reliability(NamedTuple):
    """How well probabilities keep their promise.

    Args:
        ece: Expected calibration error: the mean distance of score and rate over the bins, weighed by their rows.
        mce: Maximum calibration error: the largest distance of a bin that holds rows.
        brier: Mean squared distance of probability and outcome.
        bins: The bins of each class that hold rows, from low to high scores; two classes: of class 1 alone.
    """

    ece: float
    mce: float
    brier: float
    bins: list[list[Bin]]

    def to_json(self) -> dict[str, object]:
        """The three numbers and the bins."""
        bins = [[item._asdict() for item in curve] for curve in self.bins]
        return {"ece": self.ece, "mce": self.mce, "brier": self.brier, "bins": bins}


def reliability(labels: npt.ArrayLike, probabilities: npt.ArrayLike, bins: int = BINS) -> Reliability:
    """Compares probabilities with outcomes.

    Args:
        labels: True classes 0..K-1, `(N,)`.
        probabilities: Class probabilities, `(N, K)`.
        bins: The number of bins, equally wide; a score of 1 is in the last.

    Raises:
        DataError: There are no rows, or the shapes do not fit.
    """
    classes, values = np.asarray(labels).astype(np.int64), np.asarray(probabilities, dtype=np.float64)
    if values.ndim != 2 or values.shape[1] < 2 or classes.shape != values.shape[:1] or not len(classes):
        raise DataError(
            f"labels of shape {classes.shape} and probabilities of shape {values.shape}",
            expected="(N,) and (N, K) with rows and at least 2 classes",
        )
    positions = [1] if values.shape[1] == 2 else list(range(values.shape[1]))
    curves = [_bins((classes == k).astype(np.float64), values[:, k], bins) for k in positions]
    gaps = [[abs(item.mean_score - item.rate) for item in curve] for curve in curves]
    weights = [[item.rows / len(classes) for item in curve] for curve in curves]
    errors = [float(np.dot(gap, weight)) for gap, weight in zip(gaps, weights, strict=True)]
    briers = [float(((values[:, k] - (classes == k)) ** 2).mean()) for k in positions]
    return Reliability(float(np.mean(errors)), max(max(gap) for gap in gaps), float(np.sum(briers)), curves)


def save_reliability_picture(path: str | Path, results: Mapping[str, Reliability], title: str) -> None:
    """Draws rate over mean score, one line a result and class; a perfect calibration lies on the diagonal.

    Args:
        path: The PNG file.
        results: Name to result, for instance `before` and `after`.
        title: What the rows are.
    """
    from names3risk.evaluation.curves import picture_axes, save_figure

    figure, axes = picture_axes(title, "Mean score", "Share of rows of the class")
    axes.plot([0, 1], [0, 1], color="0.6", linewidth=1, linestyle="--", label="perfect")
    for name, result in results.items():
        for index, curve in enumerate(result.bins):
            shown = name if len(result.bins) == 1 else f"{name}, class {index}"
            axes.plot(
                [item.mean_score for item in curve],
                [item.rate for item in curve],
                marker="o",
                label=f"{shown}: ECE {result.ece:.3f}",
            )
    axes.legend(loc="upper left", fontsize=9, framealpha=0.9)
    save_figure(figure, path)


def _bins(positive: npt.NDArray[np.float64], scores: npt.NDArray[np.float64], bins: int) -> list[Bin]:
    index = np.clip((scores * bins).astype(np.int64), 0, bins - 1)
    rows = np.bincount(index, minlength=bins)
    held = np.flatnonzero(rows)
    means = np.bincount(index, scores, bins)[held] / rows[held]
    rates = np.bincount(index, positive, bins)[held] / rows[held]
    return [Bin(int(n), float(mean), float(rate)) for n, mean, rate in zip(rows[held], means, rates, strict=True)]
