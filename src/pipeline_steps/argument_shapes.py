"""The arguments of a step against the shape of the service's Create request, references standing in by their type."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from pipeline_step_specs import StepKind
from pipeline_step_specs.naming import suggestion
from pipeline_step_specs.service_model import Shape, service_shapes
from pipeline_steps.references import Value, is_reference

CREATE_SHAPES = {
    StepKind.PROCESSING: ("CreateProcessingJobRequest", "ProcessingJobName"),
    StepKind.TRAINING: ("CreateTrainingJobRequest", "TrainingJobName"),
    StepKind.TRANSFORM: ("CreateTransformJobRequest", "TransformJobName"),
    StepKind.MODEL: ("CreateModelInput", "ModelName"),
    StepKind.REGISTER_MODEL: ("CreateModelPackageInput", "ModelPackageName"),
    StepKind.TUNING: ("CreateHyperParameterTuningJobRequest", "HyperParameterTuningJobName"),
}
ANY = "any"
_FAMILIES = {"long": "integer", "double": "float", "timestamp": "string", "blob": "string"}
_ACCEPTS = {
    "string": ("string",),
    "integer": ("integer",),
    "float": ("float", "integer"),
    "boolean": ("boolean",),
}
_PYTHON_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "float": (int, float),
    "boolean": (bool,),
}
Issue = tuple[str, str]


class ArgumentValidator:
    """Validates the arguments of steps.

    Args:
        reference_type: Gives the type of a reference (`string`, `integer`, `float`, `boolean`, or `any` when it
            cannot be known).
        known_values: Gives the constants that a reference may stand for, such as the default of a parameter.
    """

    def __init__(
        self, reference_type: Callable[[Value], str], known_values: Callable[[Value], list[Any]] = lambda _: []
    ) -> None:
        self._reference_type = reference_type
        self._known_values = known_values
        self._shapes = service_shapes("sagemaker")

    def validate(self, kind: StepKind, arguments: dict[str, Any]) -> list[Issue]:
        """Gives each mistake as its place and a message; kinds without a Create request are not looked at.

        Args:
            kind: The kind of the step.
            arguments: The `Arguments` of the step.
        """
        if kind not in CREATE_SHAPES:
            return []
        shape_name, job_name = CREATE_SHAPES[kind]
        shape = dict(self._shapes[shape_name])
        shape["members"] = {name: member for name, member in shape["members"].items() if name != job_name}
        shape["required"] = [name for name in shape.get("required", ()) if name != job_name]
        if job_name in arguments:
            issue = (job_name, f"a {kind} step must not set {job_name}; SageMaker names what a pipeline makes")
            rest = {name: value for name, value in arguments.items() if name != job_name}
            return [issue, *self._structure(shape, rest, "")]
        return list(self._structure(shape, arguments, ""))

    def _check(self, shape: Shape, value: Value, path: str) -> Iterator[Issue]:
        kind: str = _FAMILIES.get(shape["type"]) or shape["type"]
        if is_reference(value):
            yield from self._reference(shape, kind, value, path)
        elif kind == "structure":
            yield from self._structure(shape, value, path)
        elif kind == "list":
            yield from self._list(shape, value, path)
        elif kind == "map":
            yield from self._map(shape, value, path)
        else:
            yield from self._scalar(shape, kind, value, path)

    def _reference(self, shape: Shape, kind: str, value: Value, path: str) -> Iterator[Issue]:
        if kind not in _ACCEPTS:
            yield path, f"expected {_a(kind)}, found a reference to a single value"
            return
        given = self._reference_type(value)
        given = _FAMILIES.get(given, given)
        if given not in (*_ACCEPTS[kind], ANY):
            mend = "; wrap it in a Std:Join to make it a string" if kind == "string" else ""
            yield path, f"expected {_a(kind)}, found a reference to {_a(given)}{mend}"
            return
        for known in self._known_values(value):
            for where, message in self._scalar(shape, kind, known, path):
                yield where, f"for the value {known!r} of {value['Get']}: {message}"

    def _structure(self, shape: Shape, value: Value, path: str) -> Iterator[Issue]:
        if not isinstance(value, dict):
            yield path, f"expected an object, found {_shown(value)}"
            return
        members = shape["members"]
        for name in shape.get("required", ()):
            if name not in value:
                yield _below(path, name), "is required and missing"
        for name, inner in value.items():
            if name not in members:
                yield _below(path, name), f"the service has no such field; {suggestion(name, members)}"
            else:
                yield from self._check(self._shapes[members[name]["shape"]], inner, _below(path, name))
        if shape.get("union") and len(value) != 1:
            yield path, f"expected exactly one of {', '.join(members)}, found {len(value)}"

    def _list(self, shape: Shape, value: Value, path: str) -> Iterator[Issue]:
        if not isinstance(value, list):
            yield path, f"expected a list, found {_shown(value)}"
            return
        yield from _length(shape, len(value), path, "entries")
        member = self._shapes[shape["member"]["shape"]]
        for index, inner in enumerate(value):
            yield from self._check(member, inner, f"{path}[{index}]")

    def _map(self, shape: Shape, value: Value, path: str) -> Iterator[Issue]:
        if not isinstance(value, dict):
            yield path, f"expected an object, found {_shown(value)}"
            return
        yield from _length(shape, len(value), path, "entries")
        key_shape, member = self._shapes[shape["key"]["shape"]], self._shapes[shape["value"]["shape"]]
        for key, inner in value.items():
            yield from self._scalar(key_shape, "string", key, _below(path, key))
            yield from self._check(member, inner, _below(path, key))

    def _scalar(self, shape: Shape, kind: str, value: Value, path: str) -> Iterator[Issue]:
        if not isinstance(value, _PYTHON_TYPES[kind]) or (isinstance(value, bool) and kind != "boolean"):
            yield path, f"expected {_a(kind)}, found {_shown(value)}"
        elif isinstance(value, str):
            yield from _string(shape, value, path)
        elif isinstance(value, int | float):
            yield from _range(shape, value, path)


def _string(shape: Shape, value: str, path: str) -> Iterator[Issue]:
    yield from _length(shape, len(value), path, "characters")
    allowed = shape.get("enum")
    if allowed and value not in allowed:
        yield path, f"'{value}' is not among the values that the installed botocore knows; {_near(value, allowed)}"
    pattern = _compiled(shape.get("pattern", ""))
    if pattern and not pattern.fullmatch(value):
        yield path, f"'{value}' does not match {shape['pattern']}"


def _near(value: str, allowed: list[str]) -> str:
    told = suggestion(value, allowed)
    return told if len(told) < 200 else f"there are {len(allowed)} of them"


def _range(shape: Shape, value: float, path: str) -> Iterator[Issue]:
    low, high = shape.get("min"), shape.get("max")
    if (low is not None and value < low) or (high is not None and value > high):
        yield path, f"expected {_bounds(low, high)}, found {value}"


def _length(shape: Shape, length: int, path: str, unit: str) -> Iterator[Issue]:
    low, high = shape.get("min"), shape.get("max")
    if (low is not None and length < low) or (high is not None and length > high):
        yield path, f"expected {_bounds(low, high)} {unit}, found {length}"


def _bounds(low: float | None, high: float | None) -> str:
    if low is None:
        return f"at most {high}"
    return f"at least {low}" if high is None else f"{low} to {high}"


@cache
def _compiled(pattern: str) -> re.Pattern[str] | None:
    try:
        return re.compile(pattern) if pattern else None
    except re.error:
        return None


def _below(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _a(kind: str) -> str:
    return f"an {kind}" if kind == "integer" else f"a {kind}"


def _shown(value: Value) -> str:
    text = repr(value)
    return f"{type(value).__name__} {text if len(text) <= 60 else text[:57] + '...'}"
