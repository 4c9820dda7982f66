"""Losses: each gives one value a row, so that means do not depend on how rows fall into batches."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

from names3risk.hyperparameters import Hyperparameters

RowLoss = Callable[[Tensor, Tensor], Tensor]

IGNORED = 1e-8
"""Weight of a row of the ignored class: next to nothing, so that a batch of such rows alone has a mean."""


class ClassificationLoss(nn.Module):
    """Weighted loss of logits against classes.

    Args:
        row_loss: Logits `(B, K)` and labels `(B,)` to unweighted losses `(B,)`.
        class_weights: One weight a class; None for ones.
        ignore_index: The class whose rows count for nothing, or None.
    """

    weights: Tensor

    def __init__(
        self,
        row_loss: RowLoss,
        num_classes: int,
        class_weights: list[float] | None,
        ignore_index: int | None = None,
    ) -> None:
        super().__init__()
        self.row_loss, self.ignore_index = row_loss, ignore_index
        weights = torch.ones(num_classes) if class_weights is None else torch.tensor(class_weights)
        if ignore_index is not None:
            weights[ignore_index] = IGNORED
        self.register_buffer("weights", weights, persistent=False)

    def forward(self, logits: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """Logits `(B, K)` and labels `(B,)` to losses and row weights, each `(B,)`; the loss is their weighted mean."""
        losses = self.row_loss(logits.float(), labels)
        if self.ignore_index is not None:
            losses = torch.where(labels == self.ignore_index, 0.0, losses)
        return losses, self.weights[labels]


def build_loss(hyperparameters: Hyperparameters) -> ClassificationLoss:
    """The loss that the hyperparameters name."""
    smoothing, gamma = hyperparameters.label_smoothing, hyperparameters.focal_gamma

    ignored = hyperparameters.ignore_index
    targets = [index for index in range(hyperparameters.num_classes) if index != ignored]

    def cross_entropy(logits: Tensor, labels: Tensor) -> Tensor:
        if ignored is None:
            return functional.cross_entropy(logits, labels, reduction="none", label_smoothing=smoothing)
        logs = logits.log_softmax(dim=-1)
        likelihood = logs.gather(1, labels[:, None]).squeeze(1)
        return -(1 - smoothing) * likelihood - smoothing * logs[:, targets].mean(dim=1)

    def nll(logits: Tensor, labels: Tensor) -> Tensor:
        return functional.nll_loss(logits.log_softmax(dim=-1), labels, reduction="none")

    def bce(logits: Tensor, labels: Tensor) -> Tensor:
        smoothed = labels.float() * (1 - smoothing) + smoothing / 2
        return functional.binary_cross_entropy_with_logits(logits[:, 1] - logits[:, 0], smoothed, reduction="none")

    def focal(logits: Tensor, labels: Tensor) -> Tensor:
        # Lin et al. 2017, "Focal loss for dense object detection": (1 - p)^gamma * cross-entropy.
        probability = logits.softmax(dim=-1).gather(1, labels[:, None]).squeeze(1)
        return (1 - probability) ** gamma * cross_entropy(logits, labels)

    row_losses: dict[str, RowLoss] = {"cross_entropy": cross_entropy, "nll": nll, "bce": bce, "focal": focal}
    return ClassificationLoss(
        row_losses[hyperparameters.loss], hyperparameters.num_classes, hyperparameters.class_weights, ignored
    )
