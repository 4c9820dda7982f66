"""Hyperparameters of Transformer2Risk."""

from __future__ import annotations

from typing import ClassVar, Literal, Self

from pydantic import Field

from names3risk.hyperparameters.base import Hyperparameters
from names3risk.hyperparameters.names3risk import Names3RiskHyperparameters


class Transformer2RiskHyperparameters(Names3RiskHyperparameters):
    """A transformer on names and e-mails, and a table; at its defaults the original Transformer2Risk."""

    EXECUTION_FIELDS: ClassVar[tuple[str, ...]] = (*Hyperparameters.EXECUTION_FIELDS, "activation_checkpointing")

    model_class: Literal["transformer2risk"] = Field("transformer2risk", description="Name of the model class")
    embedding_size: int = Field(128, ge=1, le=4096, description="E, width of a token in the blocks")
    hidden_size: int = Field(256, ge=1, le=4096, description="H, a quarter of the width of the trunk")
    n_blocks: int = Field(8, ge=1, le=64, description="Attention blocks")
    n_heads: int = Field(8, ge=1, le=64, description="Attention heads; must divide embedding_size")
    activation_checkpointing: bool = Field(
        False, description="Compute the blocks' activations again in the backward pass instead of keeping them"
    )
    n_residual_blocks: int = Field(4, ge=0, le=64, description="Residual blocks on text and tabular part")

    def _check_model(self) -> Self:
        if self.embedding_size % self.n_heads:
            raise ValueError(f"n_heads {self.n_heads} does not divide embedding_size {self.embedding_size}")
        return super()._check_model()
