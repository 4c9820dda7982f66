"""Hyperparameters of multimodal_cnn."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field

from names3risk.hyperparameters.multimodal import TabularHyperparameters


class MultimodalCnnHyperparameters(TabularHyperparameters):
    """Convolutions over the tokens, and tabular features."""

    model_class: Literal["multimodal_cnn"] = Field("multimodal_cnn", description="Name of the model class")
    dropout_rate: float = Field(0.5, ge=0, lt=1, description="Dropout on the pooled text")
    embedding_size: int = Field(100, ge=1, le=4096, description="Width of a token's embedding")
    n_filters: int = Field(100, ge=1, le=4096, description="Filters of each kernel size")
    kernel_sizes: list[int] = Field([3, 5, 7], min_length=1, max_length=8, description="Tokens under each kernel")

    def _check_model(self) -> Self:
        if any(size < 1 or size % 2 == 0 for size in self.kernel_sizes):
            raise ValueError(f"kernel_sizes must be odd, so that a kernel has a middle, not {self.kernel_sizes}")
        return super()._check_model()
