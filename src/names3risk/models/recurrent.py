"""The states of a bidirectional LSTM over rows of different length, by the fastest way that the device has.

Every way gives the same function: the backward direction begins at a row's last token, so padding is never read.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from names3risk.models.dropout import drop_out
from names3risk.models.kernels import HAS_KERNELS
from names3risk.models.packed_lstm import packed_lstm_layer

HIDDEN_SIZES = (16, 32, 64, 128)
"""Widths that the kernel takes."""
FEW_ROWS = 40
"""Of fewer rows, a CPU computes padding faster than it begins the operations that leave it out."""


def lstm_states(lstm: nn.LSTM, inputs: Tensor, lengths: Tensor) -> Tensor:
    """States of the last layer.

    Args:
        lstm: Bidirectional, batch_first, with biases; its dropout is applied between layers.
        inputs: `(B, L, I)`; each row's positions come first, its padding last.
        lengths: Positions of each row, `(B,)`, at least 1.

    Returns:
        States `(B, L, 2 H)`; zeros beyond a row's end.
    """
    if torch.onnx.is_in_onnx_export():
        from names3risk.models.onnx_lstm import exported_lstm

        return exported_lstm(lstm, inputs, lengths)
    if inputs.is_cuda:
        return _kernel(lstm, inputs, lengths) if _fits(lstm, inputs) else _packed(lstm, inputs, lengths)
    # Half precision and compilation are left to PyTorch's own layers.
    left = torch.is_autocast_enabled("cpu") or torch.compiler.is_compiling()
    if left or len(inputs) < FEW_ROWS or not torch.is_grad_enabled():
        return _flipped(lstm, inputs, lengths)
    return _without_padding(lstm, inputs, lengths)


def _packed(lstm: nn.LSTM, inputs: Tensor, lengths: Tensor) -> Tensor:
    """By packed sequences: cuDNN's own way."""
    packed = pack_padded_sequence(inputs, lengths.cpu(), batch_first=True, enforce_sorted=False)
    return pad_packed_sequence(lstm(packed)[0], batch_first=True, total_length=inputs.shape[1])[0]


def _kernel(lstm: nn.LSTM, inputs: Tensor, lengths: Tensor) -> Tensor:
    """By one kernel a layer, in half precision."""
    rows, longest = inputs.shape[:2]
    starts = torch.arange(0, rows * longest, longest, device=inputs.device)
    return packed_states(lstm, inputs.flatten(0, 1), starts, lengths).view(rows, longest, -1)


def packed_states(lstm: nn.LSTM, inputs: Tensor, starts: Tensor, lengths: Tensor) -> Tensor:
    """States of the last layer for rows that share T positions, by one kernel a layer, in half precision on a GPU.

    Args:
        lstm: One that has a kernel, see `has_kernel`.
        inputs: `(T, I)`.
        starts: Each row's first position, `(B,)`.
        lengths: Positions of each row, `(B,)`, at least 1; fast where neighbours have similar ones.

    Returns:
        States `(T, 2 H)`; zeros where no row is.
    """
    from names3risk.models.kernels.lstm import lstm_layer

    states = inputs
    for k in range(lstm.num_layers):
        both = [_weights(lstm, k, suffix) for suffix in ("", "_reverse")]
        into = torch.cat([weights[0] for weights in both])
        bias = torch.cat([weights[2] + weights[3] for weights in both])
        gates = functional.linear(states, into, bias).view(-1, 2, 4 * lstm.hidden_size)
        recurrent = torch.stack([weights[1] for weights in both]).to(gates.dtype)
        states = _between(lstm, k, lstm_layer(gates, recurrent, starts, lengths)[0])
    return states


def _without_padding(lstm: nn.LSTM, inputs: Tensor, lengths: Tensor) -> Tensor:
    """By one layer after the other over packed positions: the fastest way to train on a CPU with many rows."""
    rows, longest = inputs.shape[:2]
    order = lengths.argsort(descending=True, stable=True)
    positions = torch.arange(longest)[:, None]
    valid = positions < lengths[order]
    sizes = [size for size in valid.sum(dim=1).tolist() if size]
    packed = (order * longest + positions)[valid]
    states = inputs.flatten(0, 1).index_select(0, packed)
    for k in range(lstm.num_layers):
        weights = []
        for suffix in ("", "_reverse"):
            into, recurrent, *biases = _weights(lstm, k, suffix)
            weights.append((into, recurrent, biases[0] + biases[1]))
        states = _between(lstm, k, packed_lstm_layer(states, sizes, weights))
    padded = states.new_zeros(rows * longest, states.shape[1]).index_copy(0, packed, states)
    return padded.view(rows, longest, -1)


def _flipped(lstm: nn.LSTM, inputs: Tensor, lengths: Tensor) -> Tensor:
    """By each direction on its own, the backward one over rows turned round: a CPU scores so, and trains few rows."""
    positions = torch.arange(inputs.shape[1], device=inputs.device)
    valid = positions < lengths[:, None]
    turned = torch.where(valid, lengths[:, None] - 1 - positions, positions)[:, :, None]
    states = inputs
    for k in range(lstm.num_layers):
        ahead = _direction(lstm, k, "", states)
        back = _direction(lstm, k, "_reverse", states.take_along_dim(turned, dim=1))
        states = _between(lstm, k, torch.cat([ahead, back.take_along_dim(turned, dim=1)], dim=2))
    return states * valid[:, :, None]


def _direction(lstm: nn.LSTM, layer: int, suffix: str, inputs: Tensor) -> Tensor:
    zeros = inputs.new_zeros(1, inputs.shape[0], lstm.hidden_size)
    weights = _weights(lstm, layer, suffix)
    states: Tensor = torch._VF.lstm(inputs, (zeros, zeros), weights, True, 1, 0.0, lstm.training, False, True)[0]
    return states


def _weights(lstm: nn.LSTM, layer: int, suffix: str) -> list[Tensor]:
    names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    return [getattr(lstm, f"{name}_l{layer}{suffix}") for name in names]


def _between(lstm: nn.LSTM, layer: int, states: Tensor) -> Tensor:
    return drop_out(states, lstm.dropout, lstm.training) if layer + 1 < lstm.num_layers else states


def has_kernel(lstm: nn.LSTM) -> bool:
    """Whether the kernel for half precision on GPUs takes the LSTM."""
    return HAS_KERNELS and lstm.hidden_size in HIDDEN_SIZES


def _fits(lstm: nn.LSTM, inputs: Tensor) -> bool:
    half = torch.is_autocast_enabled("cuda") or inputs.dtype in (torch.bfloat16, torch.float16)
    return half and has_kernel(lstm)
