"""Self-attention over short rows in one kernel: scores, softmax, dropout and the weighted sum never leave the chip.

All positions of all rows lie in one array, where each row has a start and a length: rows may follow one another
without a gap, or be padded. A program holds all positions of one head of one row. The backward pass recomputes the
weights, and the dropout mask from its seed, instead of reading them from memory.
"""

from __future__ import annotations

from typing import Any

import torch
import triton
import triton.language as tl
from torch import Tensor

WARPS = {32: 1, 64: 4, 128: 8}
"""For the lengths that rows are computed as; a program's scores have to fit the registers."""

DRAWS = 2**24
"""Random numbers of dropout are from 0 to this."""


@triton.jit
def _draw(index, seed):
    """A random number of an index, from a hash: Philox would take longer than all else."""
    x = index.to(tl.uint32) ^ seed
    x = (x ^ (x >> 16)) * 0x7FEB352D + seed * 0x9E3779B9
    x = (x ^ (x >> 15)) * 0x846CA68B
    return (x ^ (x >> 16)) >> 8


@triton.jit
def _weights(q, k, valid, seed, first, scale, dropped, growth, LP: tl.constexpr):
    """Softmax weights `(LP, LP)` before dropout, and what dropout multiplies them by."""
    i = tl.arange(0, LP)
    scores = tl.where(valid[None, :], tl.dot(q, tl.trans(k), input_precision="ieee") * scale, float("-inf"))
    weights = tl.exp(scores - tl.max(scores, axis=1)[:, None])
    weights = weights / tl.sum(weights, axis=1)[:, None]
    draws = _draw(first + i[:, None] * LP + i[None, :], seed.to(tl.uint32))
    return weights, tl.where(draws < dropped, 0.0, growth)


@triton.jit
def _clear(to, after, end, width, D: tl.constexpr, LP: tl.constexpr):
    """Zeroes the D columns at `to` from one position to another."""
    i, d = tl.arange(0, LP), tl.arange(0, D)
    for first in range(after, end, LP):
        at = (first + i).to(tl.int64)
        tl.store(to + at[:, None] * width + d[None, :], tl.zeros((LP, D), tl.float32), mask=(at < end)[:, None])


@triton.jit
def _forward(
    qkv,
    starts,
    lengths,
    seed,
    mixed,
    above,
    positions,
    heads,
    scale,
    dropped,
    growth,
    D: tl.constexpr,
    LP: tl.constexpr,
):
    program = tl.program_id(0)
    row, head = program // heads, program % heads
    length = tl.load(lengths + row)
    if (length > above) & (length <= LP):
        start = tl.load(starts + row).to(tl.int64)
        following = tl.load(starts + row + 1, mask=program + heads < tl.num_programs(0), other=positions)
        width = heads * D
        _clear(mixed + head * D, start + length, following, width, D, LP)
        i, d = tl.arange(0, LP), tl.arange(0, D)
        inside = (i < length)[:, None]
        at = qkv + start * 3 * width + head * D + i[:, None] * 3 * width + d[None, :]
        q = tl.load(at, mask=inside, other=0.0)
        k = tl.load(at + width, mask=inside, other=0.0)
        v = tl.load(at + 2 * width, mask=inside, other=0.0)
        weights, kept = _weights(q, k, i < length, tl.load(seed), program * LP * LP, scale, dropped, growth, LP)
        result = tl.dot((weights * kept).to(v.dtype), v, input_precision="ieee")
        to = mixed + start * width + head * D + i[:, None] * width + d[None, :]
        tl.store(to, result.to(v.dtype), mask=inside)


@triton.jit
def _backward(
    grad,
    qkv,
    starts,
    lengths,
    seed,
    grad_qkv,
    above,
    positions,
    heads,
    scale,
    dropped,
    growth,
    D: tl.constexpr,
    LP: tl.constexpr,
):
    program = tl.program_id(0)
    row, head = program // heads, program % heads
    length = tl.load(lengths + row)
    if (length > above) & (length <= LP):
        start = tl.load(starts + row).to(tl.int64)
        following = tl.load(starts + row + 1, mask=program + heads < tl.num_programs(0), other=positions)
        width = heads * D
        for part in tl.static_range(3):
            _clear(grad_qkv + head * D + part * width, start + length, following, 3 * width, D, LP)
        i, d = tl.arange(0, LP), tl.arange(0, D)
        inside = (i < length)[:, None]
        offsets = start * 3 * width + head * D + i[:, None] * 3 * width + d[None, :]
        q = tl.load(qkv + offsets, mask=inside, other=0.0)
        k = tl.load(qkv + offsets + width, mask=inside, other=0.0)
        v = tl.load(qkv + offsets + 2 * width, mask=inside, other=0.0)
        out = tl.load(grad + start * width + head * D + i[:, None] * width + d[None, :], mask=inside, other=0.0)
        weights, kept = _weights(q, k, i < length, tl.load(seed), program * LP * LP, scale, dropped, growth, LP)
        of_weights = tl.dot(out, tl.trans(v), input_precision="ieee") * kept
        inner = tl.sum(of_weights * weights, axis=1)
        of_scores = (weights * (of_weights - inner[:, None]) * scale).to(q.dtype)
        thinned = (weights * kept).to(q.dtype)
        to = grad_qkv + offsets
        tl.store(to, tl.dot(of_scores, k, input_precision="ieee").to(q.dtype), mask=inside)
        tl.store(to + width, tl.dot(tl.trans(of_scores), q, input_precision="ieee").to(q.dtype), mask=inside)
        tl.store(to + 2 * width, tl.dot(tl.trans(thinned), out, input_precision="ieee").to(q.dtype), mask=inside)


@torch.library.custom_op("names3risk::short_attention", mutates_args=())
def short_attention(
    qkv: Tensor, starts: Tensor, lengths: Tensor, seed: Tensor, longest: int, heads: int, rate: float
) -> Tensor:
    """Multi-head self-attention within rows that share T positions.

    Args:
        qkv: Queries, keys and values of all heads, `(T, 3 W)`.
        starts: Each row's first position, `(B,)`, rising.
        lengths: Positions of each row, `(B,)`, at least 1.
        seed: Of the dropout on the weights, `(1,)` int64 on the device.
        longest: No row has more positions than this; at most LONGEST.
        heads: Heads; W / heads is one of HEAD_WIDTHS.
        rate: Dropout on the weights.

    Returns:
        Mixed values `(T, W)`, zero where no row is.
    """
    mixed = qkv.new_empty(qkv.shape[0], qkv.shape[1] // 3)
    _launch(_forward, (qkv.contiguous(), starts, lengths, seed, mixed), len(starts), longest, mixed, heads, rate)
    return mixed


@short_attention.register_fake
def _(qkv: Tensor, starts: Tensor, lengths: Tensor, seed: Tensor, longest: int, heads: int, rate: float) -> Tensor:
    return qkv.new_empty(qkv.shape[0], qkv.shape[1] // 3)


@torch.library.custom_op("names3risk::short_attention_backward", mutates_args=())
def short_attention_backward(
    grad: Tensor, qkv: Tensor, starts: Tensor, lengths: Tensor, seed: Tensor, longest: int, heads: int, rate: float
) -> Tensor:
    """The gradient of `short_attention` for qkv."""
    qkv, grad = qkv.contiguous(), grad.contiguous()
    grad_qkv = torch.empty_like(qkv)
    _launch(_backward, (grad, qkv, starts, lengths, seed, grad_qkv), len(starts), longest, grad, heads, rate)
    return grad_qkv


@short_attention_backward.register_fake
def _(
    grad: Tensor, qkv: Tensor, starts: Tensor, lengths: Tensor, seed: Tensor, longest: int, heads: int, rate: float
) -> Tensor:
    return torch.empty_like(qkv, memory_format=torch.contiguous_format)


def _launch(
    kernel: triton.JITFunction,
    tensors: tuple[Tensor, ...],
    rows: int,
    longest: int,
    mixed: Tensor,
    heads: int,
    rate: float,
) -> None:
    """Starts the kernel once for each length that rows are computed as; a program leaves other rows alone."""
    head_width, above = mixed.shape[1] // heads, 0
    dropped = round(rate * DRAWS)
    numbers = (len(mixed), heads, head_width**-0.5, dropped, DRAWS / max(DRAWS - dropped, 1))
    for padded, warps in WARPS.items():
        if above < longest:
            kernel[(rows * heads,)](*tensors, above, *numbers, D=head_width, LP=padded, num_warps=warps)
        above = padded


def _setup(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
    *tensors, ctx.longest, ctx.heads, ctx.rate = inputs
    ctx.save_for_backward(*tensors)


def _differentiate(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
    of_qkv = short_attention_backward(grad, *ctx.saved_tensors, ctx.longest, ctx.heads, ctx.rate)
    return of_qkv, None, None, None, None, None, None


short_attention.register_autograd(_differentiate, setup_context=_setup)
