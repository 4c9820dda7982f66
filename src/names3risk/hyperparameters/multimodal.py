"""What the multimodal classes have in common."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field

from names3risk.hyperparameters.base import Hyperparameters, only_with

TextStep = Literal["dialogue_splitter", "html_normalizer", "emoji_remover", "text_normalizer", "dialogue_chunker"]
TEXT_STEPS: list[TextStep] = [
    "dialogue_splitter",
    "html_normalizer",
    "emoji_remover",
    "text_normalizer",
    "dialogue_chunker",
]
DEFAULT_CHUNKS = 3


class ChunkedHyperparameters(Hyperparameters):
    """Text as chunks of tokens."""

    max_total_chunks: int = Field(
        DEFAULT_CHUNKS, ge=1, le=64, description="Chunks of max_sen_len tokens kept of a row's text"
    )
    text_steps: list[TextStep] = Field(
        TEXT_STEPS, description="What happens to text before the tokenizer; the order is fixed"
    )
    dropout_rate: float = Field(0.1, ge=0, lt=1, description="Dropout on the pooled text")

    @property
    def max_tokens(self) -> int:
        """The most tokens of a row, all chunks together."""
        return self.max_sen_len * (self.max_total_chunks if "dialogue_chunker" in self.text_steps else 1)

    def _check_model(self) -> Self:
        if self.max_sen_len < 2:
            raise ValueError("max_sen_len must be 2 or more: each chunk begins with [CLS]")
        known = [step for step in TEXT_STEPS if step in self.text_steps]
        if self.text_steps != known:
            raise ValueError(f"text_steps must be in this order, each once: {', '.join(known)}")
        if "dialogue_chunker" not in self.text_steps and self.max_total_chunks not in (1, DEFAULT_CHUNKS):
            raise ValueError("max_total_chunks has no effect without the text step dialogue_chunker")
        return super()._check_model()


class TabularHyperparameters(ChunkedHyperparameters):
    """Text and tabular features, each brought to the same width."""

    hidden_common_dim: int = Field(128, ge=1, le=8192, description="H, width of the text and of the tabular part")
    numeric_embedding: Literal["none", "periodic"] = Field(
        "none", description="Gives every feature sines and cosines of learned frequencies beside its value"
    )
    numeric_embedding_size: int = Field(
        8,
        ge=1,
        le=1024,
        description="Width of a feature's embedding",
        json_schema_extra=only_with(numeric_embedding=["periodic"]),
    )
    numeric_frequencies: int = Field(
        16,
        ge=1,
        le=1024,
        description="Frequencies of a feature",
        json_schema_extra=only_with(numeric_embedding=["periodic"]),
    )
    numeric_frequency_scale: float = Field(
        0.1,
        gt=0,
        le=100,
        description="Standard deviation of the initial frequencies",
        json_schema_extra=only_with(numeric_embedding=["periodic"]),
    )
