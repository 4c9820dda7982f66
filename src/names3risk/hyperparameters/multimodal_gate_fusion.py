"""Hyperparameters of multimodal_gate_fusion."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from names3risk.hyperparameters.multimodal_fused import FusedHyperparameters


class MultimodalGateFusionHyperparameters(FusedHyperparameters):
    """BERT and tabular features, mixed by a gate for each feature."""

    model_class: Literal["multimodal_gate_fusion"] = Field(
        "multimodal_gate_fusion", description="Name of the model class"
    )
