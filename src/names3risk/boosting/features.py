"""The matrix that XGBoost learns from: imputed numbers, then categories as risks or as categories."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from names3risk.boosting.hyperparameters import XGBoostHyperparameters
from names3risk.data.schema import ColumnSchema
from names3risk.errors import ArtifactError
from names3risk.features.encoder import (
    COLUMNS_FILE,
    IMPUTE_FILE,
    RISK_FILE,
    FeatureEncoder,
    load_imputer,
    load_risk_tables,
)
from names3risk.files import write_json, write_text

if TYPE_CHECKING:
    import polars as pl

CATEGORIES_FILE = "categories.json"
Matrix = npt.NDArray[np.float32]


@dataclass(frozen=True)
class BoostingFeatures:
    """Turns rows into XGBoost's matrix; columns are the tab fields, then the cat fields.

    Args:
        encoder: Imputes numbers and, where categories are risks, holds the risk tables.
        categories: Where XGBoost splits categories itself: the training values of every field, in sorted order.
    """

    encoder: FeatureEncoder
    categories: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    def fit(
        cls, frame: pl.DataFrame, schema: ColumnSchema, hyperparameters: XGBoostHyperparameters
    ) -> BoostingFeatures:
        """Learns imputation values, and risk tables or categories, from the prepared training split.

        Raises:
            DataError: A column is missing, or a numeric field has no value.
        """
        native = hyperparameters.categorical_encoding == "native"
        encoder = FeatureEncoder.fit(
            frame,
            schema.model_copy(update={"cat_field_list": ()}) if native else schema,
            imputation=hyperparameters.imputation,
            imputation_constant=hyperparameters.imputation_constant,
            smooth_factor=hyperparameters.smooth_factor,
            count_threshold=hyperparameters.count_threshold,
        )
        names = schema.cat_field_list if native else ()
        return cls(encoder, {name: tuple(frame[name].drop_nulls().unique().sort().to_list()) for name in names})

    @property
    def columns(self) -> list[str]:
        """The names of the matrix's columns, in order."""
        return [*self.encoder.feature_columns, *self.categories]

    @property
    def source_columns(self) -> list[str]:
        """The columns of a table that are read."""
        return [*self.encoder.source_columns, *self.categories]

    @property
    def types(self) -> list[str]:
        """XGBoost's type of each column: `q` for numbers, `c` for categories."""
        return ["q"] * len(self.encoder.feature_columns) + ["c"] * len(self.categories)

    def transform(self, frame: pl.DataFrame) -> Matrix:
        """Encodes rows, matched by name: `(N, F)`; categories by number, NaN where missing or not seen in training.

        Raises:
            DataError: A field is missing.
        """
        return self._with_categories(self.encoder.transform(frame), frame)

    def fit_transform_out_of_fold(self, frame: pl.DataFrame, seed: int) -> Matrix:
        """Encodes the training rows, each row's risks fitted on the folds that it is not in: `(N, F)`."""
        return self._with_categories(self.encoder.fit_transform_out_of_fold(frame, seed=seed), frame)

    def save(self, folder: str | Path) -> None:
        """Writes impute_dict.json, risk_table_map.json, categories.json and feature_columns.txt.

        Raises:
            OutputError: The folder cannot be written.
        """
        folder = Path(folder)
        self.encoder.save(folder)
        write_json(folder / CATEGORIES_FILE, {name: list(values) for name, values in self.categories.items()})
        write_text(folder / COLUMNS_FILE, "".join(f"{index},{name}\n" for index, name in enumerate(self.columns)))

    @classmethod
    def load(cls, folder: str | Path) -> BoostingFeatures:
        """Reads what `save` wrote; nothing is unpickled.

        Raises:
            ArtifactError: A file is missing, or they do not fit together.
        """
        folder = Path(folder)
        encoder = FeatureEncoder(load_imputer(folder / IMPUTE_FILE), load_risk_tables(folder / RISK_FILE))
        features = cls(encoder, _read_categories(folder / CATEGORIES_FILE))
        columns = [line.split(",", 1)[-1] for line in _read(folder / COLUMNS_FILE).splitlines()]
        if columns != features.columns:
            raise ArtifactError(
                f"the columns are {columns}", where=folder / COLUMNS_FILE, expected=f"{features.columns}"
            )
        return features

    def _with_categories(self, matrix: Matrix, frame: pl.DataFrame) -> Matrix:
        import polars as pl

        codes = [
            frame[name]
            .cast(pl.String)
            .replace_strict(list(values), list(range(len(values))), default=None, return_dtype=pl.Float32)
            .fill_null(float("nan"))
            .to_numpy()
            if values
            else np.full(frame.height, np.nan, dtype=np.float32)
            for name, values in self.categories.items()
        ]
        return np.column_stack([matrix, *codes]).astype(np.float32, copy=False)


def _read_categories(path: Path) -> dict[str, tuple[str, ...]]:
    expected = "{field: [value, ...]}"
    try:
        value = json.loads(_read(path))
    except ValueError as error:
        raise ArtifactError(f"not JSON: {error}", where=path, expected=expected) from error
    if not isinstance(value, dict) or not all(
        isinstance(items, list) and all(isinstance(item, str) for item in items) for items in value.values()
    ):
        raise ArtifactError("not a table of categories", where=path, expected=expected)
    return {name: tuple(items) for name, items in value.items()}


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise ArtifactError(f"cannot read: {error.strerror}", where=path) from error
