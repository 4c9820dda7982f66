"""Hyperparameters of lstm."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from names3risk.hyperparameters.multimodal import ChunkedHyperparameters


class LstmHyperparameters(ChunkedHyperparameters):
    """A bidirectional LSTM on text alone."""

    model_class: Literal["lstm"] = Field("lstm", description="Name of the model class")
    embedding_size: int = Field(100, ge=1, le=4096, description="Width of a token's embedding")
    hidden_common_dim: int = Field(128, ge=1, le=4096, description="H, width of one direction")
    n_lstm_layers: int = Field(1, ge=1, le=16, description="Bidirectional layers")
