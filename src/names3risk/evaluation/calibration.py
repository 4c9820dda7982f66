"""Probabilities brought in line with how often the class really comes, and the rank of a score among known ones.

Every map from score to probability is non-decreasing, so calibration reorders no rows. With two classes there is one
map, of P(class 1). With more, each class has its map against the rest and the results are divided by their sum;
temperature has one for all classes.

`calibration.json` beside the model holds a `Calibration`:

    {"method": "platt", "num_classes": 2, "maps": [{"slope": 1.3, "intercept": -0.2}], "percentiles": [0.01, ...]}
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, field_validator, model_validator

from names3risk.errors import ArtifactError, ConfigError, DataError
from names3risk.files import write_text

CALIBRATION_FILE = "calibration.json"
PERCENTILE_POINTS = 1001
_SMALLEST = 1e-12

Method = Literal["isotonic", "platt", "beta", "temperature"]
Array = npt.NDArray[np.float64]


class _Map(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Isotonic(_Map):
    """Straight lines between points, flat outside of them.

    Args:
        x: Scores, rising.
        y: The probability at each, not falling.
    """

    x: list[float] = Field(min_length=1)
    y: list[float] = Field(min_length=1)

    @model_validator(mode="after")
    def _check(self) -> Self:
        if len(self.x) != len(self.y) or (np.diff(self.x) <= 0).any() or (np.diff(self.y) < 0).any():
            raise ValueError("x must rise, y must not fall, and both must have the same length")
        if not 0 <= self.y[0] <= self.y[-1] <= 1:
            raise ValueError("y must lie within 0 and 1")
        return self

    @classmethod
    def fit(cls, scores: Array, positive: Array) -> Self:
        """Pool-adjacent-violators regression of the labels on the scores."""
        from sklearn.isotonic import IsotonicRegression

        found = IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip").fit(scores, positive)
        # Rounding may leave a hair of descent within a flat part.
        return cls(x=found.X_thresholds_.tolist(), y=np.maximum.accumulate(found.y_thresholds_).tolist())

    def __call__(self, scores: Array) -> Array:
        """Scores `(N,)` to probabilities `(N,)`."""
        return np.interp(scores, self.x, self.y)


class Platt(_Map):
    """sigmoid(slope * logit(p) + intercept), with the targets that Platt (1999) gives against overconfidence.

    Args:
        slope: Not negative.
        intercept: Any number.
    """

    slope: float = Field(ge=0)
    intercept: float

    @classmethod
    def fit(cls, scores: Array, positive: Array) -> Self:
        """Logistic regression on the log odds; targets (P + 1) / (P + 2) and 1 / (N + 2)."""
        positives = positive.sum()
        targets = np.where(positive == 1, (positives + 1) / (positives + 2), 1 / (len(positive) - positives + 2))
        slope, intercept = _logistic([_logit(scores)], targets)
        return cls(slope=slope, intercept=intercept)

    def __call__(self, scores: Array) -> Array:
        """Scores `(N,)` to probabilities `(N,)`."""
        return _sigmoid(self.slope * _logit(scores) + self.intercept)


class Beta(_Map):
    """sigmoid(a ln p - b ln(1 - p) + c): Kull, Silva Filho and Flach 2017.

    Args:
        a: Not negative.
        b: Not negative.
        c: Any number.
    """

    a: float = Field(ge=0)
    b: float = Field(ge=0)
    c: float

    @classmethod
    def fit(cls, scores: Array, positive: Array) -> Self:
        """Logistic regression on ln p and -ln(1 - p)."""
        a, b, c = _logistic([np.log(_inside(scores)), -np.log1p(-_inside(scores))], positive)
        return cls(a=a, b=b, c=c)

    def __call__(self, scores: Array) -> Array:
        """Scores `(N,)` to probabilities `(N,)`."""
        inside = _inside(scores)
        return _sigmoid(self.a * np.log(inside) - self.b * np.log1p(-inside) + self.c)


class Temperature(_Map):
    """softmax(ln p / temperature) over all classes: Guo, Pleiss, Sun and Weinberger 2017.

    Args:
        temperature: Above 1 for a network that is too sure.
    """

    temperature: float = Field(gt=0)

    @classmethod
    def fit_all(cls, labels: npt.NDArray[np.int64], probabilities: Array) -> Self:
        """The temperature of the least log loss, from 0.01 to 100."""
        from scipy.optimize import minimize_scalar

        logs = np.log(_inside(probabilities))

        def loss(log_temperature: float) -> float:
            scaled = logs / np.exp(log_temperature)
            picked = scaled[np.arange(len(labels)), labels]
            return float((np.logaddexp.reduce(scaled, axis=1) - picked).mean())

        found = minimize_scalar(loss, bounds=(np.log(0.01), np.log(100)), method="bounded")
        return cls(temperature=float(np.exp(found.x)))

    def apply_all(self, probabilities: Array) -> Array:
        """Probabilities `(N, K)` to probabilities `(N, K)`."""
        scaled = np.log(_inside(probabilities)) / self.temperature
        return np.exp(scaled - np.logaddexp.reduce(scaled, axis=1, keepdims=True))


ONE_VERSUS_REST: dict[str, type[Isotonic | Platt | Beta]] = {"isotonic": Isotonic, "platt": Platt, "beta": Beta}
METHODS = (*ONE_VERSUS_REST, "temperature")


class Calibration(BaseModel):
    """What turns the scores of one model into calibrated scores and percentiles.

    Args:
        method: The kind of map.
        num_classes: K.
        maps: One map of P(class 1) for two classes, one a class for more, one in all for temperature.
        percentiles: For two classes, the model's scores at equally spaced ranks, from the lowest to the highest of
            the rows it was fitted on; None where no percentile is known.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    method: Method
    num_classes: int = Field(ge=2)
    maps: list[Isotonic | Platt | Beta | Temperature]
    percentiles: list[float] | None = Field(None, min_length=2)

    @field_validator("maps", mode="before")
    @classmethod
    def _read_maps(cls, value: Any, info: ValidationInfo) -> Any:
        """Reads each map as the kind of the method, so that what is wrong with it is told of that kind."""
        kind = ONE_VERSUS_REST.get(info.data.get("method", ""), Temperature)
        return [kind.model_validate(item) if isinstance(item, dict) else item for item in value]

    @model_validator(mode="after")
    def _check(self) -> Self:
        kind = ONE_VERSUS_REST.get(self.method, Temperature)
        wanted = 1 if self.method == "temperature" or self.num_classes == 2 else self.num_classes
        if len(self.maps) != wanted or not all(isinstance(item, kind) for item in self.maps):
            raise ValueError(f"{self.method} for {self.num_classes} classes needs {wanted} maps of its own kind")
        if self.percentiles is not None and (np.diff(self.percentiles) < 0).any():
            raise ValueError("percentiles must not fall")
        if self.percentiles is not None and self.num_classes > 2:
            raise ValueError("percentiles are of P(class 1): more than two classes have none")
        return self

    @classmethod
    def fit(cls, labels: npt.ArrayLike, probabilities: npt.ArrayLike, method: str = "isotonic") -> Self:
        """Learns the maps, and for two classes the percentiles, from rows that the model was not fitted on.

        Args:
            labels: True classes 0..K-1, `(N,)`.
            probabilities: The model's probabilities, `(N, K)`.
            method: isotonic, platt, beta or temperature.

        Raises:
            ConfigError: There is no such method.
            DataError: The shapes do not fit, a value is no probability, or a class has no row.
        """
        if method not in METHODS:
            raise ConfigError(f"unknown calibration method {method!r}", expected=f"one of {', '.join(METHODS)}")
        classes, values = np.asarray(labels).astype(np.int64), _checked(probabilities)
        if classes.shape != values.shape[:1]:
            raise DataError(f"{classes.shape} labels for {len(values)} rows", expected="one label for each row")
        counts = np.bincount(classes, minlength=values.shape[1]) if (classes >= 0).all() else np.zeros(1)
        if len(counts) != values.shape[1] or not counts.all():
            raise DataError(
                f"rows per class are {counts.tolist()}",
                where="calibration",
                expected=f"rows of each of the {values.shape[1]} classes and of no other",
            )
        maps: list[Isotonic | Platt | Beta | Temperature]
        if method == "temperature":
            maps = [Temperature.fit_all(classes, values)]
        else:
            fitted = range(1, 2) if values.shape[1] == 2 else range(values.shape[1])
            kind = ONE_VERSUS_REST[method]
            maps = [kind.fit(values[:, k], (classes == k).astype(np.float64)) for k in fitted]
        percentiles = None
        if values.shape[1] == 2:
            percentiles = np.quantile(values[:, 1], np.linspace(0, 1, PERCENTILE_POINTS)).tolist()
        return cls.model_validate(
            {"method": method, "num_classes": values.shape[1], "maps": maps, "percentiles": percentiles}
        )

    def apply(self, probabilities: npt.ArrayLike) -> Array:
        """Calibrated probabilities.

        Args:
            probabilities: The model's probabilities, `(N, K)`.

        Returns:
            `(N, K)`, each row adding up to 1; where every class comes out as 0, the model's own.

        Raises:
            DataError: The shape does not fit, or a value is no probability.
        """
        values = _checked(probabilities, self.num_classes)
        first = self.maps[0]
        if isinstance(first, Temperature):
            return first.apply_all(values)
        if self.num_classes == 2:
            positive = first(values[:, 1])
            return np.stack([1 - positive, positive], axis=1)
        maps: list[Callable[[Array], Array]] = [item for item in self.maps if not isinstance(item, Temperature)]
        parts = np.stack([item(values[:, k]) for k, item in enumerate(maps)], axis=1)
        total = parts.sum(axis=1, keepdims=True)
        return np.where(total > 0, parts / np.where(total > 0, total, 1), values)

    def percentile(self, scores: npt.ArrayLike) -> Array | None:
        """The share of the rows of the fit whose score is not above each score, in percent.

        Args:
            scores: The model's P(class 1), not calibrated, `(N,)`.

        Returns:
            `(N,)` from 0 to 100, straight between the known points; None where no percentile is known.
        """
        if self.percentiles is None:
            return None
        points = np.asarray(self.percentiles)
        ranks = np.linspace(0, 100, len(points))
        last = np.append(np.diff(points) > 0, True)  # of equal scores, the highest rank
        percents: Array = np.interp(np.asarray(scores, dtype=np.float64), points[last], ranks[last], left=0.0)
        return percents

    def save(self, folder: str | Path) -> Path:
        """Writes calibration.json to a model folder.

        Raises:
            OutputError: The folder cannot be written.
        """
        path = Path(folder) / CALIBRATION_FILE
        write_text(path, self.model_dump_json() + "\n")
        return path

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Reads a calibration.

        Args:
            path: The file `calibration.json`.

        Raises:
            ArtifactError: The file is missing or holds something else.
        """
        try:
            return cls.model_validate_json(Path(path).read_bytes())
        except OSError as error:
            raise ArtifactError(f"cannot be read: {error.strerror}", where=path) from error
        except ValidationError as error:
            first = error.errors()[0]
            place = " ".join([*map(str, first["loc"]), " ".join(first["msg"].split())])
            raise ArtifactError(f"not a calibration: {place}", where=path) from error


def _logistic(features: list[Array], targets: Array) -> list[float]:
    """Weights, not negative, and intercept of the least log loss."""
    from scipy.optimize import minimize

    columns = np.stack([*features, np.ones(len(targets))], axis=1)

    def loss(weights: Array) -> tuple[float, Array]:
        values = columns @ weights
        gradient = columns.T @ (_sigmoid(values) - targets) / len(targets)
        return float((np.logaddexp(0, values) - targets * values).mean()), gradient

    start = np.append(np.ones(len(features)), 0.0)
    bounds = [(0, None)] * len(features) + [(None, None)]
    found: Any = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds)
    return [float(weight) for weight in found.x]


def _inside(values: Array) -> Array:
    return np.clip(values, _SMALLEST, 1 - _SMALLEST)


def _logit(values: Array) -> Array:
    inside = _inside(values)
    return np.asarray(np.log(inside) - np.log1p(-inside))


def _sigmoid(values: Array) -> Array:
    return np.asarray(np.exp(-np.logaddexp(0, -values)))


def _checked(probabilities: npt.ArrayLike, classes: int | None = None) -> Array:
    values = np.asarray(probabilities, dtype=np.float64)
    if values.ndim != 2 or values.shape[1] < 2 or classes not in (None, values.shape[1]):
        wanted = "K of at least 2" if classes is None else f"K = {classes}"
        raise DataError(f"probabilities of shape {values.shape}", expected=f"(N, K) with {wanted}")
    bad = np.flatnonzero(~((values >= 0) & (values <= 1 + 1e-6)).all(axis=1))
    if len(bad):
        raise DataError(f"row {bad[0]} holds something that is no probability ({len(bad)} such rows)")
    return np.minimum(values, 1.0)
