"""What can be said about a pipeline definition from its JSON alone: references, types, request shapes, cycles."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from pipeline_step_specs import StepKind
from pipeline_step_specs.naming import suggestion
from pipeline_step_specs.property_paths import PropertyPathError, property_type
from pipeline_step_specs.service_model import service_shapes
from pipeline_steps.argument_shapes import ANY, ArgumentValidator
from pipeline_steps.problems import (
    ARGUMENT_INVALID,
    CONFIGURATION,
    CYCLE,
    REFERENCE_MISTYPED,
    REFERENCE_UNKNOWN,
    Problem,
)
from pipeline_steps.references import Value, gets
from pipeline_steps.step_graph import Definition, Step, edges, find_cycle, iter_steps, own_arguments

EXECUTION_VARIABLES = (
    "PipelineName",
    "PipelineArn",
    "PipelineExecutionId",
    "PipelineExecutionArn",
    "StartDateTime",
    "CurrentDateTime",
)
_PARAMETER_TYPES = {"String": "string", "Integer": "integer", "Float": "float", "Boolean": "boolean"}
_OUTPUT = re.compile(r"ProcessingOutputConfig\.Outputs\['([^']+)'\]")
_INPUT = re.compile(r"ProcessingInputs\['([^']+)'\]")


def check_definition(definition: Definition, absent: Iterable[str] = ()) -> list[Problem]:
    """Checks a pipeline definition.

    Args:
        definition: The definition, as `PipelineBuilder.definition()` gives it or another tool wrote it.
        absent: Steps that exist but are not in the definition because they could not be built; what refers to them
            is not wrong for that.

    Returns:
        Everything that is wrong, in order of the steps.
    """
    return list(_DefinitionChecks(definition, frozenset(absent)).run())


class _DefinitionChecks:
    def __init__(self, definition: Definition, absent: frozenset[str]) -> None:
        self._definition = definition
        self._parameters = {entry["Name"]: entry for entry in definition.get("Parameters") or []}
        self._all = list(iter_steps(definition["Steps"]))
        self._steps: dict[str, Step] = {step["Name"]: step for step, _ in self._all}
        self._absent = absent
        self._validator = ArgumentValidator(self._type, self._known_values)

    def run(self) -> Iterator[Problem]:
        for name in self._parameters:
            yield from _name_problems("parameter", name, "PipelineParameterName", "")
        seen: set[str] = set()
        for step, _ in self._all:
            name = step["Name"]
            if name in seen:
                yield Problem(REFERENCE_UNKNOWN, "the name occurs twice; step names are unique", name)
            seen.add(name)
            yield from _name_problems("step", name, "StepName", name)
            yield from self._references(step)
            kind = StepKind.named(step["Type"])
            if kind is None:
                message = f"unknown step type '{step['Type']}'; {suggestion(str(step['Type']), StepKind)}"
                yield Problem(ARGUMENT_INVALID, message, name, "Type")
                continue
            for where, message in self._validator.validate(kind, own_arguments(step)):
                yield Problem(ARGUMENT_INVALID, message, name, where)
        yield from self._cycles()

    def _references(self, step: Step) -> Iterator[Problem]:
        name = step["Name"]
        for path in dict.fromkeys(gets(own_arguments(step))):
            problem = self._unknown(path)
            if problem:
                yield Problem(REFERENCE_UNKNOWN, problem, name, path)
        for other in step.get("DependsOn") or []:
            if other not in self._steps and other not in self._absent:
                yield Problem(REFERENCE_UNKNOWN, f"there is no step '{other}'; {self._near(other)}", name, "DependsOn")
        if step["Type"] == StepKind.CONDITION:
            yield from self._comparisons(name, (step.get("Arguments") or {}).get("Conditions") or [])

    def _unknown(self, path: str) -> str | None:
        head, _, rest = path.partition(".")
        if head == "Parameters":
            return None if rest in self._parameters else f"no parameter '{rest}'; {suggestion(rest, self._parameters)}"
        if head == "Execution":
            known = rest in EXECUTION_VARIABLES
            return None if known else f"no execution variable '{rest}'; {suggestion(rest, EXECUTION_VARIABLES)}"
        name, _, property_path = rest.partition(".")
        if head != "Steps" or not property_path:
            return "expected Parameters.X, Execution.X or Steps.S.PROPERTY"
        step = self._steps.get(name)
        if step is None and name in self._absent:
            return None
        if step is None:
            return f"there is no step '{name}'; {self._near(name)}"
        if property_path.startswith("PropertyFiles."):
            return _not_among("property file", property_path.split(".", 1)[1], _property_files(step), name)
        return _unknown_property(step, property_path)

    def _near(self, name: str) -> str:
        return suggestion(name, self._steps)

    def _comparisons(self, name: str, conditions: list[Any]) -> Iterator[Problem]:
        for condition in conditions:
            kind = condition.get("Type")
            if kind == "Or":
                yield from self._comparisons(name, condition.get("Conditions") or [])
            elif kind == "Not":
                yield from self._comparisons(name, [condition.get("Condition") or {}])
            else:
                values = condition.get("Values") or [condition.get("RightValue")]
                left = condition.get("QueryValue", condition.get("LeftValue"))
                for right in values:
                    yield from self._comparable(name, kind, left, right)

    def _comparable(self, name: str, kind: str, left: Value, right: Value) -> Iterator[Problem]:
        types = {"float" if each == "integer" else each for each in (self._value_type(left), self._value_type(right))}
        types -= {ANY}
        if len(types) > 1:
            message = f"{kind} compares a {' with a '.join(sorted(types))}; both sides must have one type"
            yield Problem(REFERENCE_MISTYPED, message, name, "Conditions")

    def _value_type(self, value: Value) -> str:
        if isinstance(value, dict):
            return self._type(value)
        if isinstance(value, bool):
            return "boolean"
        return "float" if isinstance(value, int | float) else "string"

    def _type(self, reference: Value) -> str:
        if "Std:Join" in reference:
            return "string"
        path = reference.get("Get", "")
        head, _, rest = path.partition(".")
        if head == "Parameters" and rest in self._parameters:
            return _PARAMETER_TYPES.get(self._parameters[rest]["Type"], ANY)
        if head == "Execution":
            return "string"
        name, _, property_path = rest.partition(".")
        step = self._steps.get(name)
        kind = StepKind.named(step["Type"]) if step else None
        if head != "Steps" or kind is None:
            return ANY
        try:
            found = property_type(kind, property_path)
        except PropertyPathError:
            return ANY
        return {"long": "integer", "double": "float", "timestamp": "string"}.get(found, found)

    def _known_values(self, reference: Value) -> list[Any]:
        head, _, rest = reference.get("Get", "").partition(".")
        if head != "Parameters" or rest not in self._parameters:
            return []
        entry = self._parameters[rest]
        default = [entry["DefaultValue"]] if "DefaultValue" in entry else []
        return list(entry.get("EnumValues") or default)

    def _cycles(self) -> Iterator[Problem]:
        successors: dict[str, list[str]] = {}
        for edge in edges(self._definition):
            successors.setdefault(edge.source, []).append(edge.target)
        cycle = find_cycle(list(self._steps), successors)
        if cycle:
            yield Problem(CYCLE, f"these steps wait for each other: {' -> '.join(cycle)}", cycle[0])


def _name_problems(what: str, name: str, shape_name: str, step: str) -> Iterator[Problem]:
    shape = service_shapes("sagemaker")[shape_name]
    if len(name) > shape["max"] or not re.fullmatch(shape["pattern"], name):
        message = f"'{name}' cannot be the name of a {what}: expected at most {shape['max']} letters, digits, - and _"
        yield Problem(CONFIGURATION, message, step)


def _unknown_property(step: Step, path: str) -> str | None:
    kind, name = StepKind.named(step["Type"]), step["Name"]
    if kind is None:
        return None
    try:
        property_type(kind, path)
    except PropertyPathError as error:
        return str(error)
    arguments = step.get("Arguments") or {}
    output, source = _OUTPUT.match(path), _INPUT.match(path)
    if kind is StepKind.PROCESSING and output:
        outputs = (arguments.get("ProcessingOutputConfig") or {}).get("Outputs") or []
        return _not_among("output", output[1], [each.get("OutputName", "") for each in outputs], name)
    if kind is StepKind.PROCESSING and source:
        inputs = arguments.get("ProcessingInputs") or []
        return _not_among("input", source[1], [each.get("InputName", "") for each in inputs], name)
    if kind is StepKind.TRAINING and path.startswith("CheckpointConfig") and "CheckpointConfig" not in arguments:
        return f"step '{name}' keeps no checkpoints"
    return None


def _not_among(what: str, wanted: str, known: list[str], step: str) -> str | None:
    return None if wanted in known else f"step '{step}' has no {what} '{wanted}'; {suggestion(wanted, known)}"


def _property_files(step: Step) -> list[str]:
    return [file.get("PropertyFileName", "") for file in step.get("PropertyFiles") or []]
