"""What processes that share a step tell each other: what it needs to know beforehand, and its gradients."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import accumulate

import torch
from torch import Tensor, distributed, nn

from names3risk.models.normalisation import InputNorm

ALIGNED = 64
"""Numbers that gradients begin at a multiple of, so that kernels read several at once."""


class StepTotals:
    """Sums over the rows of all processes, exchanged at once before a step, which then needs no other process.

    Args:
        model: The network; its input normalisations are told the statistics of all rows.
        device: Where steps are run.
    """

    def __init__(self, model: nn.Module, device: torch.device) -> None:
        self.norms = [module for module in model.modules() if isinstance(module, InputNorm)]
        self.weight = torch.ones((), device=device)
        """Sum of the weights of the step's rows; always the same tensor."""
        self._sums = torch.zeros(0, dtype=torch.float64, device=device)
        self._sizes: list[int] = []

    def exchange(self, features: Tensor, weights: Tensor) -> None:
        """Adds up what the processes have; `settle` makes it known.

        Args:
            features: Features `(B, F)` of this process's rows.
            weights: Their weights `(B,)`.
        """
        mine = [weights.double().sum()[None], *(norm.sums(features) for norm in self.norms)]
        if not self._sizes:
            self._sizes = [len(part) for part in mine]
            self._sums = self._sums.new_zeros(sum(self._sizes))
        torch.cat(mine, out=self._sums)
        distributed.all_reduce(self._sums)

    def settle(self) -> None:
        """Hands the sums to those that wait for them; can be recorded, together with the step that needs them."""
        weight, *statistics = torch.split(self._sums, self._sizes)
        self.weight.copy_(weight[0])
        for norm, found in zip(self.norms, statistics, strict=True):
            norm.give(found)

    def forget(self) -> None:
        """Lets the normalisations go back to the statistics of the rows they see."""
        for norm in self.norms:
            norm.given = False


class FlatGradients:
    """Gradients that lie in one tensor, which the processes exchange all at once.

    Args:
        parameters: The parameters; those that are trained have a place each, the same in every process.
    """

    def __init__(self, parameters: Iterable[nn.Parameter]) -> None:
        self.parameters = [parameter for parameter in parameters if parameter.requires_grad]
        ends = list(accumulate(-(-parameter.numel() // ALIGNED) * ALIGNED for parameter in self.parameters))
        self.flat = torch.zeros(ends[-1], device=self.parameters[0].device)
        starts = [0, *ends[:-1]]
        self.places = [
            self.flat[start : start + parameter.numel()].view_as(parameter)
            for parameter, start in zip(self.parameters, starts, strict=True)
        ]

    def take(self) -> None:
        """Moves the parameters' gradients to their places, unless they are there; can be recorded."""
        gradients, places = [], []
        for parameter, place in zip(self.parameters, self.places, strict=True):
            if parameter.grad is None:
                place.zero_()
            elif parameter.grad is not place:
                gradients.append(parameter.grad)
                places.append(place)
                parameter.grad = place
        if places:
            torch._foreach_copy_(places, gradients)

    def average(self) -> None:
        """Averages the gradients of all processes."""
        self.take()
        distributed.all_reduce(self.flat)
        self.flat /= distributed.get_world_size()

    def clip(self, limit: float) -> None:
        """Scales all gradients down together when their global norm is above a limit."""
        self.flat *= (limit / (self.flat.norm() + 1e-6)).clamp(max=1.0)
