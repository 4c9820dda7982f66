"""Hyperparameters of multimodal_gate_fusion."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from names3risk.hyperparameters.encoder import PooledEncoderHyperparameters
from names3risk.hyperparameters.multimodal import TabularHyperparameters


class MultimodalGateFusionHyperparameters(PooledEncoderHyperparameters, TabularHyperparameters):
    """BERT and tabular features, mixed by a gate for each feature."""

    model_class: Literal["multimodal_gate_fusion"] = Field(
        "multimodal_gate_fusion", description="Name of the model class"
    )
    fusion_dim: int = Field(
        128, ge=1, le=8192, description="F, width that both parts are brought to before they are mixed"
    )
