"""How far a measured AUROC may lie from the true one: intervals by resampling the test rows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

RESAMPLES, COVERED = 2000, 0.95

Scores = npt.NDArray[np.float64]


def resampled_auroc(labels: npt.NDArray[np.int64], runs: Sequence[Scores], seed: int = 0) -> npt.NDArray[np.float64]:
    """The mean AUROC of the runs on test rows drawn again with replacement (Efron 1979, the bootstrap).

    The same seed draws the same rows, so that two models can be compared on each draw.

    Args:
        labels: Classes 0 and 1, `(N,)`.
        runs: The scores of each run, `(N,)`.
        seed: Decides the draws.

    Returns:
        `(RESAMPLES,)`; draws without both classes are NaN.
    """
    random = np.random.default_rng(seed)
    groups = [np.unique(scores, return_inverse=True)[1] for scores in runs]
    found = np.empty(RESAMPLES)
    for index in range(RESAMPLES):
        weights = np.bincount(random.integers(0, len(labels), len(labels)), minlength=len(labels)).astype(np.float64)
        found[index] = np.mean([_auroc(labels, group, weights) for group in groups])
    return found


def interval(draws: npt.NDArray[np.float64]) -> tuple[float, float]:
    """The middle 95 % of the draws."""
    tail = (1 - COVERED) / 2
    low, high = np.nanquantile(draws, [tail, 1 - tail])
    return float(low), float(high)


def _auroc(labels: npt.NDArray[np.int64], group: npt.NDArray[np.int64], weights: npt.NDArray[np.float64]) -> float:
    """Weighted share of pairs in the right order, ties counted half; `group` is the rank of each row's score."""
    positive = np.bincount(group, weights * labels)
    negative = np.bincount(group, weights * (1 - labels), minlength=len(positive))
    below = np.cumsum(negative) - negative / 2
    pairs = positive.sum() * negative.sum()
    return float(positive @ below / pairs) if pairs else float("nan")
