"""Training steps recorded as CUDA graphs: a step's hundreds of kernels are started all at once, without Python."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from names3risk.data.datasets import Batch, Selection
from names3risk.training.sharing import FlatGradients

WARM_UP = 2
"""Steps before recording, in which kernels are compiled and workspaces allocated."""


@dataclass(frozen=True)
class Recorded:
    """A recorded step.

    Args:
        graph: Its kernels.
        tensors: What they read; copied to before each replay.
        loss: The loss `()`, and
        gradients: of each parameter, or None where it takes no part; both overwritten by each replay.
        clipped: Whether the gradients come clipped.
    """

    graph: torch.cuda.CUDAGraph
    tensors: dict[str, Tensor]
    loss: Tensor
    gradients: list[Tensor | None]
    clipped: bool

    def hand_over(self, parameters: Iterable[nn.Parameter], add: bool) -> None:
        """Gives the gradients to the parameters, or adds them to those that are there."""
        for parameter, gradient in zip(parameters, self.gradients, strict=True):
            if gradient is None:
                continue
            if not add:
                parameter.grad = gradient
            elif parameter.grad is None:
                parameter.grad = gradient.clone()
            else:
                parameter.grad += gradient


class StepGraphs:
    """Records a step for each shape of batch when it first comes, and replays it from then on.

    Args:
        step: Forward and backward pass of a batch; gives the loss `()`. It must never wait for the device.
        parameters: Those that the step computes gradients for.
        state: Everything else that the step changes.
        clip: Largest global norm of the gradient; 0 leaves it as it is.
        flat: Where gradients are put that processes exchange.
    """

    def __init__(
        self,
        step: Callable[[Batch], Tensor],
        parameters: Sequence[nn.Parameter],
        state: Sequence[Tensor],
        clip: float,
        flat: FlatGradients | None = None,
    ) -> None:
        self.step, self.parameters, self.state, self.clip = step, parameters, list(state), clip
        self.flat = flat
        self.recorded: dict[tuple[int, ...], Recorded] = {}

    def replay(self, batch: Batch | Selection) -> Recorded:
        """Runs the step of a batch."""
        if batch.shape not in self.recorded:
            self.recorded[batch.shape] = self._record(batch)
        recorded = self.recorded[batch.shape]
        for name, tensor in batch.tensors.items():
            recorded.tensors[name].copy_(tensor)
        recorded.graph.replay()
        return recorded

    def _record(self, batch: Batch | Selection) -> Recorded:
        tensors = {name: tensor.clone() for name, tensor in batch.tensors.items()}
        before = [tensor.clone() for tensor in self.state]
        summed = [parameter.grad for parameter in self.parameters]  # of earlier batches of the same step
        self._forget_gradients()
        gc.collect()  # a backward graph that is still alive would tie the recording to the stream it was made on
        stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            for _ in range(WARM_UP):
                self.step(batch.build(tensors))
                self._forget_gradients()
        torch.cuda.current_stream().wait_stream(stream)
        pool = next(iter(self.recorded.values())).graph.pool() if self.recorded else None
        graph = torch.cuda.CUDAGraph()
        # Other threads may go on asking the device about work of other processes.
        with torch.cuda.graph(graph, pool=pool, capture_error_mode="thread_local"):
            loss = self.step(batch.build(tensors))
            if self.clip:
                nn.utils.clip_grad_norm_(self.parameters, self.clip)
            if self.flat is not None:
                self.flat.take()
        gradients = [parameter.grad for parameter in self.parameters]
        for parameter, gradient in zip(self.parameters, summed, strict=True):
            parameter.grad = gradient
        for tensor, value in zip(self.state, before, strict=True):
            tensor.copy_(value)
        return Recorded(graph, tensors, loss, gradients, bool(self.clip))

    def _forget_gradients(self) -> None:
        for parameter in self.parameters:
            parameter.grad = None
