"""Averages of the weights over steps, which are validated and kept in place of the last weights."""

from __future__ import annotations

import math
from typing import Any

import lightning
import torch
from lightning.pytorch.callbacks import Callback
from torch import Tensor
from torch.distributed.tensor import DTensor, distribute_tensor

from names3risk.data.datasets import Batch, Selection
from names3risk.hyperparameters import Hyperparameters
from names3risk.training.module import RiskModule

AVERAGED = "averaged_state_dict"
"""Where checkpoints hold the averaged weights, beside the current ones."""


class WeightAveraging(Callback):
    """Averages the weights after each step; where they are sharded, each process its shard.

    Steps are counted here, not on the device, so that none waits for it.
    """

    def __init__(self) -> None:
        self.updates = self.last_step = 0
        self.average: dict[str, Tensor] = {}
        """This process's part of the average."""
        self._saved: dict[str, Tensor] | None = None

    def share(self, updates: int, step: int) -> float:
        """The share of the current weights in the next average.

        Args:
            updates: Weights averaged so far.
            step: The optimizer step just made, from 1.
        """
        raise NotImplementedError

    def on_train_start(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        """Begins with the current weights, or goes on with the average of the checkpoint."""
        current = _tensors(pl_module)
        self.average = {name: _mine(tensor).clone() for name, tensor in current.items()}
        if self._saved is not None:
            for name, tensor in current.items():
                self.average[name].copy_(_mine(_placed_as(tensor, self._saved[f"model.{name}"])))

    def on_train_batch_end(
        self,
        trainer: lightning.Trainer,
        pl_module: lightning.LightningModule,
        outputs: Any,
        batch: Batch | Selection,
        batch_idx: int,
    ) -> None:
        """Takes the weights into the average where the batch ended a step."""
        if trainer.global_step == self.last_step:
            return
        self.last_step = trainer.global_step
        share = self.share(self.updates, self.last_step)
        if share == 1:
            self.updates = 0
        current = [_mine(tensor) for tensor in _tensors(pl_module).values()]
        torch._foreach_lerp_(list(self.average.values()), current, share)
        self.updates += 1

    def on_validation_epoch_start(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        """Validates the average."""
        self._swap(pl_module)

    def on_validation_epoch_end(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        """Goes on training with the current weights."""
        self._swap(pl_module)

    def state_dict(self) -> dict[str, int]:
        """How many weights have been averaged, and up to which step."""
        return {"updates": self.updates, "last_step": self.last_step}

    def load_state_dict(self, state_dict: dict[str, int]) -> None:
        """Goes on counting."""
        self.updates, self.last_step = state_dict["updates"], state_dict["last_step"]

    def on_save_checkpoint(
        self, trainer: lightning.Trainer, pl_module: lightning.LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        """Saves the average beside the current weights; what is not averaged is in both."""
        assert isinstance(pl_module, RiskModule)
        current = _tensors(pl_module)
        average = {f"model.{name}": _whole(self.average[name], tensor) for name, tensor in current.items()}
        checkpoint[AVERAGED] = {**checkpoint["state_dict"], **average}

    def on_load_checkpoint(
        self, trainer: lightning.Trainer, pl_module: lightning.LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        """Keeps the average until the weights are where training has them."""
        self._saved = checkpoint[AVERAGED]

    @torch.no_grad()
    def _swap(self, pl_module: lightning.LightningModule) -> None:
        for name, tensor in _tensors(pl_module).items():
            current, average = _mine(tensor), self.average[name]
            kept = current.clone()
            current.copy_(average)
            average.copy_(kept)


class ExponentialAveraging(WeightAveraging):
    """Exponential moving average of the weights after each step.

    The decay is min(decay, (1 + n) / (10 + n)) after n updates, so that the first steps do not linger.

    Args:
        decay: Share of the average that a step leaves as it was.
    """

    def __init__(self, decay: float) -> None:
        super().__init__()
        self.decay = decay

    def share(self, updates: int, step: int) -> float:
        """What the decay leaves; all at the first step."""
        return 1 - min(self.decay, (1 + updates) / (10 + updates)) if updates else 1.0


class StochasticWeightAveraging(WeightAveraging):
    """Plain mean of the weights after each step of the last part of a run (Izmailov et al. 2018).

    Args:
        first_step: The step from which weights are averaged; up to it, the current weights are the average.
    """

    def __init__(self, first_step: int) -> None:
        super().__init__()
        self.first_step = first_step

    def share(self, updates: int, step: int) -> float:
        """That of one of so many steps."""
        return 1.0 if step <= self.first_step else 1 / (1 + updates)


def build_averaging(hyperparameters: Hyperparameters, steps_per_epoch: int) -> list[Callback]:
    """The averaging that the hyperparameters ask for."""
    if hyperparameters.weight_averaging == "ema":
        return [ExponentialAveraging(hyperparameters.ema_decay)]
    if hyperparameters.weight_averaging == "swa":
        steps = steps_per_epoch * hyperparameters.max_epochs
        return [StochasticWeightAveraging(math.floor(hyperparameters.swa_start * steps))]
    return []


def _tensors(module: lightning.LightningModule) -> dict[str, Tensor]:
    """What is averaged of the network: weights, and statistics of normalisation; not counters."""
    assert isinstance(module, RiskModule)
    state = module.model.state_dict(keep_vars=True)
    return {name: tensor.detach() for name, tensor in state.items() if tensor.is_floating_point()}


def _mine(tensor: Tensor) -> Tensor:
    """The part of a tensor that this process holds."""
    return tensor.to_local() if isinstance(tensor, DTensor) else tensor


def _whole(mine: Tensor, like: Tensor) -> Tensor:
    """A tensor of whose shards each process has its own, whole."""
    if not isinstance(like, DTensor):
        return mine
    placed = DTensor.from_local(mine, like.device_mesh, like.placements, shape=like.shape, stride=like.stride())
    whole: Tensor = placed.full_tensor()
    return whole


def _placed_as(like: Tensor, whole: Tensor) -> Tensor:
    """A whole tensor that each process has, in shards as another tensor is."""
    if not isinstance(like, DTensor):
        return whole
    return distribute_tensor(whole.to(like.device), like.device_mesh, like.placements)
