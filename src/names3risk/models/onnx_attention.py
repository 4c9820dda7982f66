"""How attention is written into an exported network.

ONNX Runtime's own operator scores a row sooner than the products, sums and softmax that attention is made of, and
sooner than its operator for attention without the projection.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.onnx import symbolic_helper

_INT32 = 6
"""What ONNX calls this type."""


def exported_attention(states: Tensor, weight: Tensor, keys: Tensor, n_heads: int) -> Tensor:
    """Self-attention, its projection included, as one node of the exported network.

    Args:
        states: `(B, L, W)`.
        weight: Of the projection for queries, keys and values of all heads, `(3 W, W)`.
        keys: Positions that may be attended to, `(B, L)`.
        n_heads: Heads; must divide W.

    Returns:
        `(B, L, W)`; see `names3risk.models.attention.attend`.
    """
    result: Tensor = _Attention.apply(states, weight.t(), keys, n_heads)  # type: ignore[no-untyped-call]
    return result


class _Attention(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, states: Tensor, weight: Tensor, keys: Tensor, n_heads: int) -> Tensor:
        """Only the shape and type matter, while the exporter follows the network."""
        return torch.zeros_like(states)

    @staticmethod
    def symbolic(g: Any, states: Any, weight: Any, keys: Any, n_heads: int) -> Any:
        """The node: the operator with the keys as its padding mask, and the bias that it insists on."""
        bias = g.op("Constant", value_t=torch.zeros(symbolic_helper._get_tensor_sizes(weight)[1]))
        mask = g.op("Cast", keys, to_i=_INT32)
        mixed = g.op("com.microsoft::Attention", states, weight, bias, mask, num_heads_i=n_heads)
        mixed.setType(states.type())
        return mixed
