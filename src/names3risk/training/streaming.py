"""Batches of a split in shards: read ahead, shuffled in a buffer, and never more in memory than two buffers.

The rows of an epoch are those of all pieces in an order of their own, cut into equal shares for the processes. A share
is cut into buffers of whole batches; within a buffer all rows are shuffled. Everything is a function of seed, epoch
and position, so a pass can begin anywhere by reading one buffer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import torch

from names3risk.data.datasets import Batch, EncodedSplit, count_batches, plan_training
from names3risk.data.shards import ShardedSplit
from names3risk.errors import ConfigError
from names3risk.training.world import World

Ints = npt.NDArray[np.int64]

BUFFER_ROWS = 131_072


class StreamingLoader:
    """Batches of a split in shards, in an order of their own in each epoch.

    Args:
        split: The split.
        rows_per_step: Rows of a step, those of all processes together.
        seed: The run's seed.
        epoch: Tells the epoch, from 0, when a pass begins.
        device: Where batches are made.
        world: The processes that share each step.
        buffer_rows: Rows that are shuffled together in each process.
    """

    def __init__(
        self,
        split: ShardedSplit,
        rows_per_step: int,
        seed: int,
        epoch: Callable[[], int],
        device: torch.device,
        world: World,
        buffer_rows: int = BUFFER_ROWS,
    ) -> None:
        self.split, self.seed, self.epoch, self.device, self.world = split, seed, epoch, device, world
        self.rows_per_step = rows_per_step
        self.mine = max(2, rows_per_step // world.size)
        self.buffer = max(1, buffer_rows // self.mine)
        """Batches of a buffer."""
        self.position = 0
        """Batches of this epoch that training is done with; set before a checkpoint is written."""
        self._skip = 0

    def __len__(self) -> int:
        return count_batches(len(self.split) // self.world.size, self.mine)

    def __iter__(self) -> Iterator[Batch]:
        epoch, (start, self._skip) = self.epoch(), (self._skip, 0)
        order = np.random.default_rng((self.seed, epoch)).permutation(len(self.split.pieces))
        buffers = self._buffers()
        first = min(start // self.buffer, len(buffers) - 1)
        with ThreadPoolExecutor(1) as ahead:
            reading = ahead.submit(self._read, order, *buffers[first])
            for number in range(first, len(buffers)):
                rows, positions = reading.result()
                if number + 1 < len(buffers):
                    reading = ahead.submit(self._read, order, *buffers[number + 1])
                source = rows.source(self.device)
                # The last buffer's batches are as many as every process has, which may differ by a row.
                count = len(self) - number * self.buffer if number + 1 == len(buffers) else self.buffer
                at = epoch * len(buffers) + number
                plan = plan_training(source.lengths, self.mine, self.seed, at, count=count)
                where = torch.from_numpy(positions).to(self.device)
                for chosen in plan[start - first * self.buffer :] if number == first else plan:
                    batch = source.gather(chosen)
                    yield replace(batch, rows=where[batch.rows])

    def _buffers(self) -> list[tuple[int, int]]:
        """First row and row after the last of each buffer, in the epoch's order of all rows."""
        rows, size = len(self.split), self.world.size
        begin, end = (rows * (self.world.rank + k) // size for k in (0, 1))
        step = self.buffer * self.mine
        # What would be less than a batch at the end belongs to the last buffer.
        count = max(1, -(-(rows // size - self.mine + 1) // step))
        edges = [begin + k * step for k in range(count)] + [end]
        return list(pairwise(edges))

    def _read(self, order: Ints, begin: int, end: int) -> tuple[EncodedSplit, Ints]:
        """The rows of a buffer, and their positions in the split."""
        sizes = np.diff(self.split.starts)[order]
        starts = np.concatenate([[0], np.cumsum(sizes)])
        first, last = np.searchsorted(starts, [begin, end - 1], side="right") - 1
        return self.split.read(
            [
                (int(order[k]), int(max(begin - starts[k], 0)), int(min(end - starts[k], sizes[k])))
                for k in range(first, last + 1)
            ]
        )

    def state_dict(self) -> dict[str, int]:
        """The position in the epoch."""
        return {"position": self.position, "processes": self.world.size}

    def load_state_dict(self, state_dict: dict[str, int]) -> None:
        """Makes the next pass start at a saved position.

        Raises:
            ConfigError: The position is within an epoch that another number of processes shares in another way.
        """
        if state_dict["position"] and state_dict["processes"] != self.world.size:
            raise ConfigError(
                f"a streamed epoch was begun by {state_dict['processes']} processes, now there are {self.world.size}",
                where="checkpoint",
                expected="as many, or a checkpoint of the beginning of an epoch",
            )
        self._skip = state_dict["position"]
