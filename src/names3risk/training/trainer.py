"""Training of one model on one training split, with the best weights given back."""

from __future__ import annotations

import logging
import math
import signal
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path

import lightning
from lightning.pytorch.callbacks import Callback
from lightning.pytorch.loggers import TensorBoardLogger
from lightning.pytorch.utilities.exceptions import SIGTERMException
from torch import nn

from names3risk.data.datasets import EncodedSplit, TrainableSplit
from names3risk.data.shards import ShardedSplit
from names3risk.errors import TrainingError
from names3risk.hyperparameters import Hyperparameters
from names3risk.training.averaging import AVERAGED, build_averaging
from names3risk.training.callbacks import BEST, ValidationWatch
from names3risk.training.checkpoint_files import WholeCheckpoints, read_checkpoint
from names3risk.training.execution import LIGHTNING, choose
from names3risk.training.loaders import scoring_loader, training_loader
from names3risk.training.module import RiskModule
from names3risk.training.resuming import (
    LAST,
    ResumableCheckpoint,
    callback_state,
    describe_run,
    find_checkpoint,
    has_ended,
    rows_of_a_step,
)
from names3risk.training.strategies import build_strategy
from names3risk.training.team import Team, find_device, share_file
from names3risk.training.world import find_world

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class FitResult:
    """A finished training run.

    Args:
        model: The network, on the CPU and in evaluation mode, with the best weights (the last with load_ckpt false).
        best_checkpoint: Checkpoint with the best value of the early-stopping metric.
        last_checkpoint: Checkpoint of the end of the run.
        history: One entry a validation: epoch from 1, step, lr, train_loss and the validation metrics.
        best_value: Best value of the early-stopping metric.
        epochs: Epochs begun.
        steps: Optimizer steps made.
        stopped_early: Whether patience was used up.
        not_computed: Metrics that could not be computed, with the reason.
    """

    model: nn.Module
    best_checkpoint: Path
    last_checkpoint: Path
    history: list[dict[str, float]]
    best_value: float
    epochs: int
    steps: int
    stopped_early: bool
    not_computed: dict[str, str]


def fit(
    model: nn.Module,
    hyperparameters: Hyperparameters,
    train: TrainableSplit | ShardedSplit,
    val: TrainableSplit | ShardedSplit,
    checkpoint_dir: str | Path,
    log_dir: str | Path | None = None,
    *,
    module_class: type[RiskModule] = RiskModule,
    resume: bool = False,
    accelerator: str = "auto",
    progress: bool | None = None,
    callbacks: Sequence[Callback] = (),
) -> FitResult:
    """Trains a model and gives back its best weights.

    Args:
        model: From `build_model`; it is changed in place.
        hyperparameters: Those that the model was built with.
        train: Encoded training split with labels; one in shards is streamed.
        val: Encoded validation split with labels; one in shards is streamed.
        checkpoint_dir: Folder for best.ckpt and last.ckpt.
        log_dir: Folder for TensorBoard; None writes none.
        module_class: What Lightning trains: how a batch is scored and measured.
        resume: Go on from last.ckpt of the same run where there is one; otherwise earlier checkpoints are removed.
        accelerator: Lightning's name of the hardware: auto, cpu or gpu.
        progress: Show a progress bar; by default where standard error is a terminal.
        callbacks: Lightning's callbacks that look on.

    Returns:
        The trained model and what is known about the run.

    Raises:
        DataError: A split is empty, has no labels, labels out of range, or only one class for training.
        ConfigError: A hyperparameter does not fit the data.
        TrainingError: The loss is not finite.
    """
    world = find_world()
    left_out = module_class.check(train, val, hyperparameters, world.size)
    folder = Path(checkpoint_dir)
    folder.mkdir(parents=True, exist_ok=True)
    device = find_device(accelerator, world)

    team = Team(world, device)
    run = describe_run(hyperparameters, train, val)
    if resume:
        share_file(team, folder / BEST)
        share_file(team, folder / LAST)
    checkpoint = find_checkpoint(folder, run) if resume else None
    rows_per_step = rows_of_a_step(checkpoint, hyperparameters.batch_size * world.size)
    module: RiskModule
    lanes = rows_per_step // hyperparameters.batch_size
    execution = choose(hyperparameters, model, len(train), device, world)
    loader = training_loader(
        train, rows_per_step, hyperparameters.seed, lambda: module.current_epoch, device, world, lanes, execution.packed
    )
    steps_per_epoch = math.ceil(len(loader) / hyperparameters.accumulate_grad_batches)
    sharded = hyperparameters.strategy == "fsdp" and world.size > 1
    module = module_class(deepcopy(model) if sharded else model, hyperparameters, steps_per_epoch, left_out)
    module.execution = execution
    module.usual_rows = rows_per_step // world.size
    module.finite.ids = train.ids_of if isinstance(train, EncodedSplit | ShardedSplit) and train.has_ids else None
    watch = ValidationWatch(hyperparameters, folder)
    saver = ResumableCheckpoint(loader, folder, hyperparameters, run, team)
    if checkpoint is None and world.rank == 0:
        for name in (BEST, LAST):
            (folder / name).unlink(missing_ok=True)
    if checkpoint is not None and has_ended(checkpoint):
        watch.load_state_dict(callback_state(checkpoint, ValidationWatch))
    else:
        with _quiet(), module.execution.settings():
            trainer = lightning.Trainer(
                accelerator="gpu" if device.type == "cuda" else device.type,
                devices=world.local_size,
                num_nodes=world.machines,
                strategy=build_strategy(hyperparameters, world, module.execution),
                precision=LIGHTNING[module.execution.precision],
                max_epochs=hyperparameters.max_epochs,
                accumulate_grad_batches=hyperparameters.accumulate_grad_batches,
                val_check_interval=max(1, math.ceil(len(loader) * hyperparameters.val_check_interval)),
                callbacks=[watch, saver, *build_averaging(hyperparameters, steps_per_epoch), *callbacks],
                logger=TensorBoardLogger(log_dir, name="", version="") if log_dir else False,
                log_every_n_steps=10,
                enable_checkpointing=False,
                plugins=[WholeCheckpoints()],
                enable_model_summary=False,
                enable_progress_bar=sys.stderr.isatty() if progress is None else progress,
                num_sanity_val_steps=0,
            )
            # Lightning would ask the first process at every batch, and wait for the device each time.
            trainer.fit_loop.epoch_loop._broadcast_sigterm_tensor = lambda: None  # type: ignore[method-assign]
            validation = scoring_loader(val, 2 * hyperparameters.batch_size, device, world)
            try:
                trainer.fit(module, loader, validation, ckpt_path=checkpoint, weights_only=True)
            except SIGTERMException as error:
                raise TrainingError(
                    f"stopped by SIGTERM after step {trainer.global_step}",
                    where="training",
                    mend=f"resume from {folder}",
                ) from error
            except SystemExit as error:  # Lightning's answer to Ctrl-C, of which it lets no second one come
                signal.signal(signal.SIGINT, signal.default_int_handler)
                raise KeyboardInterrupt(f"training can be resumed from {folder}") from error
    share_file(team, folder / BEST)
    share_file(team, folder / LAST)
    load_weights(model, folder / (BEST if hyperparameters.load_ckpt else LAST))
    assert watch.best_value is not None
    return FitResult(
        model=model.cpu().eval(),
        best_checkpoint=folder / BEST,
        last_checkpoint=folder / LAST,
        history=watch.history,
        best_value=watch.best_value,
        epochs=int(watch.history[-1]["epoch"]),
        steps=read_checkpoint(folder / LAST)["global_step"],
        stopped_early=watch.stopped_early,
        not_computed=left_out,
    )


def load_weights(model: nn.Module, checkpoint: str | Path) -> None:
    """Loads the network's weights, or their average, from a training checkpoint, without unpickling objects."""
    content = read_checkpoint(checkpoint)
    state = content.get(AVERAGED) or content["state_dict"]
    prefix = "model."
    model.load_state_dict(
        {name.removeprefix(prefix): value for name, value in state.items() if name.startswith(prefix)}
    )


@contextmanager
def _quiet() -> Iterator[None]:
    """Keeps Lightning's advice about things that are decided here out of the log."""
    names = ("lightning.pytorch.utilities.rank_zero", "lightning.pytorch.accelerators.cuda", "lightning.fabric")
    levels = {name: logging.getLogger(name).level for name in names}
    for name in names:
        logging.getLogger(name).setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module="lightning.*")
        try:
            yield
        finally:
            for name, level in levels.items():
                logging.getLogger(name).setLevel(level)
