"""Hyperparameters of multimodal_cross_attn."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field

from names3risk.hyperparameters.encoder import EncoderHyperparameters
from names3risk.hyperparameters.multimodal import TabularHyperparameters


class MultimodalCrossAttnHyperparameters(EncoderHyperparameters, TabularHyperparameters):
    """BERT's tokens and tabular fields attend to each other."""

    model_class: Literal["multimodal_cross_attn"] = Field(
        "multimodal_cross_attn", description="Name of the model class"
    )
    n_heads: int = Field(4, ge=1, le=64, description="Attention heads; must divide hidden_common_dim")

    def _check_model(self) -> Self:
        if self.hidden_common_dim % self.n_heads:
            raise ValueError(f"n_heads {self.n_heads} does not divide hidden_common_dim {self.hidden_common_dim}")
        return super()._check_model()
