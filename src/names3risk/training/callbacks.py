"""What happens at each validation: history, log line, best checkpoint, early stopping."""

from __future__ import annotations

import logging
import math
from pathlib import Path
from typing import Any

import lightning
from lightning.pytorch.callbacks import Callback

from names3risk.errors import TrainingError
from names3risk.hyperparameters import Hyperparameters
from names3risk.training.metrics import HIGHER_IS_BETTER
from names3risk.training.module import RiskModule

logger = logging.getLogger(__name__)

BEST = "best.ckpt"


class ValidationWatch(Callback):
    """Keeps the history, saves `best.ckpt`, and stops when patience is used up.

    Training stops when as many validations as the patience have passed without improvement and the epoch, counted
    from 1, has reached min_epochs; validations during min_epochs count too.

    Args:
        hyperparameters: Metric, patience and min_epochs.
        folder: Where the checkpoint goes.
    """

    def __init__(self, hyperparameters: Hyperparameters, folder: Path) -> None:
        self.metric = hyperparameters.early_stop_metric
        self.patience, self.min_epochs = hyperparameters.early_stop_patience, hyperparameters.min_epochs
        self.folder = folder
        self.history: list[dict[str, float]] = []
        self.best_value: float | None = None
        self.without_improvement = 0
        self.stopped_early = False

    def on_validation_end(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        """Takes note of a validation and decides about checkpoints and stopping."""
        if trainer.sanity_checking or not isinstance(pl_module, RiskModule):
            return
        epoch = trainer.current_epoch + 1
        values = {name: float(value) for name, value in trainer.callback_metrics.items()}
        self.history.append({"epoch": epoch, "step": trainer.global_step, "lr": pl_module.last_lr, **values})
        shown = ", ".join(f"{name} {value:.4f}" for name, value in values.items())
        if trainer.is_global_zero:
            logger.info("epoch %d, step %d: %s", epoch, trainer.global_step, shown)

        value = values[self.metric]
        if not math.isfinite(value):
            raise TrainingError(
                f"{self.metric} is not finite after step {trainer.global_step}; "
                f"last good checkpoint: {pl_module.last_good_checkpoint or 'none yet'}",
                where="validation",
                mend="lower lr, or look for infinite features in the validation rows",
            )
        if self._improves(value):
            self.best_value, self.without_improvement = value, 0
            trainer.save_checkpoint(self.folder / BEST, weights_only=False)
            pl_module.last_good_checkpoint = str(self.folder / BEST)
        else:
            self.without_improvement += 1
        if self.without_improvement >= self.patience and epoch >= self.min_epochs:
            self.stopped_early = trainer.should_stop = True

    def state_dict(self) -> dict[str, Any]:
        """What a resumed run needs to know."""
        return {
            "history": self.history,
            "best_value": self.best_value,
            "without_improvement": self.without_improvement,
            "stopped_early": self.stopped_early,
        }

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Goes on from a saved state."""
        self.history = state_dict["history"]
        self.best_value = state_dict["best_value"]
        self.without_improvement = state_dict["without_improvement"]
        self.stopped_early = state_dict["stopped_early"]

    def _improves(self, value: float) -> bool:
        if self.best_value is None:
            return True
        return value > self.best_value if HIGHER_IS_BETTER[self.metric] else value < self.best_value
