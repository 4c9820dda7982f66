"""Hyperparameters of bert."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from names3risk.hyperparameters.encoder import PooledEncoderHyperparameters


class BertHyperparameters(PooledEncoderHyperparameters):
    """A BERT that classifies text alone."""

    model_class: Literal["bert"] = Field("bert", description="Name of the model class")
