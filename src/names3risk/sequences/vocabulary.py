"""Values as numbers: 0 is padding, 1 is every value that training did not see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

PAD, UNKNOWN, FIRST = 0, 1, 2
"""Padding, an unseen value, and the first known one."""


@dataclass(frozen=True)
class Vocabulary:
    """The known values of a column, most frequent first.

    Args:
        values: Value `FIRST + i` at place i.
    """

    values: tuple[str, ...]

    @classmethod
    def fit(cls, column: pl.Series, min_count: int = 1) -> Vocabulary:
        """Takes the values of a training column that occur often enough; missing ones are never known.

        Args:
            column: Text.
            min_count: Least number of occurrences.
        """
        counts = column.drop_nulls().rename("value").value_counts().filter(pl.col("count") >= min_count)
        return cls(tuple(counts.sort("count", "value", descending=[True, False])["value"]))

    def __len__(self) -> int:
        """The known values with padding and unknown."""
        return FIRST + len(self.values)

    def encode(self, column: pl.Series) -> npt.NDArray[np.int64]:
        """Numbers of a text column, `(N,)`."""
        codes = pl.Series(np.arange(FIRST, len(self)))
        known = pl.Series(self.values, dtype=pl.String)
        return column.replace_strict(known, codes, default=UNKNOWN, return_dtype=pl.Int64).to_numpy()

    def decode(self, codes: npt.NDArray[np.int64]) -> pl.Series:
        """Values of numbers `(N,)`; null where padding or unknown."""
        table = pl.Series([None, None, *self.values], dtype=pl.String)
        return table.gather(np.ascontiguousarray(codes).ravel())

    @classmethod
    def of(cls, values: Sequence[str]) -> Vocabulary:
        """The vocabulary with these values in this order."""
        return cls(tuple(values))
