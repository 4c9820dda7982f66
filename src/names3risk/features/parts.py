"""Features of splits that are larger than memory: fitted on some columns at a time, encoded a chunk at a time.

What is learned is the same as from the whole table: statistics of numbers see whole columns, and risks are made from
counts, which chunks add up to.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from names3risk.data.parts import PartedSplit, narrowed
from names3risk.data.schema import LABEL
from names3risk.features.encoder import FeatureEncoder
from names3risk.features.numeric import Imputation, Imputer, NumericScale, NumericTransform
from names3risk.features.risk_counts import FoldedRisks, RiskCounts, folds_of
from names3risk.features.risk_tables import RiskTables, Smoothing, check_folds, folded_risks

if TYPE_CHECKING:
    import polars as pl

FOLDS = 5
CELLS_AT_ONCE = 4_000_000
"""Numbers that are in memory together while statistics are learned; at least one column."""


@dataclass(frozen=True)
class TrainingFeatures:
    """Features learned from a training split, and how its own rows are encoded.

    Args:
        encoder: How any row is encoded.
        folded: Out-of-fold risks of the training rows; None where the encoder's own tables serve.
        seed: Decides which fold a training row is in.
        rows: Training rows.
    """

    encoder: FeatureEncoder
    folded: FoldedRisks | None
    seed: int
    rows: int

    def encoded(self, split: PartedSplit) -> Iterator[tuple[pl.DataFrame, np.ndarray]]:
        """The training rows, a chunk at a time, each with its features `(n, F)`."""
        fold = folds_of(self.rows, min(FOLDS, self.rows), self.seed) if self.folded else None
        done = 0
        for chunk in split.chunks():
            risks = None
            if self.folded is not None and fold is not None:
                risks = self.folded.transform(chunk, fold[done : done + chunk.height])
            yield chunk, self.encoder.transform(chunk, risks)
            done += chunk.height


def fit_parts(
    split: PartedSplit,
    *,
    seed: int,
    imputation: Imputation = "mean",
    imputation_constant: float = 0.0,
    smooth_factor: float = 0.0,
    count_threshold: int = 0,
    numeric_transform: NumericTransform = "none",
    imputer: Imputer | None = None,
    risk_tables: RiskTables | None = None,
) -> TrainingFeatures:
    """Learns what `FeatureEncoder.fit` learns, with no more than some columns of the table in memory.

    Args:
        split: The training split.
        seed: Decides the folds of out-of-fold risks.
        imputation: See `FeatureEncoder.fit`, as for the following.
        imputation_constant: The value for the imputation `constant`.
        smooth_factor: See `Smoothing`.
        count_threshold: See `Smoothing`.
        numeric_transform: How imputed numbers are scaled.
        imputer: Values fitted earlier, used instead of fitting.
        risk_tables: Tables fitted earlier, used instead of fitting.

    Raises:
        DataError: A file cannot be read, or a numeric field has no value.
        ArtifactError: The values or tables given do not fit the schema's fields.
    """
    scale = NumericScale(numeric_transform)
    if imputer is None or numeric_transform == "quantile":
        learned: dict[str, float] = {}
        quantiles: dict[str, tuple[list[float], list[float]]] = {}
        for names, columns in _columns(split):
            if imputer is None:
                learned |= Imputer.fit(columns, names, imputation, imputation_constant).values
            quantiles |= NumericScale.fit(columns, names, numeric_transform).quantiles
        imputer = imputer or Imputer(learned)
        scale = NumericScale(numeric_transform, quantiles)
    smoothing = folded = None
    if risk_tables is None:
        smoothing, classes = Smoothing(smooth_factor, count_threshold), split.schema.num_classes
        counts = _counts(split, seed)
        risk_tables = RiskTables.of(counts, classes, smoothing)
        folded = folded_risks(counts, classes, smoothing) if counts.fields else None
    encoder = FeatureEncoder(imputer, risk_tables, scale, smoothing, split.schema.num_classes).checked(split.schema)
    return TrainingFeatures(encoder, folded, seed, len(split))


def _columns(split: PartedSplit) -> Iterator[tuple[list[str], pl.DataFrame]]:
    """The numeric columns, some at a time."""
    import polars as pl

    fields, width = split.schema.tab_fields, max(1, CELLS_AT_ONCE // max(1, len(split)))
    for start in range(0, len(fields), width):
        names = list(fields[start : start + width])
        chunks = split.chunks(narrowed(split.schema, numbers=names))
        yield names, pl.concat([chunk.select(names) for chunk in chunks], rechunk=True)


def _counts(split: PartedSplit, seed: int) -> RiskCounts:
    """Counts the categories of the training rows by fold."""
    fields, rows = split.schema.cat_field_list, len(split)
    if not fields:
        return RiskCounts((), split.schema.num_classes)
    check_folds(rows, FOLDS)
    fold, done = folds_of(rows, min(FOLDS, rows), seed), 0
    counts = RiskCounts(fields, split.schema.num_classes, min(FOLDS, rows))
    for chunk in split.chunks(narrowed(split.schema, categories=fields, labelled=True)):
        counts.add(chunk, chunk[LABEL].to_numpy(), fold[done : done + chunk.height])
        done += chunk.height
    return counts
