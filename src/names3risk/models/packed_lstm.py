"""A bidirectional LSTM layer over packed rows, for training on a CPU: no step computes padding.

Rows lie one position after the other, longest row first: `sizes[t]` rows have a position t, and they follow those of
position t - 1. The products of the inputs, and those of the weights' gradients, are taken for all positions at once;
everything of one position happens in place, on memory that the processor still has near.

The gates i, f, g, o of a cell c with state h are, as in PyTorch, sigmoid, sigmoid, tanh and sigmoid of
W x + U h + b; c' = f c + i g, h' = o tanh(c').
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function
from torch.autograd.function import once_differentiable

AHEAD, BACK = 0, 1


def packed_lstm_layer(inputs: Tensor, sizes: Sequence[int], weights: Sequence[Sequence[Tensor]]) -> Tensor:
    """States of one layer.

    Args:
        inputs: Packed positions `(T, I)`.
        sizes: Rows that have a position t, falling; they sum up to T.
        weights: For both directions W `(4H, I)`, U `(4H, H)` and the biases' sum b `(4H,)`.

    Returns:
        Packed states `(T, 2 H)`, those of the forward direction first.
    """
    states: Tensor = _Layer.apply(  # type: ignore[no-untyped-call]
        inputs, list(sizes), *weights[AHEAD], *weights[BACK]
    )
    return states


class _Layer(Function):
    @staticmethod
    def forward(ctx: Any, inputs: Tensor, sizes: list[int], *weights: Tensor) -> Tensor:
        hidden = weights[1].shape[1]
        states = inputs.new_empty(len(inputs), 2 * hidden)
        kept: list[Tensor] = []
        for direction in (AHEAD, BACK):
            mine = states[:, direction * hidden : (direction + 1) * hidden]
            kept += _run(inputs, weights[3 * direction : 3 * direction + 3], mine, _steps(sizes, direction))
        ctx.sizes = sizes
        ctx.save_for_backward(inputs, states, *weights, *kept)
        return states

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        inputs, states, *rest = ctx.saved_tensors
        found: list[Tensor | None] = []
        into_inputs = torch.zeros_like(inputs)
        for direction in (AHEAD, BACK):
            weights = rest[3 * direction : 3 * direction + 3]
            kept = rest[6 + 3 * direction : 9 + 3 * direction]
            hidden = weights[1].shape[1]
            columns = slice(direction * hidden, (direction + 1) * hidden)
            steps = _steps(ctx.sizes, direction)
            found += _run_back(inputs, weights, states[:, columns], kept, grad[:, columns], steps, into_inputs)
        return into_inputs, None, *found


def _steps(sizes: list[int], direction: int) -> list[tuple[slice, slice, int]]:
    """For each step in order: its positions, those of the step before, and the rows that both have."""
    ends = torch.tensor(sizes).cumsum(0).tolist()
    parts = [slice(end - size, end) for size, end in zip(sizes, ends, strict=True)]
    if direction == BACK:
        parts.reverse()
    steps, before = [], slice(0, 0)
    for part in parts:
        both = min(part.stop - part.start, before.stop - before.start)
        steps.append((part, slice(before.start, before.start + both), both))
        before = part
    return steps


def _run(
    inputs: Tensor, weights: Sequence[Tensor], states: Tensor, steps: list[tuple[slice, slice, int]]
) -> tuple[Tensor, Tensor, Tensor]:
    """Fills in the states; gates, cells and the cells' tanh."""
    into, recurrent, bias = weights[0].t(), weights[1].t(), weights[2]
    hidden = states.shape[1]
    gates = inputs.new_empty(len(inputs), 4 * hidden)
    cells, bounded = inputs.new_empty(states.shape), inputs.new_empty(states.shape)
    for part, before, both in steps:
        gate, cell = gates[part], cells[part]
        torch.addmm(bias, inputs[part], into, out=gate)
        if both:
            gate[:both].addmm_(states[before], recurrent)
        gate[:, : 2 * hidden].sigmoid_()
        gate[:, 2 * hidden : 3 * hidden].tanh_()
        gate[:, 3 * hidden :].sigmoid_()
        enter, forget, new, out = gate.chunk(4, dim=1)
        torch.mul(enter, new, out=cell)
        if both:
            cell[:both].addcmul_(forget[:both], cells[before])
        torch.mul(out, torch.tanh(cell, out=bounded[part]), out=states[part])
    return gates, cells, bounded


def _run_back(
    inputs: Tensor,
    weights: Sequence[Tensor],
    states: Tensor,
    kept: Sequence[Tensor],
    grad: Tensor,
    steps: list[tuple[slice, slice, int]],
    into_inputs: Tensor,
) -> list[Tensor]:
    """Adds to the gradient of the inputs; gives those of the weights."""
    gates, cells, bounded = kept
    into, recurrent, _ = weights
    of_into, of_recurrent, of_bias = (torch.zeros_like(weight) for weight in weights)
    most = max(part.stop - part.start for part, _, _ in steps)
    to_states, to_cells, spare = (grad.new_zeros(most, recurrent.shape[1]) for _ in range(3))
    slopes = grad.new_empty(most, len(into))
    for part, before, both in reversed(steps):
        size = part.stop - part.start
        to_state, to_cell, product, slope = (tensor[:size] for tensor in (to_states, to_cells, spare, slopes))
        enter, forget, new, out = gates[part].chunk(4, dim=1)
        of_enter, of_forget, of_new, of_out = slope.chunk(4, dim=1)
        bound = bounded[part]
        to_state += grad[part]
        torch.mul(to_state, bound, out=product)
        torch.ops.aten.sigmoid_backward.grad_input(product, out, grad_input=of_out)
        to_state *= out
        to_cell += torch.ops.aten.tanh_backward.grad_input(to_state, bound, grad_input=product)
        torch.mul(to_cell, new, out=product)
        torch.ops.aten.sigmoid_backward.grad_input(product, enter, grad_input=of_enter)
        torch.mul(to_cell, enter, out=product)
        torch.ops.aten.tanh_backward.grad_input(product, new, grad_input=of_new)
        of_forget[both:] = 0
        if both:
            torch.mul(to_cell[:both], cells[before], out=product[:both])
            torch.ops.aten.sigmoid_backward.grad_input(product[:both], forget[:both], grad_input=of_forget[:both])
            to_cell[:both] *= forget[:both]
            torch.mm(slope[:both], recurrent, out=to_state[:both])
            of_recurrent.addmm_(slope[:both].t(), states[before])
        into_inputs[part].addmm_(slope, into)
        of_into.addmm_(slope.t(), inputs[part])
        of_bias += slope.sum(dim=0)
    return [of_into, of_recurrent, of_bias]
