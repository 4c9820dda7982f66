"""Training of models that are fitted at once, without steps and without checkpoints to go on from."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor, nn

from names3risk.data.datasets import EncodedSplit, batches
from names3risk.hyperparameters import Hyperparameters
from names3risk.training.callbacks import BEST
from names3risk.training.checkpoint_files import save_checkpoint
from names3risk.training.checks import check_splits
from names3risk.training.losses import build_loss
from names3risk.training.resuming import LAST
from names3risk.training.trainer import FitResult

BATCH_SIZE = 1024

logger = logging.getLogger(__name__)


@runtime_checkable
class FittedAtOnce(Protocol):
    """A network that learns all its numbers from a training split in one call."""

    def fit(self, train: EncodedSplit) -> None:
        """Learns from the encoded training split, with labels."""


def fit_at_once(
    model: nn.Module,
    hyperparameters: Hyperparameters,
    train: EncodedSplit,
    val: EncodedSplit,
    checkpoint_dir: str | Path,
) -> FitResult:
    """Fits a model and measures its loss on the validation split.

    Args:
        model: From `build_model`; it is changed in place.
        hyperparameters: Those that the model was built with.
        train: Encoded training split with labels.
        val: Encoded validation split with labels; nothing is chosen by it.
        checkpoint_dir: Folder for best.ckpt and last.ckpt, which are the same.

    Returns:
        The fitted model and its losses.

    Raises:
        DataError: A split cannot be trained or validated on.
        ConfigError: A hyperparameter does not fit the data.
    """
    assert isinstance(model, FittedAtOnce)
    left_out = check_splits(train, val, hyperparameters, 1)
    model.fit(train)
    model.eval()
    losses = {name: _loss(model, hyperparameters, split) for name, split in (("train_loss", train), ("val_loss", val))}
    logger.info("epoch 1, step 0: %s", ", ".join(f"{name} {value:.4f}" for name, value in losses.items()))
    folder = Path(checkpoint_dir)
    folder.mkdir(parents=True, exist_ok=True)
    state = {"state_dict": {f"model.{name}": tensor for name, tensor in model.state_dict().items()}, "global_step": 0}
    for name in (BEST, LAST):
        save_checkpoint(state, folder / name)
    return FitResult(
        model=model,
        best_checkpoint=folder / BEST,
        last_checkpoint=folder / LAST,
        history=[{"epoch": 1, "step": 0, **losses}],
        best_value=losses["val_loss"],
        epochs=1,
        steps=0,
        stopped_early=False,
        not_computed=left_out,
    )


def _loss(model: nn.Module, hyperparameters: Hyperparameters, split: EncodedSplit) -> float:
    loss = build_loss(hyperparameters)
    sums: list[Tensor] = []
    with torch.inference_mode():
        for batch in batches(split, BATCH_SIZE):
            values, weights = loss(model(batch.input_ids, batch.attention_mask, batch.tabular), batch.labels)
            sums.append(torch.stack([(values * weights).sum(), weights.sum()]))
    total, weight = torch.stack(sums).sum(dim=0).tolist()
    return float(total / weight)
