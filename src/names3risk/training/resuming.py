"""Checkpoints from which a broken-off run goes on as if it had never stopped.

Row order and dropout are functions of the seed and the step, so a resumed run only needs the network, the optimizer,
the schedule, the loss scaler, the counters of the loop and of early stopping, and the position in the epoch.
"""

from __future__ import annotations

import logging
import time
from pathlib import Path
from typing import Any

import lightning
from lightning.pytorch.callbacks import Callback
from lightning.pytorch.utilities.exceptions import SIGTERMException

from names3risk.data.datasets import Batch, Selection, TrainableSplit
from names3risk.data.shards import ShardedSplit
from names3risk.errors import ArtifactError, ConfigError
from names3risk.hyperparameters import Hyperparameters
from names3risk.training.checkpoint_files import read_checkpoint
from names3risk.training.interruption import Interruption
from names3risk.training.loaders import TrainingLoader
from names3risk.training.streaming import StreamingLoader
from names3risk.training.team import Team

logger = logging.getLogger(__name__)

LAST = "last.ckpt"


STEPS_BETWEEN_QUESTIONS = 10
"""On a GPU processes ask each other so rarely whether one of them wants to save or to end."""
SHARE_OF_SAVING = 0.02
"""Checkpoints that are due by the clock take no more of the time than this."""


class ResumableCheckpoint(Callback):
    """Saves `last.ckpt` as each epoch begins, every so many steps and seconds, at SIGTERM and at the end.

    Args:
        loader: The training loader, whose position is saved.
        folder: Where the checkpoint goes.
        hyperparameters: `checkpoint_every_n_steps` and `checkpoint_every_n_seconds`; within
            `accumulate_grad_batches` there is no checkpoint.
        run: Identifies the run that may go on from the checkpoint.
        team: The processes, which save and end at the same step.
    """

    def __init__(
        self,
        loader: TrainingLoader | StreamingLoader,
        folder: Path,
        hyperparameters: Hyperparameters,
        run: dict[str, Any],
        team: Team,
    ) -> None:
        self.team = team
        self.loader, self.path, self.run = loader, folder / LAST, run
        self.accumulate = hyperparameters.accumulate_grad_batches
        self.interval = hyperparameters.checkpoint_every_n_steps * self.accumulate
        self.seconds = hyperparameters.checkpoint_every_n_seconds
        self.finished = False
        self.interruption = Interruption()
        self.asks_every = self.accumulate
        self._due = float("inf")

    def on_fit_start(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        """Keeps signals back until the run begins."""
        self.interruption.hold()

    def on_train_start(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        """Begins to take note of signals and of the time."""
        self.interruption.watch()
        if pl_module.device.type == "cuda" and trainer.world_size > 1:
            self.asks_every = self.accumulate * STEPS_BETWEEN_QUESTIONS
        self._wait(0.0)

    def on_train_batch_start(
        self, trainer: lightning.Trainer, pl_module: lightning.LightningModule, batch: Batch | Selection, batch_idx: int
    ) -> None:
        """Saves where a checkpoint is due; all that came before this batch is done, validation included.

        Raises:
            SIGTERMException: The run has been asked to end; its checkpoint is saved.
        """
        due, ends = batch_idx == 0 or (self.interval and batch_idx % self.interval == 0), False
        if batch_idx % self.asks_every == 0:
            late, ends = self.team.any(time.monotonic() >= self._due, self.interruption.asked)
            due = due or late or ends
        if due and trainer.global_step:
            self._save(trainer)
        if ends:
            raise SIGTERMException

    def on_exception(
        self, trainer: lightning.Trainer, pl_module: lightning.LightningModule, exception: BaseException
    ) -> None:
        """Keeps signals back no more."""
        self.interruption.release()

    def on_train_end(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        """Saves the end of the run."""
        self.finished = True
        self._save(trainer)

    def state_dict(self) -> dict[str, Any]:
        """Whose checkpoint this is, and whether the run has ended."""
        return {"run": self.run, "finished": self.finished, "rows_per_step": self.loader.rows_per_step}

    def _save(self, trainer: lightning.Trainer) -> None:
        self.loader.position = trainer.fit_loop.epoch_loop.batch_progress.current.completed
        began = time.monotonic()
        trainer.save_checkpoint(self.path, weights_only=False)
        self._wait(time.monotonic() - began)

    def _wait(self, saving: float) -> None:
        """Sets the time of the next checkpoint by the clock, after one that took so many seconds."""
        if self.seconds:
            self._due = time.monotonic() + max(self.seconds, saving / SHARE_OF_SAVING)


def describe_run(
    hyperparameters: Hyperparameters, train: TrainableSplit | ShardedSplit, val: TrainableSplit | ShardedSplit
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
    """What a callback saved in a checkpoint.

    Raises:
        ArtifactError: The file is damaged, or something else.
    """
    try:
        state: dict[str, Any] = read_checkpoint(checkpoint)["callbacks"][callback.__qualname__]
    except (KeyError, TypeError) as error:
        raise ArtifactError(
            "is not a checkpoint of a training", where=checkpoint, mend="remove it, or train without resuming"
        ) from error
    return state
