"""Multi-head self-attention over rows of different length, by the fastest way that the device has."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from names3risk.models.dropout import drop_out
from names3risk.models.kernels import HAS_KERNELS

LONGEST, HEAD_WIDTHS = 128, (16, 32, 64)
"""What the kernel for short rows takes."""


def attend(qkv: Tensor, keys: Tensor, n_heads: int, dropout: float) -> Tensor:
    """Softmax-weighted means of the values, scores scaled by the root of the head's width.

    Args:
        qkv: Queries, keys and values of all heads, `(B, L, 3 W)`.
        keys: Positions that may be attended to, `(B, L)`, the first ones of each row, at least one.
        n_heads: Heads; must divide W.
        dropout: On the attention weights.

    Returns:
        `(B, L, W)`.
    """
    rows, length, width = qkv.shape[0], qkv.shape[1], qkv.shape[2] // 3
    if _fits(qkv, width // n_heads):
        starts = torch.arange(0, rows * length, length, device=qkv.device)
        return attend_packed(qkv.flatten(0, 1), starts, keys.sum(dim=1), length, n_heads, dropout).view(
            rows, length, -1
        )
    query, key, value = qkv.view(rows, length, 3, n_heads, width // n_heads).permute(2, 0, 3, 1, 4).unbind(0)
    if dropout and qkv.device.type == "cpu" and not torch.compiler.is_compiling():
        mixed = _one_by_one(query, key, value, keys, dropout)
    else:
        mixed = functional.scaled_dot_product_attention(
            query, key, value, attn_mask=keys[:, None, None, :], dropout_p=dropout
        )
    return mixed.transpose(1, 2).reshape(rows, length, width)


def attend_packed(qkv: Tensor, starts: Tensor, lengths: Tensor, longest: int, n_heads: int, dropout: float) -> Tensor:
    """The same for rows that share T positions, in half precision on a GPU, by one kernel.

    Args:
        qkv: Queries, keys and values of all heads, `(T, 3 W)`.
        starts: Each row's first position, `(B,)`.
        lengths: Positions of each row, `(B,)`, at least 1.
        longest: No row has more positions than this; at most LONGEST.
        n_heads: Heads; W / n_heads is one of HEAD_WIDTHS.
        dropout: On the attention weights.

    Returns:
        `(T, W)`.
    """
    from names3risk.models.kernels.attention import short_attention

    seed = torch.randint(2**31 - 1, (1,), device=qkv.device)
    mixed: Tensor = short_attention(qkv, starts, lengths, seed, longest, n_heads, dropout)
    return mixed


def has_kernel(longest: int, head_width: int) -> bool:
    """Whether the kernel for half precision on GPUs takes rows of so many positions."""
    return HAS_KERNELS and longest <= LONGEST and head_width in HEAD_WIDTHS


def _one_by_one(query: Tensor, key: Tensor, value: Tensor, keys: Tensor, dropout: float) -> Tensor:
    """By its products and the softmax between them: what PyTorch does too where there is dropout."""
    barred = torch.zeros(keys.shape, dtype=query.dtype).masked_fill_(~keys, float("-inf"))
    scores = query * query.shape[-1] ** -0.5 @ key.transpose(-2, -1) + barred[:, None, None, :]
    return drop_out(scores.softmax(dim=-1), dropout, training=True) @ value


def _fits(qkv: Tensor, head_width: int) -> bool:
    half = qkv.dtype in (torch.bfloat16, torch.float16)
    return qkv.is_cuda and half and has_kernel(qkv.shape[1], head_width)
