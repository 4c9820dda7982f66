"""Numbers: missing ones replaced, heavy tails drawn in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from statistics import NormalDist
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from names3risk.errors import ArtifactError, ConfigError, DataError

if TYPE_CHECKING:
    import polars as pl

Imputation = Literal["mean", "median", "mode", "constant"]
NumericTransform = Literal["none", "signed_log", "quantile"]

_QUANTILES = 101
_LARGEST = float(np.finfo(np.float32).max)
_ROWS = 4096
"""Rows that are put in order at a time, few enough for the processor's cache."""


@dataclass(frozen=True)
class Imputer:
    """What stands in for a missing number, by field.

    Args:
        values: The value of every field, in the order of the fields.
    """

    values: Mapping[str, float]

    @classmethod
    def fit(
        cls, frame: pl.DataFrame, fields: Sequence[str], method: Imputation = "mean", constant: float = 0.0
    ) -> Imputer:
        """Learns the values from raw training rows, before anything has been filled in.

        Args:
            frame: Training rows; missing numbers are null.
            fields: The numeric fields.
            method: The mean, the median, the most frequent value (the smallest of several), or a constant.
            constant: The value of `constant`.

        Raises:
            DataError: Fields have no value at all; all of them are named.
            ConfigError: The method is unknown.
        """
        import polars as pl

        statistics = {
            "mean": pl.all().mean(),
            "median": pl.all().median(),
            "mode": pl.all().drop_nulls().mode().min(),
            "constant": pl.lit(constant),
        }
        if method not in statistics:
            raise ConfigError(f"unknown imputation {method!r}", expected=f"one of {', '.join(statistics)}")
        if method == "constant" or not fields:
            return cls(dict.fromkeys(fields, float(constant)))
        # Of one chunk, so that the last digits of a mean do not depend on how the table was read.
        values = {name: frame[name].rechunk().to_frame().select(statistics[method]).item() for name in fields}
        if empty := [name for name in fields if values[name] is None]:
            raise DataError(
                f"no training row has a value in {', '.join(map(repr, empty))}",
                expected="one value or more in every numeric field",
                mend="leave the fields out of tab_field_list, or choose the imputation 'constant'",
            )
        return cls({name: float(values[name]) for name in fields})

    @classmethod
    def from_json(cls, value: Any, where: str) -> Imputer:
        """Reads `{field: value}`.

        Raises:
            ArtifactError: It is something else.
        """
        if not isinstance(value, dict) or not all(_is_number(item) for item in value.values()):
            raise ArtifactError("not a table of imputation values", where=where, expected="a number for every field")
        return cls({name: float(item) for name, item in value.items()})

    def transform(self, frame: pl.DataFrame, *, single: bool = False) -> pl.DataFrame:
        """Fills in what is missing or not finite.

        Args:
            frame: A table with the fields, of any numeric types.
            single: Give Float32, in which large values are infinite, instead of Float64.

        Returns:
            The fields, in order.
        """
        return frame.select(self._single if single else self._double)

    @cached_property
    def _double(self) -> list[pl.Expr]:
        import polars as pl

        numbers = ((pl.col(name).cast(pl.Float64), value) for name, value in self.values.items())
        return [pl.when(number.is_finite()).then(number).otherwise(value) for number, value in numbers]

    @cached_property
    def _single(self) -> list[pl.Expr]:
        import polars as pl

        return [number.cast(pl.Float32) for number in self._double]


@dataclass(frozen=True)
class NumericScale:
    """How imputed numbers are scaled before the model sees them.

    Args:
        method: `none`; `signed_log`, sign(x) log(1 + |x|); `quantile`, the normal score of the value's rank among the
            training rows.
        quantiles: For `quantile`, the training values of every field and their normal scores.
    """

    method: NumericTransform = "none"
    quantiles: Mapping[str, tuple[list[float], list[float]]] = field(default_factory=dict)

    @classmethod
    def fit(cls, frame: pl.DataFrame, fields: Sequence[str], method: NumericTransform = "none") -> NumericScale:
        """Learns the quantiles of the training rows, missing numbers left out.

        Raises:
            ConfigError: The method is unknown.
        """
        if method not in ("none", "signed_log", "quantile"):
            raise ConfigError(f"unknown numeric transform {method!r}", expected="one of none, signed_log, quantile")
        if method != "quantile":
            return cls(method)
        return cls(method, {name: _normal_scores(frame[name].drop_nulls().to_numpy()) for name in fields})

    @classmethod
    def from_json(cls, value: Any, where: str) -> NumericScale:
        """Reads what `to_json` gave.

        Raises:
            ArtifactError: It is something else.
        """
        try:
            pairs = {name: (list(map(float, x)), list(map(float, y))) for name, (x, y) in value["quantiles"].items()}
            return cls(value["method"], pairs)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise ArtifactError("not a numeric transform", where=where) from error

    def to_json(self) -> dict[str, Any]:
        """The method and, for `quantile`, the values and scores of every field."""
        return {"method": self.method, "quantiles": {name: list(pair) for name, pair in self.quantiles.items()}}

    def transform(self, values: np.ndarray, name: str) -> np.ndarray:
        """Scales one field without missing values, shape `(N,)`; the result fits float32."""
        if self.method == "signed_log":
            values = np.sign(values) * np.log1p(np.abs(values))
        elif self.method == "quantile":
            values = np.interp(values, *self.quantiles[name])
        return np.asarray(np.clip(values, -_LARGEST, _LARGEST))

    def write(self, frame: pl.DataFrame, matrix: np.ndarray) -> None:
        """Scales the columns of a table without missing values.

        Args:
            frame: The fields, in the order of the matrix's columns; for `none` Float32 is enough.
            matrix: Where the scaled values go, `(N, T)` float32.
        """
        if self.method != "none":
            for index, column in enumerate(frame.iter_columns()):
                matrix[:, index] = self.transform(column.to_numpy(), column.name)
            return
        for start in range(0, len(matrix) if frame.width else 0, _ROWS):
            rows = frame[start : start + _ROWS].to_numpy(order="c")
            np.clip(rows, -_LARGEST, _LARGEST, out=matrix[start : start + _ROWS])


class RowScale:
    """A `NumericScale` for few rows and many fields: all fields at once, where `NumericScale` takes all rows at once.

    Args:
        scale: What is applied.
        fields: The fields, in the order of the columns.
    """

    def __init__(self, scale: NumericScale, fields: Sequence[str]) -> None:
        self._method = scale.method
        if scale.method == "quantile" and fields:
            knots = [scale.quantiles[name] for name in fields]
            width = max(len(x) for x, _ in knots)
            # The last point is repeated, so that every field has as many; the line between two of them is never asked.
            self._x, self._y = (
                np.array([pair[side] + pair[side][-1:] * (width - len(pair[side])) for pair in knots])
                for side in (0, 1)
            )

    def __call__(self, values: np.ndarray) -> np.ndarray:
        """Scales rows without missing values, `(N, T)` float64 to `(N, T)`; the result fits float32."""
        if self._method == "signed_log":
            values = np.sign(values) * np.log1p(np.abs(values))
        elif self._method == "quantile" and values.shape[1]:
            values = np.stack([self._interpolate(row) for row in values]) if len(values) else values
        # `numpy.clip` of few values spends most of its time on its own options.
        return np.asarray(np.minimum(np.maximum(values, -_LARGEST), _LARGEST))

    def _interpolate(self, values: np.ndarray) -> np.ndarray:
        """`numpy.interp` of one value a field, in the same arithmetic."""
        x, y = self._x, self._y
        below = np.clip((x <= values[:, None]).sum(axis=1) - 1, 0, x.shape[1] - 1)
        above = np.minimum(below + 1, x.shape[1] - 1)
        every = np.arange(len(values))
        x0, x1, y0, y1 = x[every, below], x[every, above], y[every, below], y[every, above]
        between = (values > x0) & (x1 > x0)
        slope = (y1 - y0) / np.where(between, x1 - x0, 1.0)
        return np.asarray(np.where(between, slope * (values - x0) + y0, y0))


def _normal_scores(values: np.ndarray) -> tuple[list[float], list[float]]:
    """The quantiles of a field and the normal score of each; equal quantiles share the mean of their scores."""
    if not len(values):
        return [0.0], [0.0]
    ranks = (np.arange(_QUANTILES) + 0.5) / _QUANTILES
    scores = np.array([NormalDist().inv_cdf(rank) for rank in ranks])
    points, group = np.unique(np.quantile(values, ranks), return_inverse=True)
    means = np.bincount(group, scores) / np.bincount(group)
    return points.tolist(), means.tolist()


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
