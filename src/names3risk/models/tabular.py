"""The tabular part of the Names3Risk networks."""

from __future__ import annotations

from torch import nn

from names3risk.hyperparameters.names3risk import Names3RiskHyperparameters
from names3risk.models.blocks import RowDropout
from names3risk.models.dropout import ReLUDropout
from names3risk.models.normalisation import InputNorm


def build_tabular(hyperparameters: Names3RiskHyperparameters, n_tabular: int, width: int) -> nn.Sequential | None:
    """Layers that bring tabular features `(B, F)` to `(B, width)`; None where there are no features.

    Batch normalisation takes the place of scaling the features beforehand.

    Args:
        hyperparameters: Dropout rates.
        n_tabular: Numeric and risk-table features, F.
        width: Output features.
    """
    if n_tabular == 0:
        return None
    dropout = hyperparameters.dropout_rate
    return nn.Sequential(
        InputNorm(n_tabular),
        nn.Linear(n_tabular, width),
        ReLUDropout(dropout),
        nn.Identity(),  # keeps the numbers of the layers below
        nn.Linear(width, width),
        nn.LayerNorm(width),
        ReLUDropout(dropout),
        RowDropout(hyperparameters.tabular_dropout),
    )
