"""A pipeline definition as the runner reads it: parameters and steps, the ones inside conditions too."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipeline_steps.local.errors import DefinitionError, LocalRunError

VERSION = "2020-12-01"


@dataclass(frozen=True)
class Branch:
    """The side of a condition that a step lies on."""

    condition: str
    taken_when: bool


@dataclass(frozen=True)
class Step:
    """One step.

    Attributes:
        name: Unique in the pipeline.
        type: `Processing`, `Training`, `Condition`, ...
        arguments: The `Arguments`, with intrinsic functions in them.
        body: The whole step as the definition has it.
        branch: The condition that decides whether it runs; None for a step at the top.
    """

    name: str
    type: str
    arguments: Mapping[str, Any]
    body: Mapping[str, Any]
    branch: Branch | None = None

    @property
    def depends_on(self) -> list[str]:
        """The steps named by `DependsOn`."""
        return list(self.body.get("DependsOn") or [])

    @property
    def property_files(self) -> list[Mapping[str, Any]]:
        """The property files that the step declares."""
        return list(self.body.get("PropertyFiles") or [])


@dataclass(frozen=True)
class Definition:
    """A pipeline definition.

    Attributes:
        parameters: As declared: `Name`, `Type`, `DefaultValue`, `EnumValues`.
        steps: By name, in the order of the definition; a condition before the steps in its branches.
        body: The whole definition.
    """

    parameters: Sequence[Mapping[str, Any]]
    steps: Mapping[str, Step]
    body: Mapping[str, Any] = field(repr=False)


def read_definition(path: Path) -> Mapping[str, Any]:
    """Reads a definition file.

    Raises:
        LocalRunError: The file cannot be read or is no JSON object.
    """
    try:
        return parse_json(path.read_text(encoding="utf-8"), path)
    except OSError as error:
        raise LocalRunError(f"cannot be read: {error.strerror}", where=path) from None
    except UnicodeDecodeError:
        raise LocalRunError("is not UTF-8 text", where=path, expected="a pipeline definition in JSON") from None


def parse_json(text: str, where: str | Path = "definition") -> Mapping[str, Any]:
    """Reads the text of a definition.

    Raises:
        LocalRunError: The text is no JSON object.
    """
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        place = f"{where}:{error.lineno}:{error.colno}"
        raise LocalRunError(f"is not JSON: {error.msg}", where=place, expected="a pipeline definition") from None
    if not isinstance(value, Mapping):
        raise LocalRunError(f"holds a {type(value).__name__}", where=where, expected="a JSON object with Steps")
    return value


def parse_definition(body: Mapping[str, Any]) -> Definition:
    """Takes a definition apart.

    Args:
        body: The definition, as JSON has it.

    Returns:
        Its parameters and steps.

    Raises:
        DefinitionError: Its shape is wrong; every problem is told.
    """
    problems: list[str] = []
    if not isinstance(body, Mapping):
        raise DefinitionError([f"the definition is a {type(body).__name__}, expected an object with Steps"])
    if body.get("Version") != VERSION:
        problems.append(f"Version is {body.get('Version')!r}, expected {VERSION!r}")
    parameters = body.get("Parameters") or []
    if not _is_list_of_objects(parameters):
        problems.append("Parameters is not a list of objects with Name and Type")
        parameters = []
    steps: dict[str, Step] = {}
    if not isinstance(body.get("Steps"), list) or not body["Steps"]:
        problems.append("Steps is missing or empty, expected a list of steps")
    else:
        for step in _steps(body["Steps"], "Steps", None, problems):
            if step.name in steps:
                problems.append(f"two steps have the name {step.name!r}; every step needs its own")
            steps[step.name] = step
    if problems:
        raise DefinitionError(problems)
    return Definition(list(parameters), steps, body)


def _steps(items: Any, where: str, branch: Branch | None, problems: list[str]) -> Iterator[Step]:
    if not _is_list_of_objects(items):
        problems.append(f"{where} is not a list of steps")
        return
    for index, item in enumerate(items):
        name, kind, arguments = item.get("Name"), item.get("Type"), item.get("Arguments", {})
        place = f"{where}[{index}]"
        if not isinstance(name, str) or not name:
            problems.append(f"{place}: the step has no Name")
            continue
        if not isinstance(kind, str) or not isinstance(arguments, Mapping):
            problems.append(f"{place} ({name!r}): expected a Type that is a text and Arguments that are an object")
            continue
        problems.extend(_shape_problems(item, f"step {name!r}"))
        yield Step(name, kind, arguments, item, branch)
        if kind == "Condition":
            for key, taken_when in (("IfSteps", True), ("ElseSteps", False)):
                yield from _steps(
                    arguments.get(key) or [], f"{place}.Arguments.{key}", Branch(name, taken_when), problems
                )


def _shape_problems(item: Mapping[str, Any], where: str) -> Iterator[str]:
    depends = item.get("DependsOn") or []
    if not isinstance(depends, list) or not all(isinstance(name, str) for name in depends):
        yield f"{where}: DependsOn is not a list of step names"
    for key in ("PropertyFiles", "RetryPolicies", "OutputParameters"):
        if not _is_list_of_objects(item.get(key) or []):
            yield f"{where}: {key} is not a list of objects"
    if not isinstance(item.get("CacheConfig") or {}, Mapping):
        yield f"{where}: CacheConfig is not an object"


def _is_list_of_objects(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, Mapping) for item in value)
