"""How attention is written into an exported network.

ONNX Runtime's own operator scores a row sooner than the products, sums and softmax that attention is made of.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional
from torch.onnx import symbolic_helper

_INT32 = 6
"""What ONNX calls this type."""


def exported_attention(qkv: Tensor, keys: Tensor, n_heads: int) -> Tensor:
    """Self-attention as one node of the exported network; see `names3risk.models.attention.attend`."""
    result: Tensor = _Attention.apply(  # type: ignore[no-untyped-call]
        qkv, keys, n_heads, int(qkv.shape[2]) // 3
    )
    return result


class _Attention(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, qkv: Tensor, keys: Tensor, n_heads: int, width: int) -> Tensor:
        """Gives what the operator will give, while the exporter follows the network."""
        rows, length = qkv.shape[:2]
        query, key, value = qkv.view(rows, length, 3, n_heads, width // n_heads).permute(2, 0, 3, 1, 4).unbind(0)
        mixed = functional.scaled_dot_product_attention(query, key, value, attn_mask=keys[:, None, None, :])
        return mixed.transpose(1, 2).reshape(rows, length, width)

    @staticmethod
    def symbolic(g: Any, qkv: Any, keys: Any, n_heads: int, width: int) -> Any:
        """The nodes: the three parts of the projection, and the operator with the keys as its padding mask."""
        parts = g.op("Constant", value_t=torch.tensor([width] * 3))
        query, key, value = g.op("Split", qkv, parts, axis_i=2, outputs=3)
        no_bias = symbolic_helper._optional_input_placeholder_tensor(g)  # type: ignore[no-untyped-call]
        mask = g.op("Cast", keys, to_i=_INT32)
        return g.op("com.microsoft::MultiHeadAttention", query, key, value, no_bias, mask, num_heads_i=n_heads)
