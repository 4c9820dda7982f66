"""Parameters of a pipeline: values that are given when it starts."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

ParameterValue = bool | int | float | str
_ACCEPTED: dict[str, tuple[type, ...]] = {
    "String": (str,),
    "Integer": (int,),
    "Float": (int, float),
    "Boolean": (bool,),
}


class PipelineParameter(BaseModel):
    """A parameter of a pipeline.

    Args:
        type: `String`, `Integer`, `Float` or `Boolean`.
        default: The value when none is given at the start; without one, a value must be given.
        enum: The only values allowed, when there are any.
        description: What it is, for people.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    type: Literal["String", "Integer", "Float", "Boolean"]
    default: ParameterValue | None = None
    enum: list[ParameterValue] = Field(default_factory=list)
    description: str = ""

    @model_validator(mode="after")
    def _values_have_the_type(self) -> PipelineParameter:
        for value in [*([] if self.default is None else [self.default]), *self.enum]:
            if not self.accepts_type(value):
                raise ValueError(f"{value!r} is not a {self.type}")
        if self.enum and self.default is not None and self.default not in self.enum:
            raise ValueError(f"the default {self.default!r} is not among {', '.join(map(repr, self.enum))}")
        return self

    def accepts_type(self, value: object) -> bool:
        """Tells whether a value has the type of the parameter."""
        return isinstance(value, _ACCEPTED[self.type]) and (self.type == "Boolean" or not isinstance(value, bool))

    def definition(self, name: str) -> dict[str, object]:
        """Gives the entry of a pipeline definition."""
        entry: dict[str, object] = {"Name": name, "Type": self.type}
        if self.default is not None:
            entry["DefaultValue"] = float(self.default) if self.type == "Float" else self.default
        if self.enum:
            entry["EnumValues"] = list(self.enum)
        return entry
