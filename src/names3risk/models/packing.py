"""Rows one after another, without padding: the work of a step is that of its tokens, however different their lengths.

How many positions a batch of rows takes is known before the device sees it, so nothing here waits for the device.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.autograd import Function
from torch.autograd.function import once_differentiable


class Packing(NamedTuple):
    """Where the positions of padded rows lie in an array of T positions, the last of which may belong to no row.

    Args:
        starts: Each row's first position, `(B,)`.
        lengths: Positions of each row, `(B,)`, at least 1: a row without tokens keeps one of padding.
        columns: Each position's number within its row, `(T,)`.
        origins: Each position's place among the padded ones, `(T,)`, and
        filled: whether a row has it, `(T,)`.
        places: Each padded position's place among the packed ones, `(B, L)`, and
        valid: whether it has one, `(B, L)`.
    """

    starts: Tensor
    lengths: Tensor
    columns: Tensor
    origins: Tensor
    filled: Tensor
    places: Tensor
    valid: Tensor

    @property
    def longest(self) -> int:
        """Positions that rows were padded to."""
        return self.valid.shape[1]

    def pack(self, padded: Tensor) -> Tensor:
        """`(B, L)` to `(T,)`; what belongs to no row is some row's."""
        return padded.flatten()[self.origins]

    def unpack(self, packed: Tensor) -> Tensor:
        """`(T, W)` to `(B, L, W)`, zero beyond a row's end."""
        padded: Tensor = _Unpack.apply(packed, self.places, self.valid, self.origins, self.filled)  # type: ignore[no-untyped-call]
        return padded


def pack_rows(mask: Tensor, slots: Tensor) -> Packing:
    """Finds where rows lie when they follow one another.

    Args:
        mask: True at tokens `(B, L)`, which come first in each row.
        slots: The numbers from 0 to T - 1; T is at least the number of tokens, a row without any counting as one.
    """
    rows, longest = mask.shape
    lengths = mask.sum(dim=1).clamp(min=1)
    ends = lengths.cumsum(dim=0)
    starts = ends - lengths
    row = torch.searchsorted(ends, slots, right=True).clamp(max=rows - 1)
    columns = (slots - starts[row]).clamp(max=longest - 1)
    every = torch.arange(longest, device=mask.device)
    return Packing(
        starts=starts,
        lengths=lengths,
        columns=columns,
        origins=row * longest + columns,
        filled=slots < ends[-1],
        places=(starts[:, None] + every).clamp(max=len(slots) - 1),
        valid=every < lengths[:, None],
    )


class _Unpack(Function):
    """Reads each position where it lies, in both directions, instead of adding gradients up one by one."""

    @staticmethod
    def forward(ctx: Any, packed: Tensor, places: Tensor, valid: Tensor, origins: Tensor, filled: Tensor) -> Tensor:
        ctx.save_for_backward(origins, filled)
        return packed[places] * valid[:, :, None]

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        origins, filled = ctx.saved_tensors
        return grad.flatten(0, 1)[origins] * filled[:, None], None, None, None, None
