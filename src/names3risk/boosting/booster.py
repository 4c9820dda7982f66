"""XGBoost itself: a booster is trained, saved and loaded here."""

from __future__ import annotations

import difflib
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from names3risk.boosting.features import BoostingFeatures, Matrix
from names3risk.boosting.hyperparameters import XGBoostHyperparameters
from names3risk.errors import ArtifactError, ConfigError, DataError, Names3RiskError, TrainingError
from names3risk.evaluation.metrics import FloatArray, IntArray
from names3risk.files import replacing

if TYPE_CHECKING:
    from xgboost import Booster, DMatrix

logger = logging.getLogger(__name__)

MODEL_FILE = "xgboost_model.bst"
LOGGED_EVERY = 10
ROWS_OF_TRIAL = 64
_FORBIDDEN = "[]<"


def train_booster(
    train: DMatrix, val: DMatrix, hyperparameters: XGBoostHyperparameters, *, quiet: bool = False
) -> tuple[Booster, dict[str, dict[str, list[float]]]]:
    """Boosts rounds until `num_round`, or until validation rows stop improving.

    Args:
        train: Training rows.
        val: The rows that decide when to stop.
        hyperparameters: All parameters of XGBoost.
        quiet: Whether to say nothing of progress.

    Returns:
        The booster, whose rounds after the best one are cut off, so that every reader predicts with the best
        iteration; and each metric of `train` and `val` by round.

    Raises:
        ConfigError: XGBoost refuses a parameter, or has no use for it.
        TrainingError: XGBoost fails.
    """
    import xgboost

    callbacks: list[Any] = [] if quiet else [_log_progress(hyperparameters.num_round)]
    if hyperparameters.early_stopping_rounds:
        callbacks.append(xgboost.callback.EarlyStopping(rounds=hyperparameters.early_stopping_rounds, save_best=True))
    history: dict[str, dict[str, list[float]]] = {}
    parameters = hyperparameters.booster_parameters()
    with _explained():
        # XGBoost says in its first round which parameters it has no use for: better known before the long training.
        few = train.slice(list(range(min(train.num_row(), ROWS_OF_TRIAL))))
        xgboost.train(parameters, few, num_boost_round=1, verbose_eval=False)
    with _explained():
        booster = xgboost.train(
            parameters,
            train,
            num_boost_round=hyperparameters.num_round,
            evals=[(train, "train"), (val, "val")],
            evals_result=history,
            callbacks=callbacks,
            verbose_eval=False,
        )
    return booster, history


def check_constraints(hyperparameters: XGBoostHyperparameters, columns: list[str]) -> None:
    """Refuses constraints on fields that are not among the columns.

    Raises:
        ConfigError: A field is unknown; the message has the nearest known one.
    """
    groups = {
        "monotone_constraints": list(hyperparameters.monotone_constraints or ()),
        "interaction_constraints": [name for group in hyperparameters.interaction_constraints or () for name in group],
    }
    for where, names in groups.items():
        for name in names:
            if name not in columns:
                near = difflib.get_close_matches(name, columns, n=1, cutoff=0.5)
                raise ConfigError(
                    f"unknown field {name!r}",
                    where=where,
                    expected="columns of feature_columns.txt",
                    mend=f"did you mean {near[0]!r}?" if near else None,
                )


def to_dmatrix(
    matrix: Matrix,
    features: BoostingFeatures,
    labels: IntArray | None = None,
    class_weights: list[float] | None = None,
) -> DMatrix:
    """Puts rows into XGBoost's own form.

    Args:
        matrix: `(N, F)` as `BoostingFeatures` gives it.
        features: Names and types of the columns.
        labels: Class numbers `(N,)`, where known.
        class_weights: The weight of a row of each class; ones where None.

    Raises:
        DataError: A column's name cannot be used.
    """
    import xgboost

    if bad := [name for name in features.columns if any(character in name for character in _FORBIDDEN)]:
        raise DataError(
            f"XGBoost cannot take the field {bad[0]!r}", expected="names without [, ] and <", mend="rename the column"
        )
    weights = None
    if labels is not None and class_weights is not None:
        weights = np.asarray(class_weights, dtype=np.float32)[labels]
    return xgboost.DMatrix(matrix, labels, weight=weights, feature_names=features.columns, feature_types=features.types)


def predict_probabilities(booster: Booster, rows: DMatrix) -> FloatArray:
    """Scores rows: float32 `(N, K)`, also for two classes."""
    found: FloatArray = booster.predict(rows)
    return found if found.ndim == 2 else np.column_stack([1 - found, found])


def save_booster(booster: Booster, path: str | Path) -> None:
    """Writes a booster as UBJSON (binary JSON), completely or not at all."""
    with replacing(path) as temporary:
        temporary.write_bytes(booster.save_raw("ubj"))


def load_booster(path: str | Path) -> Booster:
    """Reads a booster in UBJSON or JSON, neither of which can hold code.

    Raises:
        ArtifactError: The file is missing or is no booster.
    """
    import xgboost

    path = Path(path)
    try:
        with path.open("rb") as file:
            is_model = file.read(1) == b"{"
    except OSError as error:
        raise ArtifactError(f"cannot read: {error.strerror}", where=path) from error
    if not is_model:
        raise ArtifactError("neither UBJSON nor JSON", where=path, expected="a model that xgboost 2 or later saved")
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=".*Unknown file format: `bst`")
            return xgboost.Booster(model_file=str(path))
    except (xgboost.core.XGBoostError, ValueError) as error:
        raise ArtifactError(f"cannot be loaded: {_first_line(error)}", where=path, expected="a booster") from error


@contextmanager
def _explained() -> Iterator[None]:
    """Turns what XGBoost says of its parameters into errors: an unused one is a mistake, not a warning."""
    import xgboost

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            yield
        except (xgboost.core.XGBoostError, ValueError) as error:
            message = _first_line(error)
            about_values = "arameter" in message or "Unknown" in message or "Unsupported" in message
            kind: type[Names3RiskError] = ConfigError if about_values else TrainingError
            raise kind(f"XGBoost: {message}", where="hyperparameters" if kind is ConfigError else None) from error
    for each in caught:
        message = str(each.message)
        if "are not used" in message:
            named = message[message.index("{") : message.index("}") + 1]
            raise ConfigError(
                f"XGBoost has no use for {named} with the other parameters given", where="hyperparameters"
            )
        logger.warning("XGBoost: %s", message.strip())


def _first_line(error: Exception) -> str:
    line = str(error).strip().split("\n")[0]
    return line.partition(": ")[2] if line.startswith("[") else line


def _log_progress(rounds: int) -> Any:
    import xgboost

    class Progress(xgboost.callback.TrainingCallback):
        """Says how far training is, in lines that a metric definition can read."""

        def after_iteration(self, model: Any, epoch: int, evals_log: Any) -> bool:
            if epoch % LOGGED_EVERY == 0 or epoch + 1 == rounds:
                values = [
                    f"{data}_{metric}={each[-1]:.6f}"
                    for data, metrics in evals_log.items()
                    for metric, each in metrics.items()
                ]
                logger.info("round %d: %s", epoch, " ".join(values))
            return False

    return Progress()
