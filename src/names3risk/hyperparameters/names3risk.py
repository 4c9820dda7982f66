"""What LSTM2Risk and Transformer2Risk have in common."""

from __future__ import annotations

from typing import Self

from pydantic import Field

from names3risk.hyperparameters.base import Hyperparameters


class Names3RiskHyperparameters(Hyperparameters):
    """Regularisation and n-grams of the two Names3Risk networks."""

    dropout_rate: float = Field(0.2, ge=0, lt=1, description="Dropout between layers and on attention weights")
    embedding_dropout: float = Field(0.0, ge=0, lt=1, description="Dropout on token embeddings")
    token_dropout: float = Field(0.0, ge=0, lt=1, description="Share of tokens that become [UNK] while training")
    field_dropout: float = Field(
        0.0, ge=0, lt=1, description="Share of text fields that become [MISSING] while training"
    )
    text_dropout: float = Field(0.0, ge=0, lt=1, description="Share of rows whose text part is zero while training")
    tabular_dropout: float = Field(
        0.0, ge=0, lt=1, description="Share of rows whose tabular part is zero while training"
    )
    ngram_max: int = Field(0, ge=0, le=16, description="Tokens of the longest n-gram with a weight of its own; 0: none")
    ngram_min: int = Field(1, ge=1, le=16, description="Tokens of the shortest n-gram")
    ngram_buckets: int = Field(65_536, ge=1, le=100_000_000, description="Weights that n-grams share, chosen by hash")
    ngram_scale: float = Field(
        1.0, gt=0, le=1000, description="Multiplies the n-gram part, and so its speed of learning"
    )
    ngram_dropout: float = Field(0.0, ge=0, lt=1, description="Share of n-grams left out while training")

    def _check_model(self) -> Self:
        if self.ngram_max == 0:
            for name in ("ngram_min", "ngram_buckets", "ngram_scale", "ngram_dropout"):
                if getattr(self, name) != type(self).model_fields[name].default:
                    raise ValueError(f"{name} has no effect with ngram_max 0: set ngram_max")
        elif self.ngram_min > self.ngram_max:
            raise ValueError(f"ngram_min {self.ngram_min} is greater than ngram_max {self.ngram_max}")
        return self
