"""One training of a search, watched so that a hopeless one can be ended."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import lightning
from lightning.pytorch.callbacks import Callback

from names3risk.errors import ConfigError, TrainingError
from names3risk.hyperparameters import Hyperparameters
from names3risk.hyperparameters.pointer import PointerHyperparameters
from names3risk.training.metrics import HIGHER_IS_BETTER
from names3risk.tuning.config import TuneConfig

ShouldEnd = Callable[[int, float], bool]


class TrialEndedError(Exception):
    """A training was ended because it is hopeless."""


class TrialWatch(Callback):
    """Remembers the best value of a metric and ends hopeless trainings.

    Args:
        metric: The validation metric.
        should_end: Is told the number of the validation, from 1, and the value; says whether to end the training.
    """

    def __init__(self, metric: str, should_end: ShouldEnd) -> None:
        self.metric, self.should_end = metric, should_end
        self.values: list[float] = []

    def on_validation_end(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        """Takes note of a validation.

        Raises:
            TrialEndedError: The training is hopeless.
        """
        value = float(trainer.callback_metrics[self.metric])
        self.values.append(value)
        if self.should_end(len(self.values), value):
            raise TrialEndedError

    @property
    def best(self) -> float | None:
        """The best value so far; None where there is none."""
        if not self.values:
            return None
        return (max if HIGHER_IS_BETTER[self.metric] else min)(self.values)


def run_trial(
    config: TuneConfig, splits: Path, hyperparameters: Hyperparameters, folder: Path, should_end: ShouldEnd
) -> float:
    """Trains once, exactly as a training with these hyperparameters would; test rows are not looked at.

    Args:
        config: The search.
        splits: Folder with the splits `train` and `val`; of events, the table.
        hyperparameters: Those of the trial.
        folder: Where model, results and checkpoints go.
        should_end: See `TrialWatch`.

    Returns:
        The best value of the early-stopping metric.

    Raises:
        TrialEndedError: The training was ended early.
        Names3RiskError: Data, hyperparameters or training are at fault.
    """
    metric = hyperparameters.early_stop_metric
    watch = TrialWatch(metric, should_end)
    if isinstance(hyperparameters, PointerHyperparameters):
        from names3risk.sequences.job import SequenceConfig, train_on_events

        if config.columns is None:
            raise ConfigError("columns is missing", where=config.data, expected="a sequence schema")
        values = hyperparameters.model_dump(mode="json")
        events = SequenceConfig(data=splits, columns=config.columns, hyperparameters=values, output=folder)
        train_on_events(events, parts=("val",), callbacks=[watch])
        measured: dict[str, float] = {}
    else:
        from names3risk.training.job import run_training_job

        result = run_training_job(
            train_dir=splits / "train",
            val_dir=splits / "val",
            test_dir=splits / "val",
            hyperparameters=hyperparameters,
            model_dir=folder / "model",
            data_dir=folder / "data",
            checkpoint_dir=folder / "checkpoints",
            artifacts_dir=config.tokenizer,
            pretrained_dir=config.pretrained,
            callbacks=[watch],
        )
        measured = result.evaluations["val"].overall.values
    # A model that is fitted at once has no validations in between.
    best = measured.get(metric.removeprefix("val_")) if watch.best is None else watch.best
    if best is None or not math.isfinite(best):
        raise TrainingError(f"{metric} was not measured", where="validation", mend="choose another objective")
    return best
