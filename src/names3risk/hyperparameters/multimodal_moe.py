"""Hyperparameters of multimodal_moe."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from names3risk.hyperparameters.multimodal_fused import FusedHyperparameters


class MultimodalMoeHyperparameters(FusedHyperparameters):
    """BERT and tabular features as two experts, weighted for each row."""

    model_class: Literal["multimodal_moe"] = Field("multimodal_moe", description="Name of the model class")
