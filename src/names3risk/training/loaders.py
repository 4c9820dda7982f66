"""Iterables of batches that Lightning runs through once an epoch."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch

from names3risk.data.datasets import Batch, BatchSource, EncodedSplit, count_batches, plan_scoring, plan_training


class TrainingLoader:
    """Batches of a training split, in an order of their own in each epoch.

    Args:
        split: The encoded training split.
        batch_size: Rows of a batch.
        seed: The run's seed.
        epoch: Tells the epoch, from 0, when a pass begins.
        device: Where the split is held.
    """

    def __init__(
        self, split: EncodedSplit, batch_size: int, seed: int, epoch: Callable[[], int], device: torch.device
    ) -> None:
        self.source = BatchSource(split, device)
        self.batch_size, self.seed, self.epoch = batch_size, seed, epoch
        self.position = 0
        """Batches of this epoch that training is done with; set before a checkpoint is written."""
        self._skip = 0

    def __len__(self) -> int:
        return count_batches(len(self.source.lengths), self.batch_size)

    def __iter__(self) -> Iterator[Batch]:
        plan = plan_training(self.source.lengths, self.batch_size, self.seed, self.epoch())
        start, self._skip = self._skip, 0
        for rows in plan[start:]:
            yield self.source.gather(rows)

    def state_dict(self) -> dict[str, int]:
        """The position in the epoch."""
        return {"position": self.position}

    def load_state_dict(self, state_dict: dict[str, int]) -> None:
        """Makes the next pass start at a saved position."""
        self._skip = state_dict["position"]


class ScoringLoader:
    """Batches of a split, sorted by length.

    Args:
        split: The encoded split.
        batch_size: Rows of a batch.
        device: Where the split is held.
    """

    def __init__(self, split: EncodedSplit, batch_size: int, device: torch.device) -> None:
        self.source = BatchSource(split, device)
        self.plan = plan_scoring(self.source.lengths, batch_size)

    def __len__(self) -> int:
        return len(self.plan)

    def __iter__(self) -> Iterator[Batch]:
        for rows in self.plan:
            yield self.source.gather(rows)
