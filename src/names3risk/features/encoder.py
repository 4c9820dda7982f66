"""All tabular and categorical fields as one float32 matrix."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import numpy as np
    import polars as pl

    from names3risk.data.schema import ColumnSchema

Imputation = Literal["mean", "median", "mode", "constant"]


class FeatureEncoder:
    """Imputes numbers and replaces categories by their risk; columns are the tab fields, then the cat fields."""

    feature_columns: list[str]

    @classmethod
    def fit(
        cls,
        frame: pl.DataFrame,
        schema: ColumnSchema,
        *,
        imputation: Imputation = "mean",
        smooth_factor: float = 0.0,
        count_threshold: int = 0,
    ) -> FeatureEncoder:
        """Learns imputation values and risk tables from the training split."""
        raise NotImplementedError

    def transform(self, frame: pl.DataFrame) -> np.ndarray:
        """Encodes rows as float32 `(N, F)`."""
        raise NotImplementedError

    def fit_transform_out_of_fold(self, frame: pl.DataFrame, folds: int = 5, seed: int = 0) -> np.ndarray:
        """Encodes the training rows as float32 `(N, F)`, each row's risks from the folds it is not in."""
        raise NotImplementedError

    def save(self, folder: str | Path) -> None:
        """Writes impute_dict.json, risk_table_map.json and feature_columns.txt."""
        raise NotImplementedError

    @classmethod
    def load(cls, folder: str | Path) -> FeatureEncoder:
        """Reads what `save` wrote; nothing is unpickled."""
        raise NotImplementedError
