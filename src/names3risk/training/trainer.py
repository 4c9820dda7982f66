"""Training of one model on one training split, with the best weights given back."""

from __future__ import annotations

import logging
import math
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import lightning
import numpy as np
import torch
from lightning.pytorch.loggers import TensorBoardLogger
from torch import nn

from names3risk.data.datasets import EncodedSplit
from names3risk.errors import ConfigError, DataError
from names3risk.hyperparameters import Hyperparameters
from names3risk.training.callbacks import BEST, LAST, ValidationWatch
from names3risk.training.loaders import ScoringLoader, TrainingLoader
from names3risk.training.metrics import not_computable
from names3risk.training.module import RiskModule

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class FitResult:
    """A finished training run.

    Args:
        model: The network, on the CPU and in evaluation mode, with the best weights (the last with load_ckpt false).
        best_checkpoint: Checkpoint with the best value of the early-stopping metric.
        last_checkpoint: Checkpoint of the last completed epoch, None before the first.
        history: One entry a validation: epoch from 1, step, lr, train_loss and the validation metrics.
        best_value: Best value of the early-stopping metric.
        epochs: Epochs begun.
        steps: Optimizer steps made.
        stopped_early: Whether patience was used up.
        not_computed: Metrics that could not be computed, with the reason.
    """

    model: nn.Module
    best_checkpoint: Path
    last_checkpoint: Path | None
    history: list[dict[str, float]]
    best_value: float
    epochs: int
    steps: int
    stopped_early: bool
    not_computed: dict[str, str]


def fit(
    model: nn.Module,
    hyperparameters: Hyperparameters,
    train: EncodedSplit,
    val: EncodedSplit,
    checkpoint_dir: str | Path,
    log_dir: str | Path | None = None,
    *,
    accelerator: str = "auto",
    progress: bool | None = None,
) -> FitResult:
    """Trains a model and gives back its best weights.

    Args:
        model: From `build_model`; it is changed in place.
        hyperparameters: Those that the model was built with.
        train: Encoded training split with labels.
        val: Encoded validation split with labels.
        checkpoint_dir: Folder for best.ckpt and last.ckpt.
        log_dir: Folder for TensorBoard; None writes none.
        accelerator: Lightning's name of the hardware: auto, cpu or gpu.
        progress: Show a progress bar; by default where standard error is a terminal.

    Returns:
        The trained model and what is known about the run.

    Raises:
        DataError: A split is empty, has no labels, labels out of range, or only one class for training.
        ConfigError: A hyperparameter does not fit the data.
        TrainingError: The loss is not finite.
    """
    _check_split(train, hyperparameters, "training split")
    _check_split(val, hyperparameters, "validation split")
    left_out = _check_labels(train, val, hyperparameters)
    folder = Path(checkpoint_dir)
    folder.mkdir(parents=True, exist_ok=True)
    device = _device(accelerator)

    module: RiskModule
    loader = TrainingLoader(
        train, hyperparameters.batch_size, hyperparameters.seed, lambda: module.current_epoch, device
    )
    steps_per_epoch = math.ceil(len(loader) / hyperparameters.accumulate_grad_batches)
    module = RiskModule(model, hyperparameters, steps_per_epoch, left_out)
    watch = ValidationWatch(hyperparameters, folder)
    with _quiet():
        trainer = lightning.Trainer(
            accelerator="gpu" if device.type == "cuda" else device.type,
            devices=1,
            precision=_precision(hyperparameters, device),
            max_epochs=hyperparameters.max_epochs,
            accumulate_grad_batches=hyperparameters.accumulate_grad_batches,
            val_check_interval=max(1, math.ceil(len(loader) * hyperparameters.val_check_interval)),
            callbacks=[watch],
            logger=TensorBoardLogger(log_dir, name="", version="") if log_dir else False,
            log_every_n_steps=10,
            enable_checkpointing=False,
            enable_model_summary=False,
            enable_progress_bar=sys.stderr.isatty() if progress is None else progress,
            num_sanity_val_steps=0,
        )
        trainer.fit(module, loader, ScoringLoader(val, 2 * hyperparameters.batch_size, device))
    best = folder / BEST
    if hyperparameters.load_ckpt:
        load_weights(model, best)
    assert watch.best_value is not None
    return FitResult(
        model=model.cpu().eval(),
        best_checkpoint=best,
        last_checkpoint=folder / LAST if (folder / LAST).is_file() else None,
        history=watch.history,
        best_value=watch.best_value,
        epochs=int(watch.history[-1]["epoch"]),
        steps=trainer.global_step,
        stopped_early=watch.stopped_early,
        not_computed=left_out,
    )


def load_weights(model: nn.Module, checkpoint: str | Path) -> None:
    """Loads the network's weights from a training checkpoint, without unpickling objects."""
    state = torch.load(checkpoint, map_location="cpu", weights_only=True)["state_dict"]
    prefix = "model."
    model.load_state_dict(
        {name.removeprefix(prefix): value for name, value in state.items() if name.startswith(prefix)}
    )


def _check_split(split: EncodedSplit, hyperparameters: Hyperparameters, where: str) -> None:
    if len(split) < 2:
        raise DataError(f"{len(split)} rows", where=where, expected="at least two rows")
    if split.labels is None:
        raise DataError("no labels", where=where, expected="a label in every row")
    longest = int(split.tokens.lengths.max())
    if longest > hyperparameters.max_sen_len:
        raise DataError(
            f"a row has {longest} tokens",
            where=where,
            expected=f"at most {hyperparameters.max_sen_len} (max_sen_len)",
            mend="encode the text with max_length = max_sen_len",
        )
    low, high = int(split.labels.min()), int(split.labels.max())
    if low < 0 or high >= hyperparameters.num_classes:
        raise DataError(
            f"labels from {low} to {high}",
            where=where,
            expected=f"0 to {hyperparameters.num_classes - 1} (num_classes)",
        )
    if not np.isfinite(split.tabular).all():
        row, column = np.argwhere(~np.isfinite(split.tabular))[0]
        raise DataError(
            f"feature {column} of row {row} is {split.tabular[row, column]}",
            where=where,
            expected="finite numbers; missing ones are filled before",
        )


def _check_labels(train: EncodedSplit, val: EncodedSplit, hyperparameters: Hyperparameters) -> dict[str, str]:
    assert train.labels is not None
    assert val.labels is not None
    if len(np.unique(train.labels)) < 2:
        raise DataError(f"only class {train.labels[0]}", where="training split", expected="at least two classes")
    left_out = not_computable(val.labels, hyperparameters.num_classes)
    metric = hyperparameters.early_stop_metric
    if metric in left_out:
        raise ConfigError(
            f"early_stop_metric {metric} cannot be computed: {left_out[metric]}",
            where="validation split",
            mend="use val_loss, or give validation rows of every class",
        )
    return left_out


def _device(accelerator: str) -> torch.device:
    if accelerator == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    return torch.device("cuda" if accelerator == "gpu" else accelerator)


def _precision(hyperparameters: Hyperparameters, device: torch.device) -> Literal["32-true", "bf16-mixed", "16-mixed"]:
    if not hyperparameters.fp16 and hyperparameters.precision == "fp32":
        return "32-true"
    if hyperparameters.precision == "bf16" or device.type == "cpu":
        if hyperparameters.precision != "bf16":
            logger.warning("fp16 needs a GPU: this run on the CPU uses bf16 instead")
        return "bf16-mixed"
    return "16-mixed"


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
