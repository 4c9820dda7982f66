"""Dropout whose random numbers are cheap on a CPU, where PyTorch's own take longer than the layers around it."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

LEVELS = 2**16


class Dropout(nn.Dropout):
    """Zeroes random elements while training and scales the others up: `drop_out` as a layer."""

    def forward(self, input: Tensor) -> Tensor:
        """Any shape to the same shape."""
        return drop_out(input, self.p, self.training)


def drop_out(values: Tensor, rate: float, training: bool) -> Tensor:
    """Zeroes random elements while training and scales the others up, so that the mean stays.

    Args:
        values: Any shape.
        rate: Share of elements zeroed; on a CPU it is rounded to 1 / 65,536.
        training: False leaves the values as they are.

    Returns:
        A tensor of the same shape. What is zeroed is a function of PyTorch's random state.
    """
    if not training or rate in (0, 1) or values.device.type != "cpu" or torch.compiler.is_compiling():
        return functional.dropout(values, rate, training)
    return values * kept(values.shape, rate, values.dtype)


def kept(shape: torch.Size, rate: float, dtype: torch.dtype) -> Tensor:
    """Factors of elements, on the CPU: 0 for a share `rate` of them, 1 / (1 - rate) for the others.

    A draw from PyTorch's generator seeds one that gives four 16-bit numbers at a time.
    """
    count, zeroed = shape.numel(), round(rate * LEVELS)
    seed = int(torch.randint(2**63 - 1, ()))
    words = np.random.SFC64(seed).random_raw(-(-count // 4))
    draws = torch.from_numpy(words.view(np.int16))[:count].view(shape)
    factors = torch.empty(shape, dtype=dtype)
    torch.ge(draws, zeroed - LEVELS // 2, out=factors)
    return factors.mul_(LEVELS / (LEVELS - zeroed))
