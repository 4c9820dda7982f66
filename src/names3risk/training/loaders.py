"""Iterables of batches that Lightning runs through once an epoch."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch

from names3risk.data.datasets import (
    Batch,
    BatchSource,
    Selection,
    TrainableSplit,
    count_batches,
    plan_scoring,
    plan_training,
)
from names3risk.data.shards import ShardedSplit
from names3risk.training.streaming import StreamingLoader
from names3risk.training.world import World


class TrainingLoader:
    """Batches of a training split, in an order of their own in each epoch.

    Args:
        split: The encoded training split.
        rows_per_step: Rows of a step, those of all processes together.
        seed: The run's seed.
        epoch: Tells the epoch, from 0, when a pass begins.
        device: Where the split is held.
        world: The processes that share each step.
    """

    def __init__(
        self,
        split: TrainableSplit,
        rows_per_step: int,
        seed: int,
        epoch: Callable[[], int],
        device: torch.device,
        world: World,
    ) -> None:
        self.source = split.source(device)
        self.rows_per_step, self.seed, self.epoch, self.world = rows_per_step, seed, epoch, world
        self.position = 0
        """Batches of this epoch that training is done with; set before a checkpoint is written."""
        self._skip = 0

    def __len__(self) -> int:
        return count_batches(len(self.source.lengths), self.rows_per_step, self.world.size)

    def __iter__(self) -> Iterator[Batch | Selection]:
        plan = plan_training(self.source.lengths, self.rows_per_step, self.seed, self.epoch(), self.world.size)
        start, self._skip = self._skip, 0
        mine = [rows[self.world.rank :: self.world.size] for rows in plan[start:]]
        yield from self.source.select(mine) if isinstance(self.source, BatchSource) else map(self.source.gather, mine)

    def state_dict(self) -> dict[str, int]:
        """The position in the epoch."""
        return {"position": self.position}

    def load_state_dict(self, state_dict: dict[str, int]) -> None:
        """Makes the next pass start at a saved position."""
        self._skip = state_dict["position"]


def training_loader(
    split: TrainableSplit | ShardedSplit,
    rows_per_step: int,
    seed: int,
    epoch: Callable[[], int],
    device: torch.device,
    world: World,
) -> TrainingLoader | StreamingLoader:
    """The loader of a training split; one in shards is streamed."""
    if isinstance(split, ShardedSplit):
        return StreamingLoader(split, rows_per_step, seed, epoch, device, world)
    return TrainingLoader(split, rows_per_step, seed, epoch, device, world)


class ScoringLoader:
    """Batches of a split, sorted by length.

    Args:
        split: The encoded split.
        batch_size: Rows of a batch.
        device: Where the split is held.
        world: The processes that share the rows; each row is scored by one of them.
    """

    def __init__(self, split: TrainableSplit, batch_size: int, device: torch.device, world: World) -> None:
        self.source = split.source(device)
        self.plan = plan_scoring(self.source.lengths, batch_size, world.size)[world.rank :: world.size]

    def __len__(self) -> int:
        return len(self.plan)

    def __iter__(self) -> Iterator[Batch]:
        for rows in self.plan:
            yield self.source.gather(rows)
