"""Iterables of batches that Lightning runs through once an epoch."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator

import torch

from names3risk.data.datasets import (
    LENGTH_STEP,
    Batch,
    BatchSource,
    EncodedSplit,
    Selection,
    Source,
    TrainableSplit,
    count_batches,
    plan_scoring,
    plan_training,
)
from names3risk.data.shards import ShardedSplit
from names3risk.training.staging import fits, one_ahead
from names3risk.training.streaming import StreamingLoader, StreamingScoringLoader
from names3risk.training.world import World

logger = logging.getLogger(__name__)


class TrainingLoader:
    """Batches of a training split, in an order of their own in each epoch.

    Args:
        split: The encoded training split.
        rows_per_step: Rows of a step, those of all processes together.
        seed: The run's seed.
        epoch: Tells the epoch, from 0, when a pass begins.
        device: Where the split is held.
        world: The processes that share each step.
        packed: Whether the network packs rows.
    """

    def __init__(
        self,
        split: TrainableSplit,
        rows_per_step: int,
        seed: int,
        epoch: Callable[[], int],
        device: torch.device,
        world: World,
        packed: bool = False,
    ) -> None:
        self.source, self.device = _source(split, device), device
        if isinstance(self.source, BatchSource):
            self.source.packed = packed
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
        if _is_staged(self.source, self.device):
            yield from one_ahead(map(self.source.gather, mine), self.device)
        elif isinstance(self.source, BatchSource):
            yield from self.source.select(mine)
        else:
            yield from map(self.source.gather, mine)

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
    lanes: int,
    packed: bool,
) -> TrainingLoader | StreamingLoader:
    """The loader of a training split; one in shards is streamed, in lanes for the processes that the run began with."""
    if isinstance(split, ShardedSplit):
        return StreamingLoader(split, rows_per_step, seed, epoch, device, world, lanes, packed=packed)
    return TrainingLoader(split, rows_per_step, seed, epoch, device, world, packed)


class ScoringLoader:
    """Batches of a split, sorted by length.

    Args:
        split: The encoded split.
        batch_size: Rows of a batch.
        device: Where the split is held.
        world: The processes that share the rows; each row is scored by one of them.
    """

    def __init__(self, split: TrainableSplit, batch_size: int, device: torch.device, world: World) -> None:
        self.source, self.device = _source(split, device), device
        self.plan = plan_scoring(self.source.lengths, batch_size, world.size)[world.rank :: world.size]

    def __len__(self) -> int:
        return len(self.plan)

    def __iter__(self) -> Iterator[Batch]:
        batches = map(self.source.gather, self.plan)
        return one_ahead(batches, self.device) if _is_staged(self.source, self.device) else batches


def scoring_loader(
    split: TrainableSplit | ShardedSplit, batch_size: int, device: torch.device, world: World
) -> ScoringLoader | StreamingScoringLoader:
    """The loader of a validation split; one in shards is streamed."""
    if isinstance(split, ShardedSplit):
        return StreamingScoringLoader(split, batch_size, device, world)
    return ScoringLoader(split, batch_size, device, world)


def _source(split: TrainableSplit, device: torch.device) -> Source:
    """Batches of a split, which is held on the device where it has room for it, and else by the host."""
    if fits(split, device) or not isinstance(split, EncodedSplit):
        return split.source(device)
    logger.info("%d rows do not fit into the memory of %s: batches are made on the host", len(split), device)
    return BatchSource(split, step=LENGTH_STEP)


def _is_staged(source: Source, device: torch.device) -> bool:
    return isinstance(source, BatchSource) and source.tabular.device.type != torch.device(device).type
