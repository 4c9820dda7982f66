"""What the classes have in common that mix BERT and tabular features of the same width."""

from __future__ import annotations

from pydantic import Field

from names3risk.hyperparameters.encoder import PooledEncoderHyperparameters
from names3risk.hyperparameters.multimodal import TabularHyperparameters


class FusedHyperparameters(PooledEncoderHyperparameters, TabularHyperparameters):
    """BERT and tabular features, brought to the same width."""

    fusion_dim: int = Field(
        128, ge=1, le=8192, description="F, width that both parts are brought to before they are mixed"
    )
