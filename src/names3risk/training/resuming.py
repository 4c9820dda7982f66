"""Checkpoints from which a broken-off run goes on as if it had never stopped.

Row order and dropout are functions of the seed and the step, so a resumed run only needs the network, the optimizer,
the schedule, the loss scaler, the counters of the loop and of early stopping, and the position in the epoch.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import lightning
import torch
from lightning.pytorch.callbacks import Callback
from lightning.pytorch.utilities.exceptions import SIGTERMException

from names3risk.data.datasets import Batch, Selection, TrainableSplit
from names3risk.data.shards import ShardedSplit
from names3risk.errors import ConfigError
from names3risk.hyperparameters import Hyperparameters
from names3risk.training.loaders import TrainingLoader
from names3risk.training.streaming import StreamingLoader

logger = logging.getLogger(__name__)

LAST = "last.ckpt"


class ResumableCheckpoint(Callback):
    """Saves `last.ckpt` as each epoch begins, every so many steps, at SIGTERM and at the end.

    Args:
        loader: The training loader, whose position is saved.
        folder: Where the checkpoint goes.
        every_n_steps: Optimizer steps between checkpoints within an epoch; 0 for none.
        accumulate: Batches of an optimizer step; there is no checkpoint between them.
        run: Identifies the run that may go on from the checkpoint.
    """

    def __init__(
        self,
        loader: TrainingLoader | StreamingLoader,
        folder: Path,
        every_n_steps: int,
        accumulate: int,
        run: dict[str, Any],
    ) -> None:
        self.loader, self.path, self.run = loader, folder / LAST, run
        self.interval, self.accumulate = every_n_steps * accumulate, accumulate
        self.finished = False

    def on_train_batch_start(
        self, trainer: lightning.Trainer, pl_module: lightning.LightningModule, batch: Batch | Selection, batch_idx: int
    ) -> None:
        """Saves where a checkpoint is due; all that came before this batch is done, validation included."""
        due = batch_idx == 0 or (self.interval and batch_idx % self.interval == 0)
        if due and trainer.global_step:
            self._save(trainer)

    def on_exception(
        self, trainer: lightning.Trainer, pl_module: lightning.LightningModule, exception: BaseException
    ) -> None:
        """Saves when the machine is taken away, which is told by SIGTERM."""
        progress = trainer.fit_loop.epoch_loop.batch_progress.current
        between_steps = progress.ready == progress.completed and progress.completed % self.accumulate == 0
        if isinstance(exception, SIGTERMException) and between_steps:
            self._save(trainer)

    def on_train_end(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        """Saves the end of the run."""
        self.finished = True
        self._save(trainer)

    def state_dict(self) -> dict[str, Any]:
        """Whose checkpoint this is, and whether the run has ended."""
        return {"run": self.run, "finished": self.finished, "rows_per_step": self.loader.rows_per_step}

    def _save(self, trainer: lightning.Trainer) -> None:
        self.loader.position = trainer.fit_loop.epoch_loop.batch_progress.current.completed
        trainer.save_checkpoint(self.path, weights_only=False)


def describe_run(
    hyperparameters: Hyperparameters, train: TrainableSplit | ShardedSplit, val: TrainableSplit
) -> dict[str, Any]:
    """What must be the same for a run to go on from a checkpoint."""
    return {
        "hyperparameters": hyperparameters.model_dump(mode="json"),
        "data": {
            "training rows": len(train),
            "validation rows": len(val),
            "training data of SHA-256": train.digest(),
            "validation data of SHA-256": val.digest(),
        },
    }


def find_checkpoint(folder: Path, run: dict[str, Any]) -> Path | None:
    """The checkpoint that a run can go on from.

    Args:
        folder: Where the run saved its checkpoints.
        run: From `describe_run`.

    Returns:
        The checkpoint; None where there is none yet.

    Raises:
        ConfigError: The checkpoint is of a run with other hyperparameters or other data.
    """
    path = folder / LAST
    if not path.is_file():
        return None
    saved = callback_state(path, ResumableCheckpoint)["run"]
    changes = [
        f"{name} {saved[part].get(name)!r}, now {value!r}"
        for part, values in run.items()
        for name, value in values.items()
        if saved[part].get(name) != value
    ]
    if changes:
        raise ConfigError(
            f"the checkpoint is of a run with {'; '.join(changes)}",
            where=path,
            expected="the run that wrote it",
            mend="use another checkpoint folder, or do not resume",
        )
    logger.info("going on from %s", path)
    return path


def rows_of_a_step(checkpoint: Path | None, otherwise: int) -> int:
    """Rows of a step of all processes together: a run that goes on with more or fewer processes keeps their number."""
    if checkpoint is None:
        return otherwise
    rows: int = callback_state(checkpoint, ResumableCheckpoint)["rows_per_step"]
    return rows


def has_ended(checkpoint: Path) -> bool:
    """Whether the run that saved a checkpoint has nothing left to train."""
    return bool(callback_state(checkpoint, ResumableCheckpoint)["finished"])


def callback_state(checkpoint: Path, callback: type[Callback]) -> dict[str, Any]:
    """What a callback saved in a checkpoint."""
    content = torch.load(checkpoint, map_location="cpu", weights_only=True)
    state: dict[str, Any] = content["callbacks"][callback.__qualname__]
    return state
