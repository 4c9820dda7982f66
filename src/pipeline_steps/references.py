"""References of the definition language: values that are known only when the pipeline runs.

They are plain JSON objects: `{"Get": "Parameters.X"}`, `{"Std:Join": {"On": "/", "Values": [...]}}` and
`{"Std:JsonGet": {"PropertyFile": ..., "Path": ...}}`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

Value = Any
Reference = dict[str, Any]
FUNCTIONS = ("Get", "Std:Join", "Std:JsonGet")


def parameter(name: str) -> Reference:
    """Refers to a parameter of the pipeline."""
    return {"Get": f"Parameters.{name}"}


def execution_variable(name: str) -> Reference:
    """Refers to a variable of the execution, such as `PipelineExecutionId`."""
    return {"Get": f"Execution.{name}"}


def step_property(step: str, path: str) -> Reference:
    """Refers to a property of a finished step, such as `ModelArtifacts.S3ModelArtifacts`."""
    return {"Get": f"Steps.{step}.{path.removeprefix('properties.')}"}


def json_get(step: str, property_file: str, path: str) -> Reference:
    """Refers to a value in a property file that a step wrote, such as `metrics.auroc`."""
    return {"Std:JsonGet": {"PropertyFile": {"Get": f"Steps.{step}.PropertyFiles.{property_file}"}, "Path": path}}


def join(*values: Value, on: str = "") -> Value:
    """Joins constants and references to one string.

    Args:
        values: Strings and references.
        on: What stands between them.

    Returns:
        A string when all values are strings, otherwise a `Std:Join`; a join by the same separator is merged.
    """
    flat: list[Value] = []
    for value in values:
        inner = value.get("Std:Join") if isinstance(value, dict) else None
        parts = inner["Values"] if inner is not None and inner["On"] == on else [value]
        for part in parts:
            if isinstance(part, str) and flat and isinstance(flat[-1], str):
                flat[-1] = f"{flat[-1]}{on}{part}"
            else:
                flat.append(part)
    if len(flat) == 1 and isinstance(flat[0], str):
        return flat[0]
    return {"Std:Join": {"On": on, "Values": flat}}


def as_string(value: Value) -> Value:
    """Gives what stands in a string sink: constants as SageMaker spells them, references wrapped in a `Std:Join`."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if is_reference(value):
        return value if "Std:Join" in value else {"Std:Join": {"On": "", "Values": [value]}}
    return value if isinstance(value, str) else str(value)


def is_reference(value: object) -> bool:
    """Tells whether a value is a reference."""
    return isinstance(value, dict) and len(value) == 1 and next(iter(value)) in FUNCTIONS


def gets(value: Value) -> Iterator[str]:
    """Gives the path of every `Get` in a JSON value, in order."""
    if isinstance(value, dict):
        if is_reference(value) and isinstance(value.get("Get"), str):
            yield value["Get"]
        else:
            for inner in value.values():
                yield from gets(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from gets(inner)


def referenced_step(path: str) -> str | None:
    """Gives the step that a `Get` path speaks of, or None."""
    return path.split(".")[1] if path.startswith("Steps.") and path.count(".") else None
