"""Averages of the weights over steps, which are validated and kept in place of the last weights."""

from __future__ import annotations

import math
from typing import Any

import torch
from lightning.pytorch.callbacks import Callback, WeightAveraging
from torch import Tensor

from names3risk.hyperparameters import Hyperparameters


class ExponentialAveraging(WeightAveraging):
    """Exponential moving average of the weights after each step.

    The decay is min(decay, (1 + n) / (10 + n)) after n updates, so that the first steps do not linger.

    Args:
        decay: Share of the average that a step leaves as it was.
    """

    def __init__(self, decay: float) -> None:
        def average(averaged: Tensor, current: Tensor, updates: Tensor | int) -> Tensor:
            rate = min(decay, (1 + float(updates)) / (10 + float(updates)))
            return torch.lerp(current.float(), averaged.float(), rate).to(averaged.dtype)

        super().__init__(avg_fn=average)


class StochasticWeightAveraging(WeightAveraging):
    """Plain mean of the weights after each step of the last part of a run (Izmailov et al. 2018).

    Args:
        first_step: The step from which weights are averaged; before it, the current weights are the average.
    """

    def __init__(self, first_step: int) -> None:
        super().__init__()
        self.first_step = first_step

    def should_update(self, step_idx: int | None = None, epoch_idx: int | None = None) -> bool:
        """After every step."""
        return step_idx is not None

    def on_train_batch_end(self, trainer: Any, pl_module: Any, outputs: Any, batch: Any, batch_idx: int) -> None:
        """Starts the mean afresh at every step before the first one that counts."""
        assert self._average_model is not None
        if trainer.global_step <= self.first_step:
            self._average_model.n_averaged.zero_()
        super().on_train_batch_end(trainer, pl_module, outputs, batch, batch_idx)


def build_averaging(hyperparameters: Hyperparameters, steps_per_epoch: int) -> list[Callback]:
    """The averaging that the hyperparameters ask for."""
    if hyperparameters.weight_averaging == "ema":
        return [ExponentialAveraging(hyperparameters.ema_decay)]
    if hyperparameters.weight_averaging == "swa":
        steps = steps_per_epoch * hyperparameters.max_epochs
        return [StochasticWeightAveraging(math.floor(hyperparameters.swa_start * steps))]
    return []
