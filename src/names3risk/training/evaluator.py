"""A process beside training that judges its checkpoints by a running average of the validation loss.

That is how the original pointer-generator chose its weights. Loss after loss, r = 0.99 r + 0.01 loss, from the first
loss on and never above 12; whenever r is lower than ever before, the weights it was computed with are kept.
"""

from __future__ import annotations

import json
import logging
import math
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import nn

from names3risk.data.datasets import Batch, TrainableSplit
from names3risk.data.shards import ShardedSplit
from names3risk.errors import ArtifactError, ConfigError, TrainingError
from names3risk.files import write_json
from names3risk.hyperparameters import Hyperparameters, parse_hyperparameters
from names3risk.training.checkpoint_files import read_checkpoint, save_checkpoint
from names3risk.training.loaders import training_loader
from names3risk.training.module import RiskModule
from names3risk.training.resuming import LAST, has_ended
from names3risk.training.run_file import RowsRun
from names3risk.training.trainer import load_weights
from names3risk.training.world import World

logger = logging.getLogger(__name__)

DECAY, HIGHEST = 0.99, 12.0
STATE_FILE = "evaluator.json"
BEST_FILE = "evaluator_best.ckpt"
CPU = torch.device("cpu")


def running_average(loss: float, previous: float | None) -> float:
    """The next running average of a loss: the loss itself at first, then 0.99 of the last and 0.01 of the loss.

    Args:
        loss: The newest loss.
        previous: The last running average, or None.

    Returns:
        The average, at most 12.
    """
    return min(loss if previous is None else DECAY * previous + (1 - DECAY) * loss, HIGHEST)


@dataclass
class EvaluatorState:
    """What an evaluator that is started again goes on from.

    Args:
        average: The running average, or None before the first loss.
        best: The lowest running average so far.
        best_step: The optimizer step of the weights that it was computed with.
        evaluated: The batches evaluated so far.
        checkpoint: Which file was evaluated last: its time of change in ns and its size.
    """

    average: float | None = None
    best: float | None = None
    best_step: int | None = None
    evaluated: int = 0
    checkpoint: list[int] | None = None


class RunningAverageEvaluator:
    """Evaluates each new `last.ckpt` of a folder on batches of the validation split, in turn.

    Args:
        model: A network of the kind that is trained; its weights are replaced.
        hyperparameters: Of the training: they decide the loss and the rows of a batch.
        val: The encoded validation split, with labels.
        watch: The checkpoint folder of the training; the state and the best weights are kept there too.
        batches_per_checkpoint: Batches that each checkpoint is judged by; after the last of the split comes the first.
        module_class: How a batch is scored and measured, as in training.

    Raises:
        ConfigError: A state in the folder cannot be read.
    """

    def __init__(
        self,
        model: nn.Module,
        hyperparameters: Hyperparameters,
        val: TrainableSplit | ShardedSplit,
        watch: str | Path,
        batches_per_checkpoint: int = 100,
        module_class: type[RiskModule] = RiskModule,
    ) -> None:
        self.model, self.settings = model, hyperparameters
        self.module = module_class(model, hyperparameters, 1, {}).eval()
        self.folder, self.batches_per_checkpoint = Path(watch), batches_per_checkpoint
        self.state = self._load_state()
        self._epoch = 0
        self.loader = training_loader(
            val, hyperparameters.batch_size, hyperparameters.seed, lambda: self._epoch, CPU, World(), 1, packed=False
        )
        self._batches = self._endless(skip=self.state.evaluated)

    @property
    def best_path(self) -> Path:
        """The checkpoint with the best weights; `names3risk.training.trainer.load_weights` reads it."""
        return self.folder / BEST_FILE

    def run(self, poll_seconds: float = 5.0) -> EvaluatorState:
        """Evaluates checkpoints until the one that ends the run has been evaluated.

        Args:
            poll_seconds: How long to wait before looking for a new checkpoint.

        Returns:
            The state, as the file holds it; interrupted at any time, the process can be started again.

        Raises:
            TrainingError: A loss is not finite.
        """
        while True:
            if self.look():
                continue
            if (self.folder / LAST).is_file() and self.state.checkpoint and has_ended(self.folder / LAST):
                return self.state
            time.sleep(poll_seconds)

    def look(self) -> bool:
        """Evaluates the newest checkpoint if it has not been; tells whether it did.

        Raises:
            TrainingError: A loss is not finite.
        """
        path = self.folder / LAST
        found = _signature(path)
        if found is None or found == self.state.checkpoint:
            return False
        try:
            step = int(read_checkpoint(path)["global_step"])
            load_weights(self.model, path)
        except (ArtifactError, RuntimeError, KeyError) as error:
            if _signature(path) != found:  # it was replaced meanwhile
                return True
            raise ArtifactError(
                "is not a checkpoint of this model", where=path, mend="name the configuration it is trained with"
            ) from error
        for _ in range(self.batches_per_checkpoint):
            self._take(self._loss_of(next(self._batches), step), step)
        self.state.checkpoint = found
        # Once a checkpoint: a process that is started again repeats what it was at, with the same outcome.
        write_json(self.folder / STATE_FILE, asdict(self.state))
        logger.info("step %d: running average %.4f, best %.4f", step, self.state.average, self.state.best)
        return True

    def _take(self, loss: float, step: int) -> None:
        self.state.average = running_average(loss, self.state.average)
        self.state.evaluated += 1
        if self.state.best is None or self.state.average < self.state.best:
            if self.state.best_step != step or not self.best_path.is_file():
                weights = {f"model.{name}": value for name, value in self.model.state_dict().items()}
                save_checkpoint({"state_dict": weights, "global_step": step}, self.best_path)
            self.state.best, self.state.best_step = self.state.average, step

    def _loss_of(self, batch: Batch, step: int) -> float:
        with torch.inference_mode():
            _, losses, weights = self.module.score(batch)
        loss = float((losses * weights).sum() / weights.sum())
        if not math.isfinite(loss):
            raise TrainingError(
                f"the validation loss of the weights of step {step} is not finite", where=self.folder / LAST
            )
        return loss

    def _endless(self, skip: int) -> Iterator[Batch]:
        """Batches of the split, over and over, each time in another order that depends on the seed alone."""
        self._epoch, begun = divmod(skip, len(self.loader))
        self.loader.load_state_dict({"position": begun})
        while True:
            yield from (batch.build(batch.tensors) for batch in self.loader)
            self._epoch += 1

    def _load_state(self) -> EvaluatorState:
        path = self.folder / STATE_FILE
        if not path.is_file():
            return EvaluatorState()
        try:
            return EvaluatorState(**json.loads(path.read_text(encoding="utf-8")))
        except (ValueError, TypeError) as error:
            raise ConfigError("is not the state of an evaluator", where=path, mend="remove it to begin anew") from error


def _signature(path: Path) -> list[int] | None:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return [found.st_mtime_ns, found.st_size]


def evaluator_of(run: RowsRun, watch: str | Path, batches_per_checkpoint: int = 100) -> RunningAverageEvaluator:
    """An evaluator of a training job, with features and tokens as the job makes them.

    Args:
        run: What the job was started with.
        watch: The job's checkpoint folder.
        batches_per_checkpoint: See `RunningAverageEvaluator`.

    Raises:
        Names3RiskError: Data or hyperparameters are at fault.
    """
    from names3risk.artifacts import ModelArtifacts
    from names3risk.hyperparameters.encoder import pretrained_folder
    from names3risk.models import build_model
    from names3risk.training.job import find_tokenizer, precomputed_features
    from names3risk.training.job_data import load_job_data
    from names3risk.training.roles import complete

    hyperparameters = parse_hyperparameters(run.hyperparameters, watch)
    encoder = pretrained_folder(hyperparameters, run.pretrained_dir)
    hyperparameters = hyperparameters.resolved(encoder)
    data = load_job_data({"train": run.train_dir, "val": run.val_dir}, hyperparameters, watch, streams=True)
    precomputed = precomputed_features(
        run.artifacts_dir, run.use_precomputed_imputation, run.use_precomputed_risk_tables
    )
    features = data.fit_features(*precomputed)
    tokenizer = find_tokenizer(data.texts, hyperparameters, run.artifacts_dir, encoder)
    artifacts = ModelArtifacts(complete(hyperparameters, data.schema), data.schema, features, tokenizer)
    val = data.encode_val(artifacts)
    model = build_model(artifacts.hyperparameters, artifacts.vocabulary_size, len(features.feature_columns))
    return RunningAverageEvaluator(model, hyperparameters, val, watch, batches_per_checkpoint)
