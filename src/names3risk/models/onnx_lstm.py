"""How a bidirectional LSTM is written into an exported network.

The exporter's own way sorts the rows, makes states that are zero anyway and puts the rows in order again. ONNX's
operator needs none of it: told how long each row is, it begins backwards at the row's last position and leaves zeros
beyond it.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.onnx import symbolic_helper

_INT32 = 6
"""What ONNX calls this type."""
_NAMES = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")


def exported_lstm(lstm: nn.LSTM, inputs: Tensor, lengths: Tensor) -> Tensor:
    """The states of the last layer as one node a layer; see `names3risk.models.recurrent.lstm_states`."""
    states = inputs.transpose(0, 1)
    for layer in range(lstm.num_layers):
        ahead, back = (
            [_in_order(getattr(lstm, f"{name}_l{layer}{suffix}")) for name in _NAMES] for suffix in ("", "_reverse")
        )
        into, recurrent, *biases = (torch.stack(pair) for pair in zip(ahead, back, strict=True))
        states = _Layer.apply(  # type: ignore[no-untyped-call]
            states, into, recurrent, torch.cat(biases, dim=1), lengths, lstm.hidden_size
        )
    return states.transpose(0, 1)


def _in_order(weights: Tensor) -> Tensor:
    """PyTorch's gates (in, forget, cell, out) in ONNX's order (in, out, forget, cell)."""
    size = len(weights) // 4
    return torch.cat([weights[:size], weights[3 * size :], weights[size : 3 * size]])


class _Layer(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, states: Tensor, into: Tensor, recurrent: Tensor, bias: Tensor, lengths: Tensor, hidden: int
    ) -> Tensor:
        """Only the shape and type matter, while the exporter follows the network: `(L, B, I)` to `(L, B, 2 H)`."""
        return states.new_zeros(states.shape[0], states.shape[1], 2 * hidden)

    @staticmethod
    def symbolic(g: Any, states: Any, into: Any, recurrent: Any, bias: Any, lengths: Any, hidden: int) -> Any:
        """The nodes: the operator, whose result has a place for each direction, and both directions side by side."""
        sizes = g.op("Cast", lengths, to_i=_INT32)
        found = g.op("LSTM", states, into, recurrent, bias, sizes, hidden_size_i=hidden, direction_s="bidirectional")
        shape = g.op("Constant", value_t=torch.tensor([0, -1, 2 * hidden]))
        return symbolic_helper._reshape_helper(g, g.op("Transpose", found, perm_i=[0, 2, 1, 3]), shape)
