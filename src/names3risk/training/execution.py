"""How steps are run on the hardware at hand: arithmetic, compiled kernels, recorded steps."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Literal

import torch
from torch import nn

from names3risk.hyperparameters import Hyperparameters
from names3risk.training.world import World

logger = logging.getLogger(__name__)

Precision = Literal["fp32", "tf32", "bf16", "fp16"]
LIGHTNING: dict[Precision, Literal["32-true", "bf16-mixed", "16-mixed"]] = {
    "fp32": "32-true",
    "tf32": "32-true",
    "bf16": "bf16-mixed",
    "fp16": "16-mixed",
}
ROWS_WORTH_COMPILING = 5_000_000
"""Rows that a run has to pass before compiling, which takes a quarter of a minute, pays."""


@dataclass(frozen=True)
class Execution:
    """How steps are run.

    Args:
        precision: Arithmetic of the forward pass.
        compiled: Whether the network is compiled.
        recorded: Whether steps are recorded as CUDA graphs.
        packed: Whether the network takes a training batch without padding.
    """

    precision: Precision = "fp32"
    compiled: bool = False
    recorded: bool = False
    packed: bool = False

    @property
    def half(self) -> bool:
        """Whether arithmetic is mixed with 16 bits."""
        return self.precision in ("bf16", "fp16")

    @property
    def dtype(self) -> torch.dtype:
        """The type that autocast casts to."""
        return torch.float16 if self.precision == "fp16" else torch.bfloat16

    @contextmanager
    def settings(self) -> Iterator[None]:
        """PyTorch's global settings for the run; they are as before afterwards."""
        matmul, cudnn = torch.get_float32_matmul_precision(), torch.backends.cudnn.allow_tf32
        with ExitStack() as stack:
            stack.callback(torch.set_float32_matmul_precision, matmul)
            stack.callback(setattr, torch.backends.cudnn, "allow_tf32", cudnn)
            torch.set_float32_matmul_precision("highest" if self.precision == "fp32" else "high")
            torch.backends.cudnn.allow_tf32 = self.precision != "fp32"
            if self.compiled and self.half:
                stack.enter_context(torch._dynamo.config.patch(allow_rnn=True))  # only an LSTM's weights are read
            yield


def choose(
    hyperparameters: Hyperparameters, model: nn.Module, rows: int, device: torch.device, world: World
) -> Execution:
    """Chooses how steps are run.

    Args:
        hyperparameters: `precision`, `compile` and `cuda_graphs`.
        model: Says by `can_be_recorded(half)` whether a step of it never waits for the device, and by
            `can_be_packed(half)` whether it takes batches without padding on a GPU.
        rows: Training rows.
        device: Where the model runs.
        world: The processes of the run.
    """
    gpu = device.type == "cuda"
    precision = _precision(hyperparameters, device)
    half = precision in ("bf16", "fp16")
    recordable, packable = (_says(model, name, half) for name in ("can_be_recorded", "can_be_packed"))
    pays = gpu and recordable and rows * hyperparameters.max_epochs >= ROWS_WORTH_COMPILING
    return Execution(
        precision=precision,
        compiled=hyperparameters.compile == "always" or (hyperparameters.compile == "auto" and pays),
        # Neither shards that are gathered on the way nor a loss scale that changes can be recorded.
        recorded=gpu
        and recordable
        and hyperparameters.cuda_graphs
        and (world.size == 1 or hyperparameters.strategy == "ddp")
        and precision != "fp16",
        packed=gpu and packable,
    )


def _says(model: nn.Module, name: str, half: bool) -> bool:
    known = getattr(model, name, None)
    return known is not None and known(half)


def _precision(hyperparameters: Hyperparameters, device: torch.device) -> Precision:
    asked: Precision | Literal["auto"] = "fp16" if hyperparameters.fp16 else hyperparameters.precision
    if asked == "auto":
        if device.type != "cuda":
            return "fp32"
        return "bf16" if torch.cuda.is_bf16_supported() else "tf32"
    if asked == "fp16" and device.type == "cpu":
        logger.warning("fp16 needs a GPU: this run on the CPU uses bf16 instead")
        return "bf16"
    return asked
