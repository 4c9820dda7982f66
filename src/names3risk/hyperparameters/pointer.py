"""Hyperparameters of the pointer network."""

from __future__ import annotations

from typing import ClassVar, Literal, Self

from pydantic import Field

from names3risk.hyperparameters.base import Hyperparameters, only_with


class PointerHyperparameters(Hyperparameters):
    """A pointer network: predicts the next item of a sequence."""

    WITHOUT_EFFECT: ClassVar[tuple[str, ...]] = (
        *Hyperparameters.DATA_FIELDS,
        *Hyperparameters.FEATURE_FIELDS,
        *Hyperparameters.EXECUTION_FIELDS,
        "num_classes",
        "is_binary",
        "max_sen_len",
        "class_weights",
        "ignore_index",
    )
    """Hyperparameters of the other model classes. The sequence schema holds the column roles, the items the classes."""

    model_class: Literal["pointer"] = Field("pointer", description="Name of the model class")
    mode: Literal["mixture", "pointer", "generate"] = Field(
        "mixture", description="Copy from the history, generate from all items, or the mixture of both by a gate"
    )
    history_length: int = Field(50, ge=1, le=2048, description="Latest events of an entity that are read")
    min_item_count: int = Field(1, ge=1, description="Items with fewer training events are unknown")
    embedding_size: int = Field(64, ge=8, le=4096, multiple_of=4, description="d, width of item and state")
    n_blocks: int = Field(2, ge=1, le=64, description="Attention blocks")
    n_heads: int = Field(4, ge=1, le=64, description="Attention heads; must divide embedding_size")
    feed_forward_size: int = Field(128, ge=1, le=65_536, description="Width inside an attention block")
    dropout_rate: float = Field(0.15, ge=0, lt=1, description="Dropout after embedding, attention and feed-forward")
    entity_dropout: float = Field(
        0.1, ge=0, lt=1, description="Share of rows whose entity is unknown while training, as that of a new one is"
    )
    coverage_weight: float = Field(
        0.0,
        ge=0,
        le=100,
        description="Weight of the coverage loss, which punishes attention to the same event again",
        json_schema_extra=only_with(mode=["mixture", "pointer"]),
    )
    label_smoothing: float = Field(
        0.0,
        ge=0,
        lt=1,
        description="Probability moved from the item to all known items",
        json_schema_extra=only_with(mode=["mixture", "generate"]),
    )
    batch_size: int = Field(128, ge=2, le=1_000_000, description="Rows a step and process")

    def _check_model(self) -> Self:
        fields = type(self).model_fields
        for name in self.WITHOUT_EFFECT:
            if name in fields and getattr(self, name) != fields[name].default:
                raise ValueError(f"{name} has no effect on model class pointer")
        if self.loss != "cross_entropy":
            raise ValueError(f"loss {self.loss} is not for model class pointer: use cross_entropy")
        if self.early_stop_metric not in ("val_loss", "val_accuracy"):
            raise ValueError(f"early_stop_metric {self.early_stop_metric} is not for items: use val_loss, val_accuracy")
        if self.embedding_size % self.n_heads:
            raise ValueError(f"n_heads {self.n_heads} does not divide embedding_size {self.embedding_size}")
        return super()._check_model()
