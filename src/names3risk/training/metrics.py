"""Validation metrics; one that cannot be computed is named with the reason, never reported as a number."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from torchmetrics import MetricCollection
from torchmetrics.classification import (
    BinaryAccuracy,
    BinaryAUROC,
    BinaryAveragePrecision,
    MulticlassAccuracy,
    MulticlassAUROC,
    MulticlassAveragePrecision,
)

HIGHER_IS_BETTER = {"val_loss": False, "val_auroc": True, "val_average_precision": True, "val_accuracy": True}
RANKING = ("val_auroc", "val_average_precision")


def not_computable(labels: npt.NDArray[np.int64], num_classes: int) -> dict[str, str]:
    """Metrics that cannot be computed on these labels `(N,)`, each with the reason."""
    absent = sorted(set(range(num_classes)) - set(np.unique(labels).tolist()))
    if not absent:
        return {}
    reason = f"no validation row has class {', '.join(map(str, absent))}"
    return dict.fromkeys(RANKING, reason)


def build_metrics(num_classes: int, left_out: dict[str, str]) -> MetricCollection:
    """Metrics that take probabilities and labels, under the names that are logged.

    Args:
        num_classes: Two classes are measured on the probability of class 1, more as the mean over classes.
        left_out: Metrics that cannot be computed.
    """
    if num_classes == 2:
        metrics = {
            "val_auroc": BinaryAUROC(),
            "val_average_precision": BinaryAveragePrecision(),
            "val_accuracy": BinaryAccuracy(),
        }
    else:
        metrics = {
            "val_auroc": MulticlassAUROC(num_classes),
            "val_average_precision": MulticlassAveragePrecision(num_classes),
            "val_accuracy": MulticlassAccuracy(num_classes, average="micro"),
        }
    return MetricCollection({name: metric for name, metric in metrics.items() if name not in left_out})
