"""The tabular part of the Names3Risk networks."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from names3risk.hyperparameters.names3risk import Names3RiskHyperparameters
from names3risk.models.blocks import RowDropout


class SignedLog(nn.Module):
    """sign(x) log(1 + |x|): brings numbers with long tails, of either sign, to a common scale."""

    def forward(self, tabular: Tensor) -> Tensor:
        """`(B, F)` to `(B, F)`."""
        return tabular.sign() * torch.log1p(tabular.abs())


def build_tabular(hyperparameters: Names3RiskHyperparameters, n_tabular: int, width: int) -> nn.Sequential | None:
    """Layers that bring tabular features `(B, F)` to `(B, width)`; None where there are no features.

    Batch normalisation takes the place of scaling the features beforehand.

    Args:
        hyperparameters: Dropout rates and the treatment of numbers.
        n_tabular: Numeric and risk-table features, F.
        width: Output features.
    """
    if n_tabular == 0:
        return None
    dropout = hyperparameters.dropout_rate
    return nn.Sequential(
        SignedLog() if hyperparameters.signed_log else nn.Identity(),
        nn.BatchNorm1d(n_tabular),
        nn.Linear(n_tabular, width),
        nn.ReLU(),
        nn.Dropout(dropout),
        nn.Linear(width, width),
        nn.LayerNorm(width),
        nn.ReLU(),
        nn.Dropout(dropout),
        RowDropout(hyperparameters.tabular_dropout),
    )
