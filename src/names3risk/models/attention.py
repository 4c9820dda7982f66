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
        keys: Positions that may be attended to, `(B, L)`, at least one in each row.
        n_heads: Heads; must divide W.
        dropout: On the attention weights.

    Returns:
        `(B, L, W)`.
    """
    rows, length, width = qkv.shape[0], qkv.shape[1], qkv.shape[2] // 3
    if torch.onnx.is_in_onnx_export():
        from names3risk.models.onnx_attention import exported_attention

        return exported_attention(qkv, keys, n_heads)
    if _fits(qkv, width // n_heads):
        from names3risk.models.kernels.attention import short_attention

        seed = torch.randint(2**31 - 1, (1,), device=qkv.device)
        short: Tensor = short_attention(qkv, keys, seed, n_heads, dropout)
        return short
    query, key, value = qkv.view(rows, length, 3, n_heads, width // n_heads).permute(2, 0, 3, 1, 4).unbind(0)
    if dropout and qkv.device.type == "cpu" and not torch.compiler.is_compiling():
        mixed = _one_by_one(query, key, value, keys, dropout)
    else:
        mixed = functional.scaled_dot_product_attention(
            query, key, value, attn_mask=keys[:, None, None, :], dropout_p=dropout
        )
    return mixed.transpose(1, 2).reshape(rows, length, width)


def _one_by_one(query: Tensor, key: Tensor, value: Tensor, keys: Tensor, dropout: float) -> Tensor:
    """By its products and the softmax between them: what PyTorch does too where there is dropout."""
    barred = torch.zeros(keys.shape, dtype=query.dtype).masked_fill_(~keys, float("-inf"))
    scores = query * query.shape[-1] ** -0.5 @ key.transpose(-2, -1) + barred[:, None, None, :]
    return drop_out(scores.softmax(dim=-1), dropout, training=True) @ value


def _fits(qkv: Tensor, head_width: int) -> bool:
    half = qkv.dtype in (torch.bfloat16, torch.float16)
    return qkv.is_cuda and half and qkv.shape[1] <= LONGEST and head_width in HEAD_WIDTHS and HAS_KERNELS
