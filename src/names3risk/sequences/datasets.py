"""Histories with the item that follows, and their batches: gathered by index, without a loop over rows."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from names3risk.data.datasets import Batch
from names3risk.sequences.encoding import DURATION_BUCKETS, EncodedEvents, Ints
from names3risk.sequences.splits import windows
from names3risk.sequences.vocabulary import PAD


@dataclass(frozen=True, kw_only=True)
class SequenceBatch(Batch):
    """Some histories as tensors; `input_ids` are items, the oldest first, `labels` the items that follow.

    Args:
        entities: Whose history it is, `(B,)` int64.
        details: Time of day, weekday, recency, duration and context of each event, `(B, L, 4 + C)` int64, 0 at padding.
    """

    entities: Tensor
    details: Tensor


@dataclass(frozen=True)
class SequenceSplit:
    """Histories in encoded events.

    Args:
        events: All events.
        starts: Position of the first event of each history, `(S,)`.
        ends: Position after the last event of each history, `(S,)`.
        labels: The item that follows, `(S,)`; None where it is to be predicted.
    """

    events: EncodedEvents
    starts: Ints
    ends: Ints
    labels: Ints | None = None

    @classmethod
    def before(cls, events: EncodedEvents, targets: Ints, length: int) -> SequenceSplit:
        """The histories before target events at positions `(S,)`, with the targets' items as labels."""
        starts, ends = windows(events, targets, events.firsts[targets], length)
        return cls(events, starts, ends, events.items[targets])

    def __len__(self) -> int:
        return len(self.starts)

    def digest(self) -> str:
        """SHA-256 of everything that training reads."""
        found = hashlib.sha256()
        events = self.events
        for array in (events.items, events.entities, events.seconds, events.details, self.starts, self.ends):
            found.update(f"{array.dtype}{array.shape}".encode())
            found.update(np.ascontiguousarray(array).data)
        return found.hexdigest()

    def source(self, device: torch.device | str) -> SequenceSource:
        """Batches of these histories, made on a device."""
        return SequenceSource(self, device)


class SequenceSource:
    """Gathers batches of any histories on a device.

    Args:
        split: The histories.
        device: Where the events are held and batches are made.
    """

    def __init__(self, split: SequenceSplit, device: torch.device | str = "cpu") -> None:
        events = split.events
        self.lengths = split.ends - split.starts
        self.items, self.entities, self.seconds, self.details, self.starts, self.ends = (
            torch.from_numpy(np.require(array, requirements=["C", "W"])).to(device)
            for array in (events.items, events.entities, events.seconds, events.details, split.starts, split.ends)
        )
        self.labels = None if split.labels is None else torch.from_numpy(split.labels).to(device)

    def gather(self, rows: npt.NDArray[np.int64]) -> SequenceBatch:
        """The batch of the given histories, padded at the end to the longest of them."""
        index = torch.from_numpy(rows).to(self.starts.device)
        starts, last = self.starts[index][:, None], self.ends[index][:, None] - 1
        longest = max(1, int(self.lengths[rows].max(initial=1)))
        positions = starts + torch.arange(longest, device=index.device)
        mask = positions <= last
        positions = torch.minimum(positions, last)
        known = self.details[positions].long()
        recency = _bucket(self.seconds[last] - self.seconds[positions])
        details = torch.cat([known[..., :2], recency[..., None], known[..., 2:]], dim=-1)
        return SequenceBatch(
            input_ids=self.items[positions].masked_fill(~mask, PAD),
            attention_mask=mask,
            tabular=torch.zeros(len(rows), 0, device=index.device),
            labels=None if self.labels is None else self.labels[index],
            rows=index,
            entities=self.entities[last[:, 0]],
            details=details.masked_fill(~mask[..., None], PAD),
        )


def _bucket(seconds: Tensor) -> Tensor:
    """`names3risk.sequences.encoding.duration_bucket` of a tensor."""
    bucket = 1 + (2 * torch.log2(1 + seconds.double())).long()
    return bucket.clamp(max=DURATION_BUCKETS - 1)
