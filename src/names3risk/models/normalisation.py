"""Batch normalisation of what goes into a network."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional


class InputNorm(nn.BatchNorm1d):
    """Batch normalisation of features that no gradient flows back to.

    Its statistics can therefore be had before the forward pass: where several processes share a step they are those of
    all its rows, added up by whoever trains. Left alone it is `nn.BatchNorm1d`, whose state it has.

    Args:
        n_features: Features of a row, F.
    """

    step_mean: Tensor
    step_variance: Tensor

    def __init__(self, n_features: int) -> None:
        super().__init__(n_features)
        self.given = False
        """Whether a training step takes the statistics that it is given."""
        self.register_buffer("step_mean", torch.zeros(n_features), persistent=False)
        self.register_buffer("step_variance", torch.ones(n_features), persistent=False)

    @staticmethod
    def sums(features: Tensor) -> Tensor:
        """Number, sums and sums of squares of features `(B, F)`, as `(1 + 2F,)` float64; they add up over processes."""
        values = features.double()
        return torch.cat([values.new_full((1,), len(values)), values.sum(dim=0), (values * values).sum(dim=0)])

    def give(self, sums: Tensor) -> None:
        """Takes the statistics of the next step from the sums of all its rows, and follows them with the running ones.

        Args:
            sums: Those of `sums`, added up.
        """
        rows, (total, squares) = sums[0], sums[1:].chunk(2)
        mean = total / rows
        variance = (squares / rows - mean * mean).clamp(min=0)
        self.given = True
        self.step_mean.copy_(mean)
        self.step_variance.copy_(variance)
        assert self.running_mean is not None
        assert self.running_var is not None
        assert self.num_batches_tracked is not None
        assert self.momentum is not None
        self.running_mean.lerp_(self.step_mean, self.momentum)
        self.running_var.lerp_((variance * rows / (rows - 1)).to(self.running_var.dtype), self.momentum)
        self.num_batches_tracked += 1

    def forward(self, input: Tensor) -> Tensor:
        """Features `(B, F)` to `(B, F)`."""
        if not (self.training and self.given):
            return super().forward(input)
        return functional.batch_norm(input, self.step_mean, self.step_variance, self.weight, self.bias, eps=self.eps)
