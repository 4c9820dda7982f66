"""The metrics that the training scripts print, as SageMaker reads them from the log."""

from __future__ import annotations

from collections.abc import Mapping

_NUMBER = "(-?[0-9]+(?:\\.[0-9]+)?(?:e[-+]?[0-9]+)?)"

PYTORCH_TRAINING_METRICS: Mapping[str, str] = {
    name: rf"\b{name} {_NUMBER}"
    for name in ("train_loss", "val_loss", "val_auroc", "val_average_precision", "val_accuracy")
}
"""Name to regular expression: a line a validation, `epoch 3, step 69: val_loss 0.2208, val_auroc 0.7638, ...`."""

XGBOOST_TRAINING_METRICS: Mapping[str, str] = {"val_loss": rf"\bval_m?logloss={_NUMBER}"}
"""Name to regular expression: a line every few rounds, `round 10: train_logloss=0.412233 val_logloss=0.433211`."""
