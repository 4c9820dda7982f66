"""The loss of log-probabilities against the item that followed."""

from __future__ import annotations

import torch
from torch import Tensor

from names3risk.models.pointer import PointerOutput
from names3risk.sequences.vocabulary import FIRST

WITHOUT = 1e-8
"""Weight of a row that nothing can be learned from: next to nothing, so that a batch of such rows has a mean."""


def item_loss(output: PointerOutput, labels: Tensor, smoothing: float, coverage_weight: float) -> tuple[Tensor, Tensor]:
    """Negative log-likelihood with label smoothing over the known items, and the coverage loss.

    Args:
        output: What the network says.
        labels: The items that followed, `(B,)`.
        smoothing: Probability moved from the item to all known items; padding and unknown get none of it.
        coverage_weight: Weight of the coverage loss.

    Returns:
        Losses and row weights, each `(B,)`. Unknown items have no weight, nor have items that the network cannot
        give any probability, as those outside of the history in mode `pointer`.
    """
    logs = output.log_probabilities
    likelihood = logs.gather(1, labels[:, None]).squeeze(1)
    learnable = (labels >= FIRST) & (likelihood > -1e3)
    losses = -(1 - smoothing) * likelihood
    if smoothing:
        losses = losses - smoothing * logs[:, FIRST:].mean(dim=1)
    losses = losses + coverage_weight * output.coverage
    return torch.where(learnable, losses, 0.0), torch.where(learnable, 1.0, WITHOUT)
