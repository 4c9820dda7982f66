"""Hyperparameters of multimodal_bert."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from names3risk.hyperparameters.encoder import PooledEncoderHyperparameters
from names3risk.hyperparameters.multimodal import TabularHyperparameters


class MultimodalBertHyperparameters(PooledEncoderHyperparameters, TabularHyperparameters):
    """BERT and tabular features side by side."""

    model_class: Literal["multimodal_bert"] = Field("multimodal_bert", description="Name of the model class")
