"""Dropout whose random numbers are cheap, where PyTorch's own take longer than the layers around it."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.autograd import Function
from torch.autograd.function import once_differentiable
from torch.nn import functional

LEVELS = 2**16


class Dropout(nn.Dropout):
    """Zeroes random elements while training and scales the others up: `drop_out` as a layer."""

    def forward(self, input: Tensor) -> Tensor:
        """Any shape to the same shape."""
        return drop_out(input, self.p, self.training)


class ReLUDropout(Dropout):
    """ReLU and then dropout, which remember nothing but their result."""

    def forward(self, input: Tensor) -> Tensor:
        """Any shape to the same shape."""
        if not self.training or self.p in (0, 1):
            return drop_out(functional.relu(input), self.p, self.training)
        result: Tensor = _ReLUDropout.apply(input, self.p)  # type: ignore[no-untyped-call]
        return result


class _ReLUDropout(Function):
    """What is positive in the end was so in the beginning and was kept, so that is where gradients go."""

    @staticmethod
    def forward(ctx: Any, values: Tensor, rate: float) -> Tensor:
        result = drop_out(functional.relu(values), rate, training=True)
        ctx.growth = growth(values, rate)
        ctx.save_for_backward(result)
        return result

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
        (result,) = ctx.saved_tensors
        return torch.where(result > 0, grad * ctx.growth, 0), None


def drop_out(values: Tensor, rate: float, training: bool) -> Tensor:
    """Zeroes random elements while training and scales the others up, so that the mean stays.

    Args:
        values: Any shape.
        rate: Share of elements zeroed; on a CPU it is rounded to 1 / 65,536.
        training: False leaves the values as they are.

    Returns:
        A tensor of the same shape. What is zeroed is a function of PyTorch's random state.
    """
    if not training or rate in (0, 1):
        return functional.dropout(values, rate, training)
    if torch.compiler.is_compiling():
        return torch.where(kept(values, rate), values * growth(values, rate), 0)
    if values.device.type == "cpu":
        return values * factors(values.shape, rate, values.dtype)
    return functional.dropout(values, rate, training)


def growth(values: Tensor, rate: float) -> float:
    """What the elements that are kept are multiplied by."""
    if values.device.type == "cpu" and not torch.compiler.is_compiling():
        return LEVELS / (LEVELS - round(rate * LEVELS))
    return 1 / (1 - rate)


def kept(values: Tensor, rate: float) -> Tensor:
    """Which elements to keep, by a hash of their place: what costs least in a kernel that is compiled.

    Args:
        values: Any shape, fewer than 2^31 elements.
        rate: Share of elements zeroed.

    Returns:
        A tensor of the same shape, true for a share 1 - rate of the elements. Two draws from PyTorch's generator, which
        are all that the backward pass has to keep, seed it.
    """
    seeds = torch.randint(-(2**31), 2**31, (2,), dtype=torch.int32, device=values.device)
    places = torch.arange(values.numel(), dtype=torch.int32, device=values.device).view(values.shape)
    mixed = _fold(places ^ seeds[0], 16) * 0x7FEB352D + seeds[1]
    mixed = _fold(mixed, 15) * -0x7B935975
    return _fold(mixed, 16) >= round(rate * 2**32) - 2**31


def _fold(words: Tensor, bits: int) -> Tensor:
    """Mixes the upper bits of 32 into the lower ones."""
    return words ^ (words >> bits & (1 << 32 - bits) - 1)


def factors(shape: torch.Size, rate: float, dtype: torch.dtype) -> Tensor:
    """Factors of elements, on the CPU: 0 for a share `rate` of them, 1 / (1 - rate) for the others.

    A draw from PyTorch's generator seeds one that gives four 16-bit numbers at a time.
    """
    count, zeroed = shape.numel(), round(rate * LEVELS)
    seed = int(torch.randint(2**63 - 1, ()))
    words = np.random.SFC64(seed).random_raw(-(-count // 4))
    draws = torch.from_numpy(words.view(np.int16))[:count].view(shape)
    scale = torch.empty(shape, dtype=dtype)
    torch.ge(draws, zeroed - LEVELS // 2, out=scale)
    return scale.mul_(LEVELS / (LEVELS - zeroed))
