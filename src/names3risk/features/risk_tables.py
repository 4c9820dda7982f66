"""Categories as the risk that training rows of the same category had."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from names3risk.errors import ArtifactError, DataError
from names3risk.features.risk_counts import FoldedRisks, RiskCounts, folds_of

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True)
class Smoothing:
    """How much a category's own rate is trusted.

    Args:
        smooth_factor: The share of all training rows that is added to each category at the overall rate.
        count_threshold: A category with fewer training rows has the overall rate.
    """

    smooth_factor: float = 0.0
    count_threshold: int = 0

    def risk(self, rows: np.ndarray, positives: np.ndarray, total: np.ndarray, rate: np.ndarray) -> np.ndarray:
        """The risk of categories: (positives + S rate) / (rows + S), S = floor(total * smooth_factor).

        Args:
            rows: The training rows of each category, `(C, ...)`.
            positives: How many of them are positive, `(C, ...)`.
            total: All training rows, `(...)`.
            rate: The positive share of all training rows, `(...)`.

        Returns:
            The risks, `(C, ...)`; the overall rate where a category has too few rows, or none.
        """
        smoothing = np.floor(total * self.smooth_factor)
        enough = (rows >= self.count_threshold) & (rows + smoothing > 0)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(enough, (positives + smoothing * rate) / (rows + smoothing), rate)


@dataclass(frozen=True)
class RiskTable:
    """The risk of every value of one field, for one class.

    Args:
        field: The categorical field.
        bins: The risk of each value seen in training.
        default_bin: The risk of unseen and missing values.
    """

    field: str
    bins: Mapping[str, float]
    default_bin: float

    def transform(self, values: pl.Series) -> np.ndarray:
        """Replaces values by their risk, `(N,)`."""
        import polars as pl

        if not self.bins:
            return np.full(len(values), self.default_bin)
        known, risks = self._columns
        found = values.replace_strict(known, risks, default=self.default_bin, return_dtype=pl.Float64)
        return found.fill_null(self.default_bin).to_numpy()

    @cached_property
    def _columns(self) -> tuple[pl.Series, pl.Series]:
        import polars as pl

        return pl.Series(list(self.bins), dtype=pl.String), pl.Series(list(self.bins.values()), dtype=pl.Float64)


class RiskTables:
    """The risk tables of all categorical fields.

    With two classes a field has one table, of its own name. With K > 2 classes it has one for every class but the
    first, named `<field>_class_<k>`, since the risks of all classes add up to 1.

    Args:
        tables: The table of every output column.
    """

    def __init__(self, tables: Mapping[str, RiskTable]) -> None:
        self.tables = dict(tables)

    @classmethod
    def fit(
        cls, frame: pl.DataFrame, fields: Sequence[str], labels: np.ndarray, num_classes: int, smoothing: Smoothing
    ) -> RiskTables:
        """Learns the tables from the training split.

        Args:
            frame: Training rows.
            fields: The categorical fields.
            labels: Their class numbers, `(N,)`.
            num_classes: K.
            smoothing: How rates are smoothed.

        Raises:
            DataError: There is no training row.
        """
        counts = RiskCounts(fields, num_classes)
        counts.add(frame, labels)
        return cls.of(counts, num_classes, smoothing)

    @classmethod
    def of(cls, counts: RiskCounts, num_classes: int, smoothing: Smoothing) -> RiskTables:
        """Makes the tables from counted training rows; see `fit`."""
        total = counts.totals.sum()
        if counts.fields and not total:
            raise DataError("risk tables need training rows")
        tables = {}
        for field in counts.fields:
            values, rows = counts.of(field)
            for name, positive in _targets(field, num_classes):
                rate = counts.totals[:, positive].sum() / total
                risks = smoothing.risk(rows.sum(axis=(1, 2)), rows[:, :, positive].sum(axis=1), total, rate)
                tables[name] = RiskTable(field, dict(zip(values.to_list(), risks.tolist(), strict=True)), float(rate))
        return cls(tables)

    def transform(self, frame: pl.DataFrame) -> dict[str, np.ndarray]:
        """Replaces the values of every field by risks: a `(N,)` array per output column."""
        return {name: table.transform(frame[table.field]) for name, table in self.tables.items()}

    @classmethod
    def from_json(cls, value: Any, where: str) -> RiskTables:
        """Reads `{field: {"bins": {value: risk}, "default_bin": risk}}`.

        Raises:
            ArtifactError: It is something else.
        """
        try:
            return cls(
                {
                    name: RiskTable(
                        str(table.get("field", name)),
                        {str(key): float(risk) for key, risk in table["bins"].items()},
                        float(table["default_bin"]),
                    )
                    for name, table in value.items()
                }
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise ArtifactError(
                "not a risk table map", where=where, expected='{field: {"bins": {value: risk}, "default_bin": risk}}'
            ) from error

    def to_json(self) -> dict[str, Any]:
        """The tables in the form that `from_json` reads."""
        return {
            name: {
                "bins": dict(table.bins),
                "default_bin": table.default_bin,
                **({} if table.field == name else {"field": table.field}),
            }
            for name, table in self.tables.items()
        }


def out_of_fold(
    frame: pl.DataFrame,
    fields: Sequence[str],
    labels: np.ndarray,
    num_classes: int,
    smoothing: Smoothing,
    folds: int,
    seed: int,
) -> dict[str, np.ndarray]:
    """Encodes training rows, each by tables fitted on the folds that it is not in.

    A row's own label would otherwise reach its input: a category seen once would carry the label itself.

    Args:
        frame: Training rows.
        fields: The categorical fields.
        labels: Their class numbers, `(N,)`.
        num_classes: K.
        smoothing: How rates are smoothed.
        folds: The number of folds; at most one a row.
        seed: Decides, with the row's position, which fold a row is in.

    Returns:
        A `(N,)` array per output column.

    Raises:
        DataError: There are fewer than two rows or folds.
    """
    check_folds(len(labels), folds)
    folds = min(folds, len(labels))
    fold = folds_of(len(labels), folds, seed)
    counts = RiskCounts(fields, num_classes, folds)
    counts.add(frame, labels, fold)
    return folded_risks(counts, num_classes, smoothing).transform(frame, fold)


def check_folds(rows: int, folds: int) -> None:
    """Checks that rows can be encoded out of fold.

    Raises:
        DataError: There are fewer than two rows or folds.
    """
    if min(rows, folds) < 2:
        raise DataError("out-of-fold risks need two folds of one row or more")


def folded_risks(counts: RiskCounts, num_classes: int, smoothing: Smoothing) -> FoldedRisks:
    """The risks that rows of each fold have by the rows of the other folds."""
    size = counts.totals.sum() - counts.totals.sum(axis=1)
    columns = {}
    for field in counts.fields:
        values, rows = counts.of(field)
        others = rows.sum(axis=(1, 2))[:, None] - rows.sum(axis=2)
        for name, positive in _targets(field, num_classes):
            of_class = counts.totals[:, positive]
            rate = (of_class.sum() - of_class) / size
            positives = rows[:, :, positive].sum(axis=1, keepdims=True) - rows[:, :, positive]
            risks = smoothing.risk(others, positives, size, rate)
            columns[name] = (field, values, np.vstack([risks, rate]))  # the last line is for missing values: code -1
    return FoldedRisks(columns)


def _targets(field: str, num_classes: int) -> list[tuple[str, int]]:
    """The output columns of a field and the class that is positive for each."""
    return [(field, 1)] if num_classes <= 2 else [(f"{field}_class_{k}", k) for k in range(1, num_classes)]
