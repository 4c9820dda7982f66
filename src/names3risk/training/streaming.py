"""Batches of a split in shards: read ahead, shuffled in a buffer, and never more in memory than two buffers.

The rows of an epoch are those of all pieces in an order of their own, cut into equal shares, the lanes: one for each
process that the run began with. A lane is cut into buffers of whole batches; within a buffer all rows are shuffled, and
a step takes a batch of each lane. Everything is a function of seed, epoch and position, so a pass can begin anywhere by
reading one buffer, and any number of processes can share the lanes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import torch

from names3risk.data.datasets import LENGTH_STEP, Batch, BatchSource, EncodedSplit, count_batches, plan_training
from names3risk.data.shards import ShardedSplit
from names3risk.errors import ConfigError
from names3risk.training.staging import one_ahead
from names3risk.training.world import World

Ints = npt.NDArray[np.int64]
Range = tuple[int, int]
"""First row and row after the last."""

BUFFER_ROWS = 131_072
BUFFER_BYTES = 256 << 20


def rows_of_a_buffer(split: ShardedSplit) -> int:
    """Rows that are shuffled together: fewer where they are wide."""
    return min(BUFFER_ROWS, max(1, BUFFER_BYTES // (4 * split.index.features + 4 * split.index.longest + 16)))


class StreamingLoader:
    """Batches of a split in shards, in an order of their own in each epoch.

    Args:
        split: The split.
        rows_per_step: Rows of a step, those of all processes together.
        seed: The run's seed.
        epoch: Tells the epoch, from 0, when a pass begins.
        device: Where batches are wanted.
        world: The processes that share each step.
        lanes: Processes that the run began with; by default as many as there are now.
        buffer_rows: Rows of a lane that are shuffled together; by default what `rows_of_a_buffer` says.
        packed: Whether the network packs rows.

    Raises:
        ConfigError: The smallest step of an epoch has too few rows for so many processes.
    """

    def __init__(
        self,
        split: ShardedSplit,
        rows_per_step: int,
        seed: int,
        epoch: Callable[[], int],
        device: torch.device,
        world: World,
        lanes: int = 0,
        buffer_rows: int = 0,
        packed: bool = False,
    ) -> None:
        self.packed = packed
        self.split, self.seed, self.epoch, self.device, self.world = split, seed, epoch, device, world
        self.rows_per_step, self.lanes = rows_per_step, lanes or world.size
        self.mine = max(2, rows_per_step // self.lanes)
        """Rows of a lane in a step."""
        self.buffer = max(1, (buffer_rows or rows_of_a_buffer(split)) // self.mine)
        """Batches of a buffer."""
        self.position = 0
        """Batches of this epoch that training is done with; set before a checkpoint is written."""
        self._skip = 0
        smallest = self.lanes * min(self.mine, len(split) // self.lanes - (len(self) - 1) * self.mine)
        if smallest // world.size < 2:
            raise ConfigError(
                f"a step of {smallest} rows cannot be shared by {world.size} processes",
                where="streamed training split",
                expected=f"at most {smallest // 2} processes, for this run was begun by {self.lanes}",
            )

    def __len__(self) -> int:
        return count_batches(len(self.split) // self.lanes, self.mine)

    def __iter__(self) -> Iterator[Batch]:
        return self._gathered() if self.device.type == "cpu" else one_ahead(self._gathered(), self.device)

    def _gathered(self) -> Iterator[Batch]:
        """The batches of this process in the host's memory."""
        epoch, (start, self._skip) = self.epoch(), (self._skip, 0)
        order = np.random.default_rng((self.seed, epoch)).permutation(len(self.split.pieces))
        lanes, part, parts = self._share()
        counts = [min(self.buffer, len(self) - begin) for begin in range(0, len(self), self.buffer)]
        first = start // self.buffer
        wanted = [[self._range(lane, number, len(counts)) for lane in lanes] for number in range(first, len(counts))]
        for number, (rows, positions) in enumerate(_read_ahead(self.split, order, wanted), start=first):
            source = _source(rows, self.split, self.device, self.packed)
            ends = np.cumsum([end - begin for begin, end in wanted[number - first]])
            plans = [
                [
                    begin + chosen
                    for chosen in plan_training(
                        source.lengths[begin:end],
                        self.mine,
                        self.seed,
                        (epoch * len(counts) + number) * self.lanes + lane,
                        count=counts[number],
                    )
                ]
                for lane, (begin, end) in zip(lanes, pairwise([0, *ends.tolist()]), strict=True)
            ]
            for step in range(max(0, start - number * self.buffer), counts[number]):
                yield _located(source.gather(np.concatenate([plan[step] for plan in plans])[part::parts]), positions)

    def _share(self) -> tuple[range, int, int]:
        """The lanes that this process reads, and of their rows it takes those at k, k + n, k + 2n, ..."""
        each, left = divmod(self.lanes, self.world.size)
        if left:
            return range(self.lanes), self.world.rank, self.world.size
        return range(self.world.rank * each, (self.world.rank + 1) * each), 0, 1

    def _range(self, lane: int, number: int, count: int) -> Range:
        """The rows of a buffer of a lane, in the epoch's order of all rows."""
        begin, end = (len(self.split) * (lane + k) // self.lanes for k in (0, 1))
        step = self.buffer * self.mine
        # What would be less than a batch at the end belongs to the last buffer.
        return begin + number * step, end if number + 1 == count else begin + (number + 1) * step

    def state_dict(self) -> dict[str, int]:
        """The position in the epoch."""
        return {"position": self.position}

    def load_state_dict(self, state_dict: dict[str, int]) -> None:
        """Makes the next pass start at a saved position."""
        self._skip = state_dict["position"]


class StreamingScoringLoader:
    """Batches of a split in shards in the order of its rows, sorted by length within a buffer.

    Args:
        split: The split.
        batch_size: Most rows of a batch.
        device: Where batches are wanted.
        world: The processes that share the rows; each row is scored by one of them, and all have as many batches.
        buffer_rows: Rows that are sorted together; by default what `rows_of_a_buffer` says.
    """

    def __init__(
        self, split: ShardedSplit, batch_size: int, device: torch.device, world: World, buffer_rows: int = 0
    ) -> None:
        self.split, self.batch_size, self.device, self.world = split, batch_size, device, world
        self.buffer = max(1, (buffer_rows or rows_of_a_buffer(split)) // batch_size)

    def __len__(self) -> int:
        return -(-len(self.split) // (self.batch_size * self.world.size))

    def __iter__(self) -> Iterator[Batch]:
        return self._gathered() if self.device.type == "cpu" else one_ahead(self._gathered(), self.device)

    def _gathered(self) -> Iterator[Batch]:
        begin, end = (len(self.split) * (self.world.rank + k) // self.world.size for k in (0, 1))
        edges = begin + np.arange(len(self) + 1) * (end - begin) // len(self)
        counts = [min(self.buffer, len(self) - first) for first in range(0, len(self), self.buffer)]
        stops = np.cumsum([0, *counts])
        wanted = [[(int(edges[first]), int(edges[last]))] for first, last in pairwise(stops)]
        order = np.arange(len(self.split.pieces))
        for count, (rows, positions) in zip(counts, _read_ahead(self.split, order, wanted), strict=True):
            source = _source(rows, self.split, self.device)
            for chosen in np.array_split(np.argsort(source.lengths, kind="stable"), count):
                yield _located(source.gather(chosen), positions)


def _read_ahead(
    split: ShardedSplit, order: Ints, wanted: Sequence[Sequence[Range]]
) -> Iterator[tuple[EncodedSplit, Ints]]:
    """Reads buffers, the next one while this one is in use.

    Args:
        split: The split.
        order: The order of its pieces.
        wanted: The rows of each buffer, counted in that order.

    Yields:
        The rows of a buffer one after the other, and their positions in the split.
    """
    sizes = np.diff(split.starts)[order]
    starts = np.concatenate([[0], np.cumsum(sizes)])

    def parts(begin: int, end: int) -> list[tuple[int, int, int]]:
        first, last = np.searchsorted(starts, [begin, end - 1], side="right") - 1
        return [
            (int(order[k]), int(max(begin - starts[k], 0)), int(min(end - starts[k], sizes[k])))
            for k in range(first, last + 1)
        ]

    def read(ranges: Sequence[Range]) -> tuple[EncodedSplit, Ints]:
        return split.read([part for begin, end in ranges for part in parts(begin, end)])

    with ThreadPoolExecutor(1, "rows") as thread:
        coming = thread.submit(read, wanted[0]) if wanted else None
        for number in range(len(wanted)):
            assert coming is not None
            found = coming.result()
            coming = thread.submit(read, wanted[number + 1]) if number + 1 < len(wanted) else None
            yield found


def _source(rows: EncodedSplit, split: ShardedSplit, device: torch.device, packed: bool = False) -> BatchSource:
    """Gathers a buffer's rows on the host, padded as the device wants them."""
    step = 1 if device.type == "cpu" else LENGTH_STEP
    return BatchSource(rows, step=step, longest=split.index.longest, packed=packed)


def _located(batch: Batch, positions: Ints) -> Batch:
    return replace(batch, rows=torch.from_numpy(positions[batch.rows.numpy()]))
