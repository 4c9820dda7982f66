"""Rows of text as chunks, each of which an encoder reads on its own.

The models take token ids either flat, `(B, L)`, where every [CLS] begins a chunk, or already as chunks, `(B, C, L)`.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from names3risk.text.special import CLS_ID, PAD_ID


def chunk_starts(input_ids: Tensor) -> Tensor:
    """True at the first token of each chunk: at every [CLS], and at the first position; `(B, L)` to `(B, L)`."""
    first = torch.arange(input_ids.shape[1], device=input_ids.device) == 0
    return (input_ids == CLS_ID) | first


def split_chunks(input_ids: Tensor, mask: Tensor, n_chunks: int) -> tuple[Tensor, Tensor]:
    """Cuts flat rows into chunks; a chunk beyond the last is part of it.

    Args:
        input_ids: Token ids `(B, L)`.
        mask: True at tokens `(B, L)`; each row's tokens come first.
        n_chunks: C.

    Returns:
        Token ids and mask, `(B, C, L)`; the tokens of a chunk come first.
    """
    length = input_ids.shape[1]
    if n_chunks == 1:
        return input_ids[:, None], mask[:, None]
    chunk = (chunk_starts(input_ids).long().cumsum(dim=1) - 1).clamp(max=n_chunks - 1)
    numbers = torch.arange(n_chunks, device=input_ids.device)
    sizes = ((chunk[:, :, None] == numbers) & mask[:, :, None]).sum(dim=1)
    starts = sizes.cumsum(dim=1) - sizes
    positions = torch.arange(length, device=input_ids.device)
    inside = positions < sizes[:, :, None]
    source = (starts[:, :, None] + positions).clamp(max=length - 1)
    gathered = input_ids.gather(1, source.flatten(1)).view(-1, n_chunks, length)
    return gathered.masked_fill(~inside, PAD_ID), inside


def masked_mean(states: Tensor, mask: Tensor) -> Tensor:
    """Mean over the valid positions; zeros where none is valid.

    Args:
        states: `(B, N, W)`.
        mask: True at valid positions `(B, N)`.

    Returns:
        `(B, W)`.
    """
    weights = mask.to(states.dtype)
    total = (weights[:, None, :] @ states).squeeze(1)
    return total / weights.sum(dim=1, keepdim=True).clamp(min=1)


def mean_over_chunks(
    input_ids: Tensor, mask: Tensor, n_chunks: int, encode: Callable[[Tensor, Tensor], Tensor]
) -> Tensor:
    """Encodes each chunk on its own and takes the mean over the chunks that hold tokens.

    Args:
        input_ids: Token ids, `(B, L)` or `(B, C, L)`.
        mask: True at tokens, of the same shape.
        n_chunks: The most chunks of a flat row.
        encode: Token ids and mask `(N, L)` to features `(N, W)`.

    Returns:
        `(B, W)`.
    """
    if input_ids.ndim == 2:
        input_ids, mask = split_chunks(input_ids, mask, n_chunks)
    rows, chunks, length = input_ids.shape
    encoded = encode(input_ids.reshape(rows * chunks, length), mask.reshape(rows * chunks, length))
    return masked_mean(encoded.view(rows, chunks, -1), mask.any(dim=2))


def join_chunks(input_ids: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """Chunks `(B, C, L)` as flat rows `(B, C * L)`, the tokens of each row first; each chunk must begin with [CLS]."""
    flat_ids, flat_mask = input_ids.flatten(1), mask.flatten(1)
    order = torch.argsort((~flat_mask).long(), dim=1, stable=True)
    return flat_ids.gather(1, order), flat_mask.gather(1, order)
