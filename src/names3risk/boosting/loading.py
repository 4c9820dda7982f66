"""Model folders of either kind, for commands that take any."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from names3risk.artifacts.archive import model_folder
from names3risk.boosting.booster import MODEL_FILE
from names3risk.errors import ArtifactError, ConfigError

if TYPE_CHECKING:
    from names3risk.boosting.predictor import XGBoostPredictor
    from names3risk.serving.handlers import ServedModel
    from names3risk.serving.predictor import Predictor


def load_predictor(model: str | Path, backend: str = "onnx") -> Predictor | XGBoostPredictor:
    """Loads a network or an XGBoost model, whichever the folder holds.

    Args:
        model: A model folder, or its `model.tar.gz`.
        backend: See `Predictor.load`; XGBoost has none.

    Raises:
        ArtifactError: A file is missing or does not fit.
        ConfigError: A backend is asked for that the model does not have.
    """
    from names3risk.boosting.predictor import XGBoostPredictor
    from names3risk.serving.predictor import Predictor

    _refuse_results(model)
    with model_folder(model) as folder:
        if not (folder / MODEL_FILE).is_file():
            return Predictor.of_folder(folder, backend)
        _refuse_backend(model, backend)
        return XGBoostPredictor.of_folder(folder)


def load_served(model: str | Path, backend: str = "onnx", threads: int = 0) -> ServedModel:
    """Loads a network or an XGBoost model with its calibration; arguments and errors as for `load_predictor`.

    Args:
        model: A model folder, or its `model.tar.gz`.
        backend: See `Predictor.load`; XGBoost has none.
        threads: Threads of a request; 0: one a core.
    """
    from names3risk.boosting.predictor import XGBoostPredictor
    from names3risk.serving.handlers import ServedModel, load_calibration

    _refuse_results(model)
    with model_folder(model) as folder:
        if not (folder / MODEL_FILE).is_file():
            return ServedModel.of_folder(folder, backend, threads)
        _refuse_backend(model, backend)
        predictor = XGBoostPredictor.of_folder(folder)
        if threads:
            predictor.artifacts.booster.set_param({"nthread": threads})
        return ServedModel(predictor, load_calibration(folder, predictor.artifacts.hyperparameters.num_classes))


def _refuse_results(model: str | Path) -> None:
    inner = Path(model) / "model"
    if (inner / "hyperparameters.json").is_file():
        raise ArtifactError(
            "holds all that a training left",
            where=model,
            expected="the model alone",
            mend=f"name {inner}",
        )


def _refuse_backend(model: str | Path, backend: str) -> None:
    if backend != "onnx":
        raise ConfigError(
            f"backend {backend!r} is for networks", where=model, expected="no backend: this is an XGBoost model"
        )
