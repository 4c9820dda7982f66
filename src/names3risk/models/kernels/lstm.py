"""One bidirectional LSTM layer in one kernel: the recurrent weights and states stay on the chip from step to step.

All positions of all rows lie in one array, where each row has a start and a length: rows may follow one another
without a gap, or be padded. A program carries some rows through their positions in one direction, for as many steps as
the longest of them has, so rows of similar length should be neighbours.
"""

from __future__ import annotations

from typing import Any

import torch
import triton
import triton.language as tl
from torch import Tensor

ROWS = 16
"""Rows of a program: the fewest that a matrix product takes, since the weights need nearly all of the chip's memory."""


@triton.jit
def _tanh(x):
    return 2.0 * tl.sigmoid(2.0 * x) - 1.0


@triton.jit(do_not_specialize=["rows"])
def _forward(gates, weight, starts, lengths, hidden, cells, active, rows, H: tl.constexpr, BM: tl.constexpr):
    # Where rows are sorted by length the last, longest ones start first, and the others fill up the chip.
    r, j = (tl.num_programs(0) - 1 - tl.program_id(0)) * BM + tl.arange(0, BM), tl.arange(0, H)
    direction = tl.program_id(1)
    count = tl.load(lengths + r, mask=r < rows, other=0)
    start = tl.load(starts + r, mask=r < rows, other=0).to(tl.int64)
    length = tl.max(count, axis=0)
    w = weight + direction * 4 * H * H + j[:, None] + j[None, :] * H
    w_i, w_f, w_g, w_o = tl.load(w), tl.load(w + H * H), tl.load(w + 2 * H * H), tl.load(w + 3 * H * H)
    h = tl.zeros((BM, H), dtype=gates.dtype.element_ty)
    c = tl.zeros((BM, H), dtype=tl.float32)
    t = direction * (length - 1)
    at = ((start + t) * 2 + direction)[:, None] * (4 * H) + j[None, :]
    valid = (t < count)[:, None]
    x_i = tl.load(gates + at, mask=valid, other=0.0)
    x_f = tl.load(gates + at + H, mask=valid, other=0.0)
    x_g = tl.load(gates + at + 2 * H, mask=valid, other=0.0)
    x_o = tl.load(gates + at + 3 * H, mask=valid, other=0.0)
    for _ in range(length):
        # The next position is on its way while this one is computed.
        t_next = t + 1 - 2 * direction
        at_next = ((start + t_next) * 2 + direction)[:, None] * (4 * H) + j[None, :]
        valid_next = ((t_next >= 0) & (t_next < count))[:, None]
        n_i = tl.load(gates + at_next, mask=valid_next, other=0.0)
        n_f = tl.load(gates + at_next + H, mask=valid_next, other=0.0)
        n_g = tl.load(gates + at_next + 2 * H, mask=valid_next, other=0.0)
        n_o = tl.load(gates + at_next + 3 * H, mask=valid_next, other=0.0)
        i = tl.sigmoid(tl.dot(h, w_i, input_precision="ieee") + x_i)
        f = tl.sigmoid(tl.dot(h, w_f, input_precision="ieee") + x_f)
        g = _tanh(tl.dot(h, w_g, input_precision="ieee") + x_g)
        o = tl.sigmoid(tl.dot(h, w_o, input_precision="ieee") + x_o)
        c = tl.where(valid, f * c + i * g, c)
        new = (o * _tanh(c)).to(h.dtype)
        h = tl.where(valid, new, h)
        out = ((start + t) * 2 + direction)[:, None] * H + j[None, :]
        tl.store(hidden + out, new, mask=valid)
        tl.store(cells + out, c.to(h.dtype), mask=valid)
        tl.store(active + at, i.to(h.dtype), mask=valid)
        tl.store(active + at + H, f.to(h.dtype), mask=valid)
        tl.store(active + at + 2 * H, g.to(h.dtype), mask=valid)
        tl.store(active + at + 3 * H, o.to(h.dtype), mask=valid)
        t, at, valid = t_next, at_next, valid_next
        x_i, x_f, x_g, x_o = n_i, n_f, n_g, n_o


@triton.jit(do_not_specialize=["rows"])
def _backward(grad, weight, starts, lengths, cells, active, grad_gates, rows, H: tl.constexpr, BM: tl.constexpr):
    r, j = (tl.num_programs(0) - 1 - tl.program_id(0)) * BM + tl.arange(0, BM), tl.arange(0, H)
    direction = tl.program_id(1)
    count = tl.load(lengths + r, mask=r < rows, other=0)
    start = tl.load(starts + r, mask=r < rows, other=0).to(tl.int64)
    length = tl.max(count, axis=0)
    w = weight + direction * 4 * H * H + j[:, None] * H + j[None, :]
    w_i, w_f, w_g, w_o = tl.load(w), tl.load(w + H * H), tl.load(w + 2 * H * H), tl.load(w + 3 * H * H)
    kind = grad_gates.dtype.element_ty
    dh = tl.zeros((BM, H), dtype=tl.float32)
    dc = tl.zeros((BM, H), dtype=tl.float32)
    for step in range(length):
        t = length - 1 - step + direction * (2 * step + 1 - length)
        before = t - 1 + 2 * direction
        valid = (t < count)[:, None]
        at = ((start + t) * 2 + direction)[:, None] * (4 * H) + j[None, :]
        out = ((start + t) * 2 + direction)[:, None] * H + j[None, :]
        out_before = ((start + before) * 2 + direction)[:, None] * H + j[None, :]
        i = tl.load(active + at, mask=valid, other=0.0).to(tl.float32)
        f = tl.load(active + at + H, mask=valid, other=0.0).to(tl.float32)
        g = tl.load(active + at + 2 * H, mask=valid, other=0.0).to(tl.float32)
        o = tl.load(active + at + 3 * H, mask=valid, other=0.0).to(tl.float32)
        state = _tanh(tl.load(cells + out, mask=valid, other=0.0).to(tl.float32))
        was = ((before >= 0) & (before < count))[:, None]
        earlier = tl.load(cells + out_before, mask=was, other=0.0).to(tl.float32)
        of_h = dh + tl.load(grad + out, mask=valid, other=0.0).to(tl.float32)
        of_c = dc + of_h * o * (1.0 - state * state)
        d_i = (of_c * g * i * (1.0 - i)).to(kind)
        d_f = (of_c * earlier * f * (1.0 - f)).to(kind)
        d_g = (of_c * i * (1.0 - g * g)).to(kind)
        d_o = (of_h * state * o * (1.0 - o)).to(kind)
        tl.store(grad_gates + at, d_i, mask=valid)
        tl.store(grad_gates + at + H, d_f, mask=valid)
        tl.store(grad_gates + at + 2 * H, d_g, mask=valid)
        tl.store(grad_gates + at + 3 * H, d_o, mask=valid)
        of_before = tl.dot(d_i, w_i, input_precision="ieee")
        of_before += tl.dot(d_f, w_f, input_precision="ieee")
        of_before += tl.dot(d_g, w_g, input_precision="ieee")
        of_before += tl.dot(d_o, w_o, input_precision="ieee")
        dh = tl.where(valid, of_before, dh)
        dc = tl.where(valid, of_c * f, dc)


@torch.library.custom_op("names3risk::lstm_layer", mutates_args=())
def lstm_layer(gates: Tensor, weight: Tensor, starts: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Runs both directions of a layer over rows that share T positions.

    Args:
        gates: What the inputs and biases add to the gates i, f, g, o, `(T, 2, 4 H)`.
        weight: Recurrent weights of both directions, `(2, 4 H, H)`.
        starts: Each row's first position, `(B,)`.
        lengths: Positions of each row, `(B,)`, at least 1; fast where neighbours have similar ones.

    Returns:
        States `(T, 2 H)`, zero where no row is; and, for the backward pass, cells and activated gates.
    """
    hidden, cells, active = _outputs(gates)
    _launch(_forward, gates, (gates.contiguous(), weight.contiguous(), starts, lengths, hidden, cells, active))
    return hidden, cells, active


@lstm_layer.register_fake
def _(gates: Tensor, weight: Tensor, starts: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    return _outputs(gates)


@torch.library.custom_op("names3risk::lstm_layer_backward", mutates_args=())
def lstm_layer_backward(
    grad: Tensor, weight: Tensor, starts: Tensor, lengths: Tensor, cells: Tensor, active: Tensor
) -> Tensor:
    """The gradient of `lstm_layer` for its gates, from that for its states."""
    grad_gates = torch.zeros_like(active)
    _launch(_backward, active, (grad.contiguous(), weight.contiguous(), starts, lengths, cells, active, grad_gates))
    return grad_gates


@lstm_layer_backward.register_fake
def _(grad: Tensor, weight: Tensor, starts: Tensor, lengths: Tensor, cells: Tensor, active: Tensor) -> Tensor:
    return torch.empty_like(active)


def _outputs(gates: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    states = gates.new_zeros(gates.shape[0], gates.shape[1] * gates.shape[2] // 4)
    return states, torch.empty_like(states), gates.new_empty(gates.shape)


def _launch(kernel: triton.JITFunction, gates: Tensor, tensors: tuple[Tensor, ...]) -> None:
    rows = len(tensors[2])
    kernel[(triton.cdiv(rows, ROWS), 2)](*tensors, rows, H=gates.shape[2] // 4, BM=ROWS, num_warps=8)


def _setup(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, ...]) -> None:
    _, *others = inputs
    ctx.save_for_backward(*others, *output)
    ctx.set_materialize_grads(False)


def _differentiate(ctx: Any, grad: Tensor, *_: None) -> tuple[Tensor | None, ...]:
    weight, starts, lengths, hidden, cells, active = ctx.saved_tensors
    grad_gates = lstm_layer_backward(grad, weight, starts, lengths, cells, active)
    size = weight.shape[2]
    # Each position's state before: that of its neighbour, and zero where its direction begins.
    ahead = hidden[:, :size].roll(1, 0).index_fill(0, starts, 0)
    back = hidden[:, size:].roll(-1, 0).index_fill(0, starts + lengths - 1, 0)
    # Of one large product, which fills the chip, the two blocks on the diagonal are used.
    product = grad_gates.flatten(1).T @ torch.cat([ahead, back], dim=1)
    of_weight = torch.stack([product[: 4 * size, :size], product[4 * size :, size:]])
    return grad_gates, of_weight, None, None


lstm_layer.register_autograd(_differentiate, setup_context=_setup)
