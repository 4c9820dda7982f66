"""Hyperparameters of multimodal_boosted."""

from __future__ import annotations

from typing import ClassVar, Literal, Self

from pydantic import Field

from names3risk.hyperparameters.base import Hyperparameters


class MultimodalBoostedHyperparameters(Hyperparameters):
    """Boosted trees on the features, on ratios of numbers, and on what a linear model makes of the text.

    Nothing in it is trained by gradient steps; of the common hyperparameters only those of the data, the features,
    the classes and the seed apply, and the others are rejected.
    """

    COMMON: ClassVar[tuple[str, ...]] = ("num_classes", "is_binary", "max_sen_len", "class_weights", "seed")

    model_class: Literal["multimodal_boosted"] = Field("multimodal_boosted", description="Name of the model class")
    max_sen_len: int = Field(256, ge=1, le=8192, description="Tokens kept of a row's text")
    n_members: int = Field(
        5, ge=1, le=50, description="Ensembles of trees that are averaged, each with a seed of its own"
    )
    boosting_rounds: int = Field(
        200, ge=1, le=5000, description="Trees of a member, for each class where there are several"
    )
    boosting_rate: float = Field(0.05, gt=0, le=1, description="How far each tree goes")
    max_leaves: int = Field(15, ge=2, le=256, description="Leaves of a tree")
    max_depth: int = Field(6, ge=1, le=16, description="Decisions from the root of a tree to a leaf")
    min_leaf_rows: int = Field(20, ge=1, description="Training rows of a leaf")
    leaf_l2: float = Field(1.0, ge=0, description="L2 penalty of a leaf's value")
    column_share: float = Field(0.5, gt=0, le=1, description="Share of columns that each split may use")
    ratio_fields: list[str] = Field([], description="Numeric fields whose logarithms are also compared in pairs")
    text_folds: int = Field(
        5, ge=2, le=20, description="Folds in which the trees' text scores of training rows are made"
    )
    ngram_min: int = Field(1, ge=1, le=16, description="Tokens of the shortest n-gram")
    ngram_max: int = Field(4, ge=1, le=16, description="Tokens of the longest n-gram")
    ngram_buckets: int = Field(262_144, ge=1, le=100_000_000, description="Weights that n-grams share, chosen by hash")
    ngram_strength: float = Field(1.0, gt=0, le=1e6, description="How freely the weights of n-grams move from zero")
    ngram_min_rows: int = Field(2, ge=1, description="Training rows that an n-gram must occur in to have a weight")

    def _check_model(self) -> Self:
        own = set(type(self).model_fields) - set(Hyperparameters.model_fields)
        applies = own | {*self.DATA_FIELDS, *self.FEATURE_FIELDS, *self.COMMON, "model_class"}
        for name, field in Hyperparameters.model_fields.items():
            if name not in applies and getattr(self, name) != field.default:
                raise ValueError(f"{name} has no effect: multimodal_boosted is not trained by gradient steps")
        if self.ngram_min > self.ngram_max:
            raise ValueError(f"ngram_min {self.ngram_min} is greater than ngram_max {self.ngram_max}")
        if len(self.ratio_fields) == 1 or len(set(self.ratio_fields)) < len(self.ratio_fields):
            raise ValueError(f"ratio_fields must be two fields or more, each once, not {self.ratio_fields}")
        if self.ratio_fields and self.numeric_transform == "quantile":
            raise ValueError("ratio_fields needs numeric_transform none or signed_log: ranks have no ratios")
        known = self.tab_field_list
        if known is not None and (absent := [name for name in self.ratio_fields if name not in known]):
            raise ValueError(f"ratio_fields names {', '.join(map(repr, absent))}, which are not in tab_field_list")
        return super()._check_model()
