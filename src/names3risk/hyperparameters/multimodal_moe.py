"""Hyperparameters of multimodal_moe."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from names3risk.hyperparameters.encoder import PooledEncoderHyperparameters
from names3risk.hyperparameters.multimodal import TabularHyperparameters


class MultimodalMoeHyperparameters(PooledEncoderHyperparameters, TabularHyperparameters):
    """BERT and tabular features as two experts, weighted for each row."""

    model_class: Literal["multimodal_moe"] = Field("multimodal_moe", description="Name of the model class")
    fusion_dim: int = Field(
        128, ge=1, le=8192, description="F, width that both parts are brought to before they are mixed"
    )
