"""The XGBoost model of a serving container; the other handlers are those of every model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from names3risk.boosting.predictor import XGBoostPredictor
from names3risk.serving.handlers import ServedModel, load_calibration


def model_fn(model_dir: str | Path, context: Any = None) -> ServedModel:
    """Loads the model of a container, with its calibration where it has one.

    Args:
        model_dir: `/opt/ml/model` in a container.
        context: What newer containers pass beside it; not used.

    Raises:
        ArtifactError: A file is missing, broken, or does not fit the others.
    """
    predictor = XGBoostPredictor.of_folder(model_dir)
    return ServedModel(predictor, load_calibration(model_dir, predictor.artifacts.hyperparameters.num_classes))
