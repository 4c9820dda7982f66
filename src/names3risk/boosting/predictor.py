"""Scores for rows from an XGBoost model folder alone, with the preprocessing that training used."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from names3risk.artifacts.archive import model_folder
from names3risk.boosting.artifacts import BoostingArtifacts, load_boosting_artifacts
from names3risk.boosting.booster import predict_probabilities, to_dmatrix
from names3risk.data.fields import missing_columns_error
from names3risk.data.preparation import LABEL, conform
from names3risk.errors import ArtifactError, DataError
from names3risk.evaluation.metrics import FloatArray
from names3risk.serving.predictor import NOT_SCORED, with_scores


class XGBoostPredictor:
    """Scores rows with a trained booster.

    Args:
        artifacts: Preprocessing, column roles and the booster.
    """

    def __init__(self, artifacts: BoostingArtifacts) -> None:
        self.artifacts = artifacts
        self._schema = artifacts.schema.model_copy(update={**NOT_SCORED, "text_source_fields": ()})

    @classmethod
    def load(cls, path: str | Path) -> XGBoostPredictor:
        """Loads a trained booster; nothing in it is unpickled.

        Args:
            path: A model folder, or its `model.tar.gz`.

        Raises:
            ArtifactError: A file is missing or does not fit; the message names it.
        """
        with model_folder(path) as folder:
            return cls.of_folder(folder)

    @classmethod
    def of_folder(cls, folder: str | Path) -> XGBoostPredictor:
        """Loads the files of a model folder; see `load`."""
        return cls(load_boosting_artifacts(folder))

    @property
    def needed(self) -> list[str]:
        """The columns that rows to score must have: the id and the tabular and categorical fields."""
        return list(self._schema.role_columns)

    @property
    def passed_on(self) -> list[str]:
        """The columns that predictions repeat where the rows have them: the label and the marketplace."""
        return [LABEL, *filter(None, [self.artifacts.schema.marketplace_name])]

    def predict(self, frame: pl.DataFrame, where: str | Path | None = None) -> pl.DataFrame:
        """Scores every row; a row's score does not depend on the other rows.

        Args:
            frame: Rows with the id and the fields of the model, in any column order. The marketplace may be absent,
                and so may `label`, which is passed on where all its values are class numbers.
            where: The file that the rows came from, for errors.

        Returns:
            One row for each row, in the same order: id, label and marketplace where known, `prob_class_0`,
            `prob_class_1`, ..., and for two classes `score`, which is P(class 1).

        Raises:
            DataError: A column is missing or of a wrong type.
            ArtifactError: The booster gave something that is no probability.
        """
        probabilities = self.probabilities(frame, where)
        return with_scores(frame, [self._schema.id_name, *self.passed_on], probabilities)

    def probabilities(self, frame: pl.DataFrame, where: str | Path | None = None) -> FloatArray:
        """The class probabilities of a table's rows, `(N, K)` float32; arguments and errors as for `predict`."""
        rows = conform(frame, self._schema, None if where is None else str(where))
        if not rows.height:
            return np.empty((0, self.artifacts.hyperparameters.num_classes), dtype=np.float32)
        features = self.artifacts.features
        matrix = to_dmatrix(features.transform(rows), features)
        probabilities = predict_probabilities(self.artifacts.booster, matrix)
        if not np.isfinite(probabilities).all():
            raise ArtifactError("the model gives scores that are no numbers", expected="finite probabilities")
        return probabilities

    def row_probabilities(self, rows: Sequence[Mapping[str, Any]]) -> FloatArray:
        """The class probabilities of rows given as mappings.

        Args:
            rows: Each with the columns of `needed`; values are strings, numbers, truth values or None.

        Returns:
            Probabilities `(N, K)`, the same as `probabilities` gives for a table of the rows.

        Raises:
            DataError: A row lacks a column, or holds a value that its column cannot have.
            ArtifactError: The booster gave something that is no probability.
        """
        for index, row in enumerate(rows, start=1):
            if absent := [name for name in self.needed if name not in row]:
                raise missing_columns_error(absent, list(row), f"row {index}")
        columns = {name: [_text(row[name], name, index) for index, row in enumerate(rows, 1)] for name in self.needed}
        return self.probabilities(pl.DataFrame(columns, schema=dict.fromkeys(self.needed, pl.String)))


def _text(value: Any, name: str, row: int) -> str | None:
    """A value as a table of text has it; what it means is the column's matter."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    raise DataError(f"column {name!r} is a {type(value).__name__} in row {row}", expected="text or a plain value")
