"""Hyperparameters of LSTM2Risk."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from names3risk.hyperparameters.names3risk import Names3RiskHyperparameters


class LSTM2RiskHyperparameters(Names3RiskHyperparameters):
    """A bidirectional LSTM on names and e-mails, and a table; at its defaults the original LSTM2Risk."""

    model_class: Literal["lstm2risk"] = Field("lstm2risk", description="Name of the model class")
    embedding_size: int = Field(16, ge=1, le=4096, description="E, width of a token's embedding")
    hidden_size: int = Field(128, ge=1, le=4096, description="H, width of one direction of the LSTM")
    n_lstm_layers: int = Field(4, ge=1, le=16, description="Bidirectional layers")
    n_residual_blocks: int = Field(3, ge=0, le=64, description="Residual blocks on text and tabular part")
