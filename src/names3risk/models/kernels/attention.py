"""Self-attention over short rows in one kernel: scores, softmax, dropout and the weighted sum never leave the chip.

A program holds all positions of one head of one row. The backward pass recomputes the weights, and the dropout mask
from its seed, instead of reading them from memory.
"""

from __future__ import annotations

from typing import Any

import torch
import triton
import triton.language as tl
from torch import Tensor

WARPS = {16: 1, 32: 1, 64: 4, 128: 8}
"""For each padded length; a program's scores have to fit the registers."""


@triton.jit
def _weights(q, k, valid, seed, first, scale, rate, LP: tl.constexpr):
    """Softmax weights `(LP, LP)` before dropout, and what dropout multiplies them by."""
    i = tl.arange(0, LP)
    scores = tl.where(valid[None, :], tl.dot(q, tl.trans(k), input_precision="ieee") * scale, float("-inf"))
    weights = tl.exp(scores - tl.max(scores, axis=1)[:, None])
    weights = weights / tl.sum(weights, axis=1)[:, None]
    draws = tl.rand(seed, first + i[:, None] * LP + i[None, :])
    return weights, tl.where(draws < rate, 0.0, 1.0 / (1.0 - rate))


@triton.jit(do_not_specialize=["length"])
def _forward(qkv, mask, seed, mixed, length, heads, scale, rate, D: tl.constexpr, LP: tl.constexpr):
    program = tl.program_id(0)
    row, head = (program // heads).to(tl.int64), program % heads
    width = heads * D
    i, d = tl.arange(0, LP), tl.arange(0, D)
    inside = (i < length)[:, None]
    at = qkv + row * length * 3 * width + head * D + i[:, None] * 3 * width + d[None, :]
    q = tl.load(at, mask=inside, other=0.0)
    k = tl.load(at + width, mask=inside, other=0.0)
    v = tl.load(at + 2 * width, mask=inside, other=0.0)
    valid = tl.load(mask + row * length + i, mask=i < length, other=0) != 0
    weights, kept = _weights(q, k, valid, tl.load(seed), program * LP * LP, scale, rate, LP)
    result = tl.dot((weights * kept).to(v.dtype), v, input_precision="ieee")
    to = mixed + row * length * width + head * D + i[:, None] * width + d[None, :]
    tl.store(to, result.to(v.dtype), mask=inside)


@triton.jit(do_not_specialize=["length"])
def _backward(grad, qkv, mask, seed, grad_qkv, length, heads, scale, rate, D: tl.constexpr, LP: tl.constexpr):
    program = tl.program_id(0)
    row, head = (program // heads).to(tl.int64), program % heads
    width = heads * D
    i, d = tl.arange(0, LP), tl.arange(0, D)
    inside = (i < length)[:, None]
    offsets = row * length * 3 * width + head * D + i[:, None] * 3 * width + d[None, :]
    q = tl.load(qkv + offsets, mask=inside, other=0.0)
    k = tl.load(qkv + offsets + width, mask=inside, other=0.0)
    v = tl.load(qkv + offsets + 2 * width, mask=inside, other=0.0)
    from_ = grad + row * length * width + head * D + i[:, None] * width + d[None, :]
    out = tl.load(from_, mask=inside, other=0.0)
    valid = tl.load(mask + row * length + i, mask=i < length, other=0) != 0
    weights, kept = _weights(q, k, valid, tl.load(seed), program * LP * LP, scale, rate, LP)
    of_weights = tl.dot(out, tl.trans(v), input_precision="ieee") * kept
    inner = tl.sum(of_weights * weights, axis=1)
    of_scores = (weights * (of_weights - inner[:, None]) * scale).to(q.dtype)
    dropped = (weights * kept).to(q.dtype)
    to = grad_qkv + offsets
    tl.store(to, tl.dot(of_scores, k, input_precision="ieee").to(q.dtype), mask=inside)
    tl.store(to + width, tl.dot(tl.trans(of_scores), q, input_precision="ieee").to(q.dtype), mask=inside)
    tl.store(to + 2 * width, tl.dot(tl.trans(dropped), out, input_precision="ieee").to(q.dtype), mask=inside)


@torch.library.custom_op("names3risk::short_attention", mutates_args=())
def short_attention(qkv: Tensor, mask: Tensor, seed: Tensor, heads: int, rate: float) -> Tensor:
    """Multi-head self-attention.

    Args:
        qkv: Queries, keys and values of all heads, `(B, L, 3 W)`, L at most LONGEST.
        mask: Keys that may be attended to, `(B, L)`, at least one in each row.
        seed: Of the dropout on the weights, `(1,)` int64 on the device.
        heads: Heads; W / heads is one of HEAD_WIDTHS.
        rate: Dropout on the weights.

    Returns:
        Mixed values `(B, L, W)`.
    """
    qkv = qkv.contiguous()
    mixed = qkv.new_empty(*qkv.shape[:2], qkv.shape[2] // 3)
    _launch(_forward, qkv, heads, rate, (qkv, mask.contiguous(), seed, mixed))
    return mixed


@short_attention.register_fake
def _(qkv: Tensor, mask: Tensor, seed: Tensor, heads: int, rate: float) -> Tensor:
    return qkv.new_empty(*qkv.shape[:2], qkv.shape[2] // 3)


@torch.library.custom_op("names3risk::short_attention_backward", mutates_args=())
def short_attention_backward(grad: Tensor, qkv: Tensor, mask: Tensor, seed: Tensor, heads: int, rate: float) -> Tensor:
    """The gradient of `short_attention` for qkv."""
    qkv = qkv.contiguous()
    grad_qkv = torch.empty_like(qkv)
    _launch(_backward, qkv, heads, rate, (grad.contiguous(), qkv, mask.contiguous(), seed, grad_qkv))
    return grad_qkv


@short_attention_backward.register_fake
def _(grad: Tensor, qkv: Tensor, mask: Tensor, seed: Tensor, heads: int, rate: float) -> Tensor:
    return torch.empty_like(qkv, memory_format=torch.contiguous_format)


def _launch(kernel: triton.JITFunction, qkv: Tensor, heads: int, rate: float, tensors: tuple[Tensor, ...]) -> None:
    rows, length, width = qkv.shape
    head_width, padded = width // (3 * heads), max(16, triton.next_power_of_2(length))
    kernel[(rows * heads,)](
        *tensors, length, heads, head_width**-0.5, rate, D=head_width, LP=padded, num_warps=WARPS[padded]
    )


def _setup(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
    qkv, mask, seed, ctx.heads, ctx.rate = inputs
    ctx.save_for_backward(qkv, mask, seed)


def _differentiate(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
    return short_attention_backward(grad, *ctx.saved_tensors, ctx.heads, ctx.rate), None, None, None, None


short_attention.register_autograd(_differentiate, setup_context=_setup)
