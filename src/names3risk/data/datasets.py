"""Encoded splits and their batches: index-based, shuffled by (seed, epoch), gathered without a loop over rows."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import polars as pl
import torch
from torch import Tensor

from names3risk.errors import DataError
from names3risk.text.ragged import RaggedTokens
from names3risk.text.special import PAD_ID

LENGTH_STEP = 8
"""On a GPU batches are padded to a multiple of this."""
ROOM_STEP = 2
"""The room of a packed batch is a multiple of so many positions a row."""


class Source(Protocol):
    """Gathers batches of any rows of a split; `lengths`, `(N,)`, says which rows go well together."""

    lengths: npt.NDArray[np.int64]

    def gather(self, rows: npt.NDArray[np.int64]) -> Batch:
        """The batch of the given rows."""


class TrainableSplit(Protocol):
    """Rows that a model can be trained on."""

    def __len__(self) -> int: ...

    def digest(self) -> str:
        """SHA-256 of everything that training reads."""

    def source(self, device: torch.device) -> Source:
        """Batches of these rows, made on a device."""


@dataclass(frozen=True)
class EncodedSplit:
    """A split as the models see it.

    Args:
        tokens: Token ids of N rows.
        tabular: Numeric and risk-table features, `(N, F)` float32; F may be 0.
        labels: Classes from 0, `(N,)` int64, or None where unknown.
        ids: Row identifiers, `(N,)`, in their own type.
        marketplaces: Marketplace of each row, `(N,)`.

    Raises:
        DataError: The parts have different numbers of rows.
    """

    tokens: RaggedTokens
    tabular: npt.NDArray[np.float32]
    labels: npt.NDArray[np.int64] | None = None
    ids: pl.Series | None = None
    marketplaces: pl.Series | None = None

    def __post_init__(self) -> None:
        parts = {"tabular": self.tabular, "labels": self.labels, "ids": self.ids, "marketplaces": self.marketplaces}
        for name, part in parts.items():
            if part is not None and len(part) != len(self.tokens):
                raise DataError(
                    f"{name} has {len(part)} rows", where="encoded split", expected=f"{len(self.tokens)} rows"
                )
        if self.tabular.ndim != 2:
            raise DataError(
                f"tabular has {self.tabular.ndim} dimensions", where="encoded split", expected="(rows, columns)"
            )

    def __len__(self) -> int:
        return len(self.tokens)

    @property
    def has_ids(self) -> bool:
        """Whether rows have identifiers."""
        return self.ids is not None

    def ids_of(self, rows: Sequence[int]) -> list[Any]:
        """The identifiers of rows."""
        assert self.ids is not None
        return self.ids[list(rows)].to_list()

    @property
    def nbytes(self) -> int:
        """Bytes of everything that training reads."""
        arrays = (self.tokens.values, self.tokens.offsets, self.tabular, self.labels)
        return sum(array.nbytes for array in arrays if array is not None)

    def digest(self) -> str:
        """SHA-256 of everything that training reads: tokens, features and labels, in their order."""
        found = hashlib.sha256()
        for array in (self.tokens.values, self.tokens.offsets, self.tabular, self.labels):
            if array is not None:
                found.update(f"{array.dtype}{array.shape}".encode())
                found.update(np.ascontiguousarray(array).data)
        return found.hexdigest()

    def source(self, device: torch.device) -> BatchSource:
        """Batches of these rows, made on a device."""
        return BatchSource(self, device)


@dataclass(frozen=True)
class Batch:
    """Some rows of a split as tensors.

    Args:
        input_ids: Token ids, padded with the padding id at the end, `(B, L)` int64.
        attention_mask: True at tokens, false at padding, `(B, L)` bool.
        tabular: Features, `(B, F)` float32.
        labels: Classes, `(B,)` int64; None where unknown.
        rows: Positions of the rows in their split, `(B,)` int64.
        room: Positions that suffice for the tokens of all rows one after another, a row without any taking one; 0
            where rows are computed with their padding.
    """

    input_ids: Tensor
    attention_mask: Tensor
    tabular: Tensor
    labels: Tensor | None
    rows: Tensor
    room: int = 0

    @property
    def shape(self) -> tuple[int, ...]:
        """What two batches must agree in to be computed by the same kernels: rows, length and room."""
        return *self.input_ids.shape, self.room

    @property
    def tensors(self) -> dict[str, Tensor]:
        """The tensors of the batch, by name."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: value for name, value in values.items() if isinstance(value, Tensor)}

    def build(self, tensors: Mapping[str, Tensor]) -> Batch:
        """The same batch with other tensors."""
        return replace(self, **dict[str, Any](tensors))


@dataclass(frozen=True)
class Selection:
    """Rows of a split on a device that are yet to be gathered into a batch.

    Args:
        source: What gathers them.
        rows: Positions of the rows, `(B,)` int64 on the device.
        length: Positions that the rows are padded to.
        room: As of the batch.
    """

    source: BatchSource
    rows: Tensor
    length: int
    room: int

    @property
    def shape(self) -> tuple[int, ...]:
        """Rows, length and room of the batch."""
        return len(self.rows), self.length, self.room

    @property
    def tabular(self) -> Tensor:
        """Features of the rows, `(B, F)`."""
        return self.source.tabular[self.rows]

    @property
    def labels(self) -> Tensor | None:
        """Classes of the rows, `(B,)`."""
        return None if self.source.labels is None else self.source.labels[self.rows]

    @property
    def tensors(self) -> dict[str, Tensor]:
        """The tensors that the batch is made of, by name."""
        return {"rows": self.rows}

    def build(self, tensors: Mapping[str, Tensor]) -> Batch:
        """Gathers the batch."""
        return self.source.at(tensors["rows"], self.length, self.room)


class BatchSource:
    """Gathers batches of any rows of a split on a device.

    On a GPU batches are padded to a multiple of LENGTH_STEP positions, so that they have few different shapes; those
    of a network that packs rows have one length, and few different rooms.

    Args:
        split: The split; its arrays are shared, not copied, on the CPU.
        device: Where the split is held and batches are made.
        step: Batches are padded to a multiple of so many positions; by default as the device wants it.
        longest: Tokens of the longest row that may ever come; by default of the split's.
        packed: Whether the network packs rows.
    """

    def __init__(
        self,
        split: EncodedSplit,
        device: torch.device | str = "cpu",
        step: int | None = None,
        longest: int | None = None,
        packed: bool = False,
    ) -> None:
        self.packed = packed
        self.values = _tensor(split.tokens.values).to(device)
        self.offsets = _tensor(split.tokens.offsets).to(device)
        self.tabular = _tensor(split.tabular).to(device)
        self.labels = None if split.labels is None else _tensor(split.labels).to(device)
        self.lengths = split.tokens.lengths
        self.longest = longest or int(self.lengths.max(initial=1))
        self.step = step or (LENGTH_STEP if self.values.is_cuda else 1)

    def gather(self, rows: npt.NDArray[np.int64]) -> Batch:
        """The batch of the given rows, padded to the longest of them (at least one position)."""
        return self.at(torch.from_numpy(rows).to(self.offsets.device), self._padded(rows), self._room(rows))

    def select(self, plan: Sequence[npt.NDArray[np.int64]]) -> Iterator[Selection]:
        """The same rows as one `gather` each, which travel to the device all at once."""
        if plan:
            index = torch.from_numpy(np.concatenate(plan)).to(self.offsets.device)
            for rows, chosen in zip(plan, torch.split(index, [len(rows) for rows in plan]), strict=True):
                yield Selection(self, chosen, self._padded(rows), self._room(rows))

    def _room(self, rows: npt.NDArray[np.int64]) -> int:
        if not self.packed:
            return 0
        step = ROOM_STEP * len(rows)
        return -(-int(np.maximum(self.lengths[rows], 1).sum()) // step) * step

    def _padded(self, rows: npt.NDArray[np.int64]) -> int:
        if self.packed:
            return max(1, self.longest)
        longest = max(1, int(self.lengths[rows].max(initial=1)))
        return min(-(-longest // self.step) * self.step, max(1, self.longest))

    def at(self, index: Tensor, length: int, room: int = 0) -> Batch:
        """The batch of the rows at positions `(B,)` on the device, padded to a length; waits for nothing."""
        starts = self.offsets[index]
        columns = torch.arange(length, device=index.device)
        mask = columns < (self.offsets[index + 1] - starts)[:, None]
        if len(self.values):
            positions = (starts[:, None] + columns).clamp_(max=len(self.values) - 1)
            tokens = self.values[positions].long().masked_fill_(~mask, PAD_ID)
        else:
            tokens = torch.full_like(mask, PAD_ID, dtype=torch.int64)
        labels = None if self.labels is None else self.labels[index]
        return Batch(tokens, mask, self.tabular[index], labels, index, room)


def plan_training(
    lengths: npt.NDArray[np.int64],
    batch_size: int,
    seed: int,
    epoch: int,
    processes: int = 1,
    count: int | None = None,
) -> list[npt.NDArray[np.int64]]:
    """Rows of each batch of a training epoch: a random sample, which is sorted by length.

    Batches of rows of similar length would need less padding, but networks learn worse from them. The order depends on
    `(seed, epoch)` only. A last batch of less than two rows a process joins its neighbour, because batch normalisation
    cannot train on one row.

    Args:
        lengths: Tokens of each row, `(N,)`.
        batch_size: Rows of a batch, those of all processes together.
        seed: The run's seed.
        epoch: The epoch, from 0.
        processes: Processes that share a batch.
        count: Batches to make, the last of which holds what is left; by default `count_batches` of the rows.

    Returns:
        `count` arrays of row positions; each row appears exactly once.
    """
    random = np.random.default_rng((seed, epoch))
    order = random.permutation(len(lengths))
    if count is None:
        count = count_batches(len(lengths), batch_size, processes)
    batches = np.split(order, range(batch_size, count * batch_size, batch_size)) if count else []
    keys = lengths.astype(np.int16) if len(lengths) and lengths.max() < 2**15 else lengths  # short keys sort fastest
    return [batches[i][np.argsort(keys[batches[i]], kind="stable")] for i in random.permutation(count)]


def count_batches(rows: int, batch_size: int, processes: int = 1) -> int:
    """Batches of a training epoch over so many rows."""
    full, rest = divmod(rows, batch_size)
    return full + (rest >= 2 * processes or (rest > 0 and full == 0))


def plan_scoring(lengths: npt.NDArray[np.int64], batch_size: int, processes: int = 1) -> list[npt.NDArray[np.int64]]:
    """Rows of each batch for scoring: sorted by length, so that there is the least padding.

    Args:
        lengths: Tokens of each row, `(N,)`.
        batch_size: Most rows of a batch.
        processes: Processes that take turns; the number of batches is a multiple of it.
    """
    count = processes * -(-len(lengths) // (batch_size * processes))
    return np.array_split(np.argsort(lengths, kind="stable"), count) if count else []


def batches(
    split: EncodedSplit,
    batch_size: int,
    *,
    shuffle: bool = False,
    seed: int = 0,
    epoch: int = 0,
    device: torch.device | str = "cpu",
) -> Iterator[Batch]:
    """Batches of a split.

    Args:
        split: The encoded split.
        batch_size: Rows of a batch.
        shuffle: In training order of (seed, epoch); otherwise sorted by length. `Batch.rows` tells the positions.
        seed: The run's seed.
        epoch: The epoch, from 0.
        device: Where the batches are made.

    Yields:
        Batches that together hold every row exactly once.
    """
    source = BatchSource(split, device)
    plan = (
        plan_training(source.lengths, batch_size, seed, epoch) if shuffle else plan_scoring(source.lengths, batch_size)
    )
    for rows in plan:
        yield source.gather(rows)


def _tensor(array: npt.NDArray[Any]) -> Tensor:
    """Shares the array where torch can (it wants writable memory), and copies it otherwise."""
    return torch.from_numpy(np.require(array, requirements=["C", "W"]))
