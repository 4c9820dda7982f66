"""Scores for rows, from a model folder alone, with the preprocessing that training used."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

from names3risk.artifacts.archive import model_folder
from names3risk.artifacts.store import ModelArtifacts, load_artifacts
from names3risk.data.preparation import LABEL
from names3risk.errors import ArtifactError
from names3risk.serving.backends import Backend, make_backend
from names3risk.serving.rows import Encoded, Row, RowEncoder
from names3risk.serving.tables import TableEncoder
from names3risk.text.ragged import RaggedTokens

SCORE = "score"
NOT_SCORED = {
    "entity_name": None,
    "order_time_name": None,
    "time_name": None,
    "marketplace_name": None,
    "region_name": None,
    "label": None,
    "filters": (),
}
"""Roles that only preparation and evaluation read; rows to score need not have them."""


class Predictor:
    """Scores rows with a trained model.

    Args:
        artifacts: Preprocessing and column roles.
        backend: The network.
    """

    def __init__(self, artifacts: ModelArtifacts, backend: Backend) -> None:
        self.artifacts = artifacts
        self.backend = backend
        self._schema = artifacts.schema.model_copy(update=NOT_SCORED)
        self._rows = RowEncoder(artifacts)
        self._tables = TableEncoder(artifacts, self._schema)

    @classmethod
    def load(cls, path: str | Path, backend: str = "onnx", threads: int = 0) -> Predictor:
        """Loads a trained model; nothing in it is unpickled.

        Args:
            path: A model folder, or its `model.tar.gz`.
            backend: `onnx` (needs no torch), `onnx-int8` (faster, scores move a little), `torch`, or on a GPU
                `torch-tf32`, `torch-bf16` or `torch-fp16` (faster, scores move a little).
            threads: Threads of ONNX Runtime for one request; 0 for one a core.

        Returns:
            The predictor; the folder is not needed any more.

        Raises:
            ArtifactError: A file is missing or does not fit; the message names it.
        """
        with model_folder(path) as folder:
            return cls.of_folder(folder, backend, threads)

    @classmethod
    def of_folder(cls, folder: str | Path, backend: str = "onnx", threads: int = 0) -> Predictor:
        """Loads the files of a model folder; see `load`."""
        artifacts = load_artifacts(folder)
        return cls(artifacts, make_backend(backend, folder, artifacts, threads))

    @property
    def needed(self) -> list[str]:
        """The columns that rows to score must have: the id, the text fields and the tabular fields."""
        return list(self._schema.role_columns)

    @property
    def passed_on(self) -> list[str]:
        """The columns that predictions repeat where the rows have them: the label and the marketplace."""
        return [LABEL, *filter(None, [self.artifacts.schema.marketplace_name])]

    def predict(
        self, frame: pl.DataFrame, where: str | Path | None = None, on_progress: Callable[[int], None] | None = None
    ) -> pl.DataFrame:
        """Scores every row; a row's score does not depend on the other rows.

        Args:
            frame: Rows with the id, text and tabular columns of the model, in any column order. The marketplace may
                be absent, and so may `label`, which is passed on where all its values are class numbers.
            where: The file that the rows came from, for errors.
            on_progress: Called with the number of rows scored so far.

        Returns:
            One row for each row, in the same order: id, label and marketplace where known, `prob_class_0`,
            `prob_class_1`, ..., and for two classes `score`, which is P(class 1).

        Raises:
            DataError: A column is missing or of a wrong type.
            ArtifactError: The network gave something that is no probability.
        """
        probabilities = self.probabilities(frame, where, on_progress)
        return with_scores(frame, [self._schema.id_name, *self.passed_on], probabilities)

    def probabilities(
        self, frame: pl.DataFrame, where: str | Path | None = None, on_progress: Callable[[int], None] | None = None
    ) -> npt.NDArray[np.float32]:
        """The class probabilities of a table's rows, `(N, K)`; arguments and errors as for `predict`."""
        tell = on_progress or (lambda done: None)
        scored, done = [], 0
        for encoded in self._tables.pieces(frame, None if where is None else str(where)):
            scored.append(self._scored(encoded, tell, done))
            done += len(encoded.tokens)
        return np.concatenate(scored)

    def row_probabilities(self, rows: Sequence[Row]) -> npt.NDArray[np.float32]:
        """The class probabilities of rows given as mappings, within milliseconds where there are few.

        Args:
            rows: Each with the columns of `needed`; values are strings, numbers, truth values or None. A value means
                what it means in a table of that one row, whatever other rows hold.

        Returns:
            Probabilities `(N, K)`, the same as `probabilities` gives for a table of each row.

        Raises:
            DataError: A row lacks a column, or holds a value that its column cannot have; the row is named from 1.
            ArtifactError: The network gave something that is no probability.
        """
        return self.encoded_probabilities(*self.encode_rows(rows))

    def encode(self, frame: pl.DataFrame, where: str | Path | None = None) -> Encoded:
        """A table's rows ready for the network; arguments and errors as for `predict`."""
        return self._tables.encode(frame, None if where is None else str(where))

    def encode_rows(self, rows: Sequence[Row]) -> Encoded:
        """Rows given as mappings ready for the network; arguments and errors as for `row_probabilities`."""
        return self._rows.encode(rows)

    def encoded_probabilities(
        self,
        tokens: RaggedTokens,
        tabular: npt.NDArray[np.float32],
        on_progress: Callable[[int], None] = lambda done: None,
    ) -> npt.NDArray[np.float32]:
        """The class probabilities `(N, K)` of encoded rows.

        Args:
            tokens: Of N rows.
            tabular: Features `(N, F)`.
            on_progress: Called with the number of rows scored so far.

        Raises:
            ArtifactError: The network gave something that is no probability.
        """
        return self._scored(Encoded(tokens, tabular), on_progress, 0)

    def _scored(self, encoded: Encoded, on_progress: Callable[[int], None], first: int) -> npt.NDArray[np.float32]:
        """The probabilities of a part of the rows, the first of which is row `first` of all."""
        if not len(encoded.tokens):
            return np.empty((0, self.artifacts.hyperparameters.num_classes), dtype=np.float32)
        result = self.backend(*encoded, lambda done: on_progress(first + done))
        if not np.isfinite(result).all():
            bad = np.flatnonzero(~np.isfinite(result).all(axis=1))
            raise ArtifactError(
                f"the model gives no number for row {first + bad[0]} ({len(bad)} such rows)",
                expected="finite probabilities",
            )
        return result


def with_scores(frame: pl.DataFrame, kept: Sequence[str], probabilities: npt.NDArray[np.float32]) -> pl.DataFrame:
    """Rows beside their scores.

    Args:
        frame: The rows.
        kept: Columns that are repeated where the rows have them; `label` only where it holds class numbers.
        probabilities: Of each row, `(N, K)`.

    Returns:
        The columns kept, `prob_class_0`, `prob_class_1`, ..., and for two classes `score`, which is P(class 1).
    """
    known = []
    for name in kept:
        if name != LABEL and name in frame.columns:
            known.append(frame[name])
        elif name in frame.columns and holds_class_numbers(frame[name], probabilities.shape[1]):
            known.append(frame[name].cast(pl.Float64, strict=False).cast(pl.Int64))
    classes = [pl.Series(f"prob_class_{index}", probabilities[:, index]) for index in range(probabilities.shape[1])]
    score = [classes[1].alias(SCORE)] if len(classes) == 2 else []
    return pl.DataFrame([*known, *classes, *score])


def holds_class_numbers(column: pl.Series, num_classes: int) -> bool:
    """Tells whether all values of a column that are not missing are class numbers 0..K-1."""
    numbers = column.cast(pl.Float64, strict=False)
    known = numbers.is_in(np.arange(num_classes, dtype=np.float64)).fill_null(False)
    return bool((known | column.is_null()).all())
