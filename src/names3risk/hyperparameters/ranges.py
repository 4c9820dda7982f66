"""Where hyperparameters are searched: written as the pipeline's Tuning step writes it, checked against the class."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator
from pydantic.fields import FieldInfo

from names3risk.errors import ConfigError
from names3risk.hyperparameters import Hyperparameters
from names3risk.hyperparameters.parsing import cast_text

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution

Scaling = Literal["Auto", "Linear", "Logarithmic"]
AUTO_LOGARITHMIC = 100
"""A positive range whose ends lie further apart than this factor is searched logarithmically where scaling is Auto."""


class _Range(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Interval(_Range):
    min: float
    max: float
    scaling: Scaling = "Auto"

    @model_validator(mode="after")
    def _ends_in_order(self) -> _Interval:
        if self.min > self.max:
            raise ValueError(f"min {self.min:g} is greater than max {self.max:g}")
        if self.scaling == "Logarithmic" and self.min <= 0:
            raise ValueError(f"min {self.min:g} is not above 0, as a logarithmic scale needs")
        return self

    @property
    def logarithmic(self) -> bool:
        """Whether the range is searched by orders of magnitude."""
        far = self.min > 0 and self.max / self.min > AUTO_LOGARITHMIC
        return self.scaling == "Logarithmic" or (self.scaling == "Auto" and far)


class IntegerRange(_Interval):
    """Whole numbers from a lowest to a highest."""

    type: Literal["Integer"]
    min: int
    max: int

    @property
    def ends(self) -> list[Any]:
        """The values that must be allowed."""
        return [self.min, self.max]

    def distribution(self) -> BaseDistribution:
        """The range for the search."""
        from optuna.distributions import IntDistribution

        return IntDistribution(self.min, self.max, log=self.logarithmic)


class ContinuousRange(_Interval):
    """Numbers from a lowest to a highest."""

    type: Literal["Continuous"]

    @property
    def ends(self) -> list[Any]:
        """The values that must be allowed."""
        return [self.min, self.max]

    def distribution(self) -> BaseDistribution:
        """The range for the search."""
        from optuna.distributions import FloatDistribution

        return FloatDistribution(self.min, self.max, log=self.logarithmic)


class CategoricalRange(_Range):
    """Some values; as text, they are cast as SageMaker's texts are."""

    type: Literal["Categorical"]
    values: list[str | bool | int | float] = Field(min_length=1)

    @property
    def ends(self) -> list[Any]:
        """The values that must be allowed."""
        return list(self.values)

    def distribution(self) -> BaseDistribution:
        """The range for the search."""
        from optuna.distributions import CategoricalDistribution

        return CategoricalDistribution(self.values)


Range = Annotated[IntegerRange | ContinuousRange | CategoricalRange, Field(discriminator="type")]


def check_ranges(ranges: Mapping[str, Range], cls: type[Hyperparameters], fixed: Mapping[str, Any]) -> None:
    """Checks a search space against a class of hyperparameters.

    Args:
        ranges: The search space.
        cls: The class of hyperparameters.
        fixed: Hyperparameters that are given.

    Raises:
        ConfigError: A name is unknown (the nearest known one is told), fixed as well, or no hyperparameter of a model;
            or an end or a value of a range is out of the bounds of its hyperparameter. Every problem is named.
    """
    problems = cls.unknown(ranges)
    untunable = {"model_class", "recipe", "num_classes", "is_binary", *cls.DATA_FIELDS}
    for name, each in ranges.items():
        if name in fixed:
            problems.append(f"{name} is both under hyperparameters and under ranges: keep one")
        if name in untunable:
            problems.append(f"{name} says what the data is: it cannot be searched")
        elif name in cls.model_fields:
            problems += _outside(name, each, cls.model_fields[name])
    if problems:
        raise ConfigError("; ".join(problems), where="ranges", expected="hyperparameters of the model class, in bounds")


def _outside(name: str, each: Range, field: FieldInfo) -> list[str]:
    bounded: Any = Annotated[field.annotation, field]
    whole: TypeAdapter[Any] = TypeAdapter(bounded)
    problems = []
    if isinstance(each, ContinuousRange) and field.annotation is int:
        problems.append(f"{name} is a whole number: its range is of type Integer")
    for value in each.ends:
        try:
            whole.validate_python(cast_text(value, field.annotation is str))
        except ValidationError as error:
            problems.append(f"{name}: {error.errors()[0]['msg']}, not {value!r}")
    return problems
