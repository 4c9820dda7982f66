"""The values of a definition: what they refer to, and what they come to while the pipeline runs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pipeline_steps.local.references import Reference, look_up, parse_path, parse_reference


@dataclass
class Scope:
    """What the expressions of a step may refer to.

    Attributes:
        parameters: The pipeline's parameters, bound.
        execution: The variables of this execution (`PipelineExecutionId`, ...).
        steps: Step name to its properties, for the steps that have ended.
        property_files: Step name to property file name to content.
        read_json: Reads a JSON document at an S3 URI (`Std:JsonGet` with `S3Uri`).
    """

    parameters: Mapping[str, Any]
    execution: Mapping[str, Any]
    steps: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    property_files: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    read_json: Callable[[str], Any] | None = None

    def get(self, reference: Reference) -> Any:
        """What a reference comes to.

        Raises:
            KeyError: There is no such value; the message says what there is.
        """
        if reference.root == "Parameters":
            return look_up(self.parameters, (reference.name,))
        if reference.root == "Execution":
            return look_up(self.execution, (reference.name,))
        if reference.name not in self.steps:
            raise KeyError(f"step {reference.name!r} has not run")
        return look_up(self.steps[reference.name], reference.path)

    def json_get(self, argument: Mapping[str, Any]) -> Any:
        """What `Std:JsonGet` comes to.

        Raises:
            KeyError: There is no such document or no such value in it.
        """
        path = as_text(evaluate(argument["Path"], self))
        if "S3Uri" in argument:
            assert self.read_json is not None
            uri = evaluate(argument["S3Uri"], self)
            document, source = self.read_json(uri), uri
        else:
            step, name = property_file_of(argument["PropertyFile"])
            if name not in self.property_files.get(step, {}):
                raise KeyError(f"property file {name!r} of step {step!r} does not exist yet")
            document, source = self.property_files[step][name], f"property file {name!r} of step {step!r}"
        try:
            return look_up(document, parse_path(path.removeprefix("$").removeprefix(".")))
        except KeyError as error:
            raise KeyError(f"{source} {error.args[0]}") from None


class Later(str):
    """Stands for a value that only the run will bring, while a definition is checked."""


class PlannedScope(Scope):
    """A scope before the run: what steps will bring is a `Later`; whether they bring it is checked."""

    def get(self, reference: Reference) -> Any:
        """What a reference comes to, or a placeholder when it is a step's."""
        value = super().get(reference)
        return Later(f"s3://later/{reference.name}") if reference.root == "Steps" else value

    def json_get(self, argument: Mapping[str, Any]) -> Any:
        """A placeholder."""
        return Later("s3://later/json")


def function_of(value: Any) -> tuple[str, Any] | None:
    """The intrinsic function that a mapping stands for, with its argument; None for plain data."""
    if isinstance(value, Mapping) and len(value) == 1:
        name, argument = next(iter(value.items()))
        if name == "Get" or (isinstance(name, str) and name.startswith("Std:")):
            return name, argument
    return None


def functions(value: Any, where: str = "") -> Iterator[tuple[str, str, Any]]:
    """Every intrinsic function in a value, the inner ones too.

    Args:
        value: Any part of a definition.
        where: The path of `value`, for messages.

    Yields:
        The path, the function's name and its argument.
    """
    function = function_of(value)
    if function:
        yield where, *function
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from functions(item, f"{where}.{key}" if where else str(key))
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for index, item in enumerate(value):
            yield from functions(item, f"{where}[{index}]")


def evaluate(value: Any, scope: Scope) -> Any:
    """What a value comes to.

    Args:
        value: Plain data with intrinsic functions in it.
        scope: What they may refer to.

    Returns:
        Plain data.

    Raises:
        KeyError: A reference leads to nothing.
        ValueError: A function is unknown or its argument is malformed.
    """
    function = function_of(value)
    if function:
        return _call(*function, scope)
    if isinstance(value, Mapping):
        return {key: evaluate(item, scope) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [evaluate(item, scope) for item in value]
    return value


def as_text(value: Any) -> str:
    """A value as `Std:Join` and string fields show it: JSON for what is not text."""
    return value if isinstance(value, str) else json.dumps(value)


def _call(name: str, argument: Any, scope: Scope) -> Any:
    if name == "Get":
        return scope.get(parse_reference(argument))
    if name == "Std:Join":
        return argument["On"].join(as_text(evaluate(item, scope)) for item in argument["Values"])
    if name == "Std:JsonGet":
        return scope.json_get(argument)
    raise ValueError(f"unknown function {name!r}; known are Get, Std:Join and Std:JsonGet")


def property_file_of(value: Any) -> tuple[str, str]:
    """The step and the name in `{"Get": "Steps.S.PropertyFiles.P"}`.

    Raises:
        ValueError: The value has another form.
    """
    function = function_of(value)
    if function and function[0] == "Get" and isinstance(function[1], str):
        reference = parse_reference(function[1])
        if reference.root == "Steps" and len(reference.path) == 2 and reference.path[0] == "PropertyFiles":
            return reference.name, str(reference.path[1])
    raise ValueError(f'PropertyFile is {value!r}, expected {{"Get": "Steps.<step>.PropertyFiles.<name>"}}')
