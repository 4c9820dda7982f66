"""What processes that share a step tell each other: what it needs to know beforehand, and its gradients."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, distributed, nn

from names3risk.models.normalisation import InputNorm


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

    def exchange(self, features: Tensor, weights: Tensor) -> None:
        """Adds up what the processes have.

        Args:
            features: Features `(B, F)` of this process's rows.
            weights: Their weights `(B,)`.
        """
        mine = [weights.double().sum()[None], *(norm.sums(features) for norm in self.norms)]
        sums = torch.cat(mine)
        distributed.all_reduce(sums)
        weight, *statistics = torch.split(sums, [len(part) for part in mine])
        self.weight.copy_(weight[0])
        for norm, found in zip(self.norms, statistics, strict=True):
            norm.give(found)

    def forget(self) -> None:
        """Lets the normalisations go back to the statistics of the rows they see."""
        for norm in self.norms:
            norm.given = False


def average_gradients(parameters: Iterable[nn.Parameter]) -> None:
    """Averages the gradients of all processes, which have them for the same parameters, in one exchange."""
    gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
    flat = torch.cat([gradient.reshape(-1) for gradient in gradients])
    distributed.all_reduce(flat)
    flat /= distributed.get_world_size()
    averaged = torch.split(flat, [gradient.numel() for gradient in gradients])
    torch._foreach_copy_(
        gradients, [mean.view_as(gradient) for mean, gradient in zip(averaged, gradients, strict=True)]
    )
