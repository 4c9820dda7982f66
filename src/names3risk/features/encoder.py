"""All tabular and categorical fields as one float32 matrix, the same way in training and in serving."""

from __future__ import annotations

import json
import pickle
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import narwhals as nw
import numpy as np

from names3risk.data import types
from names3risk.data.fields import missing_columns_error
from names3risk.data.schema import LABEL, ColumnSchema
from names3risk.errors import ArtifactError
from names3risk.features.numeric import Imputation, Imputer, NumericScale, NumericTransform
from names3risk.features.risk_tables import RiskTables, Smoothing, out_of_fold
from names3risk.files import replacing, write_json, write_text

if TYPE_CHECKING:
    import polars as pl

IMPUTE_FILE = "impute_dict.json"
RISK_FILE = "risk_table_map.json"
COLUMNS_FILE = "feature_columns.txt"
SCALE_FILE = "numeric_transform.json"


@dataclass(frozen=True)
class FeatureEncoder:
    """Imputes numbers and replaces categories by their risk; columns are the tab fields, then the cat fields.

    Args:
        imputer: The values of missing numbers.
        risk_tables: The risks of categories.
        scale: How numbers are scaled.
        smoothing: How risks were smoothed; None where the tables were loaded.
        num_classes: The classes of the label; 0 where the tables were loaded.
    """

    imputer: Imputer
    risk_tables: RiskTables
    scale: NumericScale = field(default_factory=NumericScale)
    smoothing: Smoothing | None = None
    num_classes: int = 0

    @classmethod
    def fit(
        cls,
        frame: pl.DataFrame,
        schema: ColumnSchema,
        *,
        imputation: Imputation = "mean",
        imputation_constant: float = 0.0,
        smooth_factor: float = 0.0,
        count_threshold: int = 0,
        numeric_transform: NumericTransform = "none",
        imputer: Imputer | None = None,
        risk_tables: RiskTables | None = None,
    ) -> FeatureEncoder:
        """Learns imputation values and risk tables from the prepared training split.

        Args:
            frame: The training rows, with `label`.
            schema: Their resolved schema.
            imputation: What a missing number becomes.
            imputation_constant: The value for the imputation `constant`.
            smooth_factor: See `Smoothing`.
            count_threshold: See `Smoothing`.
            numeric_transform: How imputed numbers are scaled.
            imputer: Values fitted earlier, used instead of fitting.
            risk_tables: Tables fitted earlier, used instead of fitting.

        Returns:
            The fitted encoder.

        Raises:
            DataError: A column is missing, or a numeric field has no value.
            ArtifactError: The values or tables given do not fit the schema's fields.
        """
        table = _typed(frame, schema.tab_fields, schema.cat_field_list)
        smoothing = None
        if imputer is None:
            imputer = Imputer.fit(table, schema.tab_fields, imputation, imputation_constant)
        if risk_tables is None:
            smoothing = Smoothing(smooth_factor, count_threshold)
            labels = _labels(frame) if schema.cat_field_list else np.zeros(0)
            risk_tables = RiskTables.fit(table, schema.cat_field_list, labels, schema.num_classes, smoothing)
        scale = NumericScale.fit(table, schema.tab_fields, numeric_transform)
        return cls(imputer, risk_tables, scale, smoothing, schema.num_classes).checked(schema)

    def checked(self, schema: ColumnSchema) -> FeatureEncoder:
        """The same, once it is sure that it encodes the fields of a schema.

        Raises:
            ArtifactError: The values or tables are of other fields.
        """
        _check_fields(list(self.imputer.values), schema.tab_fields, IMPUTE_FILE)
        _check_fields([item.field for item in self.risk_tables.tables.values()], schema.cat_field_list, RISK_FILE)
        return self

    @property
    def feature_columns(self) -> list[str]:
        """The names of the matrix's columns, in order."""
        return [*self.imputer.values, *self.risk_tables.tables]

    @property
    def source_columns(self) -> list[str]:
        """The columns of a table that are read."""
        return [*self.imputer.values, *dict.fromkeys(table.field for table in self.risk_tables.tables.values())]

    def transform(self, frame: pl.DataFrame, risks: dict[str, np.ndarray] | None = None) -> np.ndarray:
        """Encodes rows.

        Args:
            frame: Rows with the fields, matched by name.
            risks: For training rows, their out-of-fold risks, a `(N,)` array per output column.

        Returns:
            float32 `(N, F)`, columns as in `feature_columns`.

        Raises:
            DataError: A field is missing.
        """
        table = self._typed(frame)
        return self._matrix(table, self.risk_tables.transform(table) if risks is None else risks, frame.height)

    def fit_transform_out_of_fold(self, frame: pl.DataFrame, folds: int = 5, seed: int = 0) -> np.ndarray:
        """Encodes the training rows, each row's risks fitted on the folds that it is not in.

        Args:
            frame: The rows that the encoder was fitted on, with `label`.
            folds: The number of folds.
            seed: Decides the folds.

        Returns:
            float32 `(N, F)`. With tables that were given, not fitted, the same as `transform`.

        Raises:
            DataError: A field is missing, or there are too few rows.
        """
        if self.smoothing is None or not self.risk_tables.tables:
            return self.transform(frame)
        table = self._typed(frame)
        fields = list(dict.fromkeys(item.field for item in self.risk_tables.tables.values()))
        risks = out_of_fold(table, fields, _labels(frame), self.num_classes, self.smoothing, folds, seed)
        return self._matrix(table, risks, frame.height)

    def save(self, folder: str | Path) -> None:
        """Writes impute_dict.json, risk_table_map.json, numeric_transform.json and feature_columns.txt.

        The first two also as .pkl for readers that expect them; nothing here reads those.

        Raises:
            OutputError: The folder cannot be written.
        """
        folder = Path(folder)
        for name, value in ((IMPUTE_FILE, dict(self.imputer.values)), (RISK_FILE, self.risk_tables.to_json())):
            write_json(folder / name, value)
            with replacing((folder / name).with_suffix(".pkl")) as temporary:
                temporary.write_bytes(pickle.dumps(value))
        write_json(folder / SCALE_FILE, self.scale.to_json())
        lines = (f"{index},{name}\n" for index, name in enumerate(self.feature_columns))
        write_text(folder / COLUMNS_FILE, "".join(lines))

    @classmethod
    def load(cls, folder: str | Path) -> FeatureEncoder:
        """Reads what `save` wrote; nothing is unpickled.

        Raises:
            ArtifactError: A file is missing, or they do not fit together.
        """
        folder = Path(folder)
        scale = NumericScale()
        if (folder / SCALE_FILE).exists():
            scale = NumericScale.from_json(_read_json(folder / SCALE_FILE), str(folder / SCALE_FILE))
        encoder = cls(load_imputer(folder / IMPUTE_FILE), load_risk_tables(folder / RISK_FILE), scale)
        columns = _read_columns(folder / COLUMNS_FILE)
        if columns != encoder.feature_columns:
            raise ArtifactError(
                f"the columns are {columns}", where=folder / COLUMNS_FILE, expected=f"{encoder.feature_columns}"
            )
        return encoder

    def _typed(self, frame: pl.DataFrame) -> pl.DataFrame:
        """The table, its fields in their types; but numbers stay as they are, because the imputer takes any."""
        categories = list(dict.fromkeys(table.field for table in self.risk_tables.tables.values()))
        columns = frame.schema
        _check_columns(columns, [*self.imputer.values, *categories])
        texts = [name for name in self.imputer.values if not columns[name].is_numeric()]
        return frame.with_columns(_typed(frame, texts, categories).get_columns())

    def _matrix(self, table: pl.DataFrame, risks: dict[str, np.ndarray], rows: int) -> np.ndarray:
        matrix = np.empty((rows, len(self.feature_columns)), dtype=np.float32)
        numbers = self.imputer.transform(table, single=self.scale.method == "none")
        self.scale.write(numbers, matrix[:, : numbers.width])
        for index, name in enumerate(self.risk_tables.tables, start=numbers.width):
            matrix[:, index] = risks[name]
        return matrix


def load_imputer(path: str | Path) -> Imputer:
    """Reads imputation values from JSON.

    Raises:
        ArtifactError: The file is missing or holds something else.
    """
    return Imputer.from_json(_read_json(Path(path)), str(path))


def load_risk_tables(path: str | Path) -> RiskTables:
    """Reads risk tables from JSON.

    Raises:
        ArtifactError: The file is missing or holds something else.
    """
    return RiskTables.from_json(_read_json(Path(path)), str(path))


def _typed(frame: pl.DataFrame, numbers: Sequence[str], categories: Sequence[str]) -> pl.DataFrame:
    """The fields, in the types that preparation gives them: a raw and a prepared table give the same."""
    _check_columns(frame.schema, [*numbers, *categories])
    table: nw.DataFrame[pl.DataFrame] = nw.from_native(frame, eager_only=True)
    dtypes = table.schema
    columns = [types.number(name, dtypes[name]) for name in numbers]
    return table.select(*columns, *(types.category(name, dtypes[name]) for name in categories)).to_native()


def _check_columns(present: Collection[str], wanted: Sequence[str]) -> None:
    if absent := [name for name in wanted if name not in present]:
        raise missing_columns_error(absent, list(present), None)


def _labels(frame: pl.DataFrame) -> np.ndarray:
    if LABEL not in frame.columns:
        raise missing_columns_error([LABEL], frame.columns, None)
    return frame[LABEL].to_numpy()


def _check_fields(found: list[str], wanted: tuple[str, ...], where: str) -> None:
    if list(dict.fromkeys(found)) != list(wanted):
        raise ArtifactError(
            f"holds the fields {list(dict.fromkeys(found))}",
            where=where,
            expected=f"the schema's fields {list(wanted)}",
        )


def _read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ArtifactError(f"cannot read: {error.strerror}", where=path) from error
    except ValueError as error:
        raise ArtifactError(f"not JSON: {error}", where=path) from error


def _read_columns(path: Path) -> list[str]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise ArtifactError(f"cannot read: {error.strerror}", where=path) from error
    return [line.split(",", 1)[-1] for line in lines]
