"""Rows of each value of categorical fields, counted chunk by chunk: what risk tables are made from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import polars as pl

_UNMERGED = 1_000_000
"""Counts of chunks that are kept apart before they are added up."""


class RiskCounts:
    """Counts training rows by value, fold and class.

    Args:
        fields: The categorical fields.
        num_classes: Classes of the label.
        folds: Folds that rows are in.
    """

    def __init__(self, fields: Sequence[str], num_classes: int, folds: int = 1) -> None:
        self.fields, self.classes, self.folds = list(fields), max(2, num_classes), folds
        self.totals = np.zeros((folds, self.classes), dtype=np.int64)
        """Rows by fold and class, those without a value included."""
        self._found: dict[str, list[pl.DataFrame]] = {field: [] for field in self.fields}

    def add(self, frame: pl.DataFrame, labels: np.ndarray, fold: np.ndarray | None = None) -> None:
        """Counts some rows.

        Args:
            frame: The rows, their fields as strings.
            labels: Their classes, `(N,)`.
            fold: Their folds, `(N,)`; by default all 0.
        """
        import polars as pl

        cells = labels.astype(np.int64) + (0 if fold is None else fold.astype(np.int64) * self.classes)
        self.totals += np.bincount(cells, minlength=self.totals.size).reshape(self.totals.shape)
        for field, found in self._found.items():
            keys = pl.DataFrame({"value": frame[field], "cell": cells}).drop_nulls("value")
            found.append(keys.group_by("value", "cell").agg(pl.len().cast(pl.Int64).alias("rows")))
            if sum(part.height for part in found[1:]) > max(_UNMERGED, found[0].height):
                found[:] = [_merged(found)]

    def of(self, field: str) -> tuple[pl.Series, np.ndarray]:
        """The values of a field in sorted order, and their rows by fold and class, `(C, folds, K)`."""
        found = _merged(self._found[field])
        values = found["value"].unique().sort()
        rows = np.zeros((len(values), self.totals.size), dtype=np.int64)
        rows[codes_of(found["value"], values), found["cell"].to_numpy()] = found["rows"].to_numpy()
        return values, rows.reshape(len(values), *self.totals.shape)


@dataclass(frozen=True)
class FoldedRisks:
    """Risks of training rows, each fitted on the folds that the row is not in.

    Args:
        columns: For every output column its field, the known values, and the risks `(C + 1, folds)`, the last line
            of which is for missing values.
    """

    columns: dict[str, tuple[str, pl.Series, np.ndarray]]

    def transform(self, frame: pl.DataFrame, fold: np.ndarray) -> dict[str, np.ndarray]:
        """The risks of rows in the given folds `(N,)`: a `(N,)` array per output column."""
        codes = {field: codes_of(frame[field], values) for field, values, _ in self.columns.values()}
        return {name: risks[codes[field], fold] for name, (field, _, risks) in self.columns.items()}


def folds_of(rows: int, folds: int, seed: int) -> np.ndarray:
    """The fold of each training row, `(N,)` uint8: at random, and all as large as can be."""
    return (np.random.default_rng(seed).permutation(rows) % folds).astype(np.uint8)


def codes_of(values: pl.Series, known: pl.Series) -> np.ndarray:
    """The position of each value among the known ones, `(N,)`; -1 where it is missing or unknown."""
    import polars as pl

    codes = pl.DataFrame({"value": values}).join(
        pl.DataFrame({"value": known}).with_row_index("code"), on="value", how="left", maintain_order="left"
    )
    return codes["code"].cast(pl.Int64).fill_null(-1).to_numpy()


def _merged(parts: Sequence[pl.DataFrame]) -> pl.DataFrame:
    import polars as pl

    together = (
        pl.concat(parts) if parts else pl.DataFrame(schema={"value": pl.String, "cell": pl.Int64, "rows": pl.Int64})
    )
    return together.group_by("value", "cell").agg(pl.col("rows").sum())
