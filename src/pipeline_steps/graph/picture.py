"""What a picture of a pipeline shows: its steps, and what leads from one to the other."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pipeline_steps.step_graph import Definition, edges, iter_steps

_BRACKETED = re.compile(r"\['([^']+)'\]")
_BRANCH_NAMES = {"IfSteps": "if true", "ElseSteps": "otherwise"}


@dataclass(frozen=True)
class Node:
    """A step.

    Args:
        name: Its name.
        kind: SageMaker's type of the step.
        detail: A line that tells more, such as the script.
        step: The step as the definition has it.
    """

    name: str
    kind: str
    detail: str
    step: Mapping[str, Any]


@dataclass(frozen=True)
class Arrow:
    """What leads from one step to another.

    Args:
        source: The step that comes first.
        target: The step that comes after it.
        labels: Each output with its property path; `DependsOn` and branches have no path.
        is_data: Whether results flow along it, not only order.
    """

    source: str
    target: str
    labels: list[tuple[str, str]] = field(default_factory=list)
    is_data: bool = True


@dataclass(frozen=True)
class Picture:
    """A pipeline, ready to be drawn."""

    title: str
    nodes: list[Node]
    arrows: list[Arrow]


def picture_of(
    definition: Definition, title: str = "Pipeline", outputs: Mapping[tuple[str, str], str] | None = None
) -> Picture:
    """Gives what a picture of a definition shows.

    Args:
        definition: The definition.
        title: The title of the picture.
        outputs: Logical names of outputs by step and property path, where they are known.
    """
    names = outputs or {}
    nodes = [
        Node(step["Name"], step["Type"], _detail(step), step) for step, _ in iter_steps(definition.get("Steps") or [])
    ]
    known = {node.name for node in nodes}
    arrows: dict[tuple[str, str], Arrow] = {}
    for edge in edges(definition):
        if edge.source not in known or edge.target not in known:
            continue
        label, is_data = _label(edge.source, edge.label, names)
        arrow = arrows.setdefault((edge.source, edge.target), Arrow(edge.source, edge.target, [], is_data))
        if label not in arrow.labels:
            arrow.labels.append(label)
        if is_data and not arrow.is_data:
            arrows[edge.source, edge.target] = Arrow(edge.source, edge.target, arrow.labels, is_data=True)
    return Picture(title, nodes, list(arrows.values()))


def _label(step: str, path: str, names: Mapping[tuple[str, str], str]) -> tuple[tuple[str, str], bool]:
    if path in _BRANCH_NAMES:
        return (_BRANCH_NAMES[path], ""), False
    if path == "DependsOn":
        return ("after", ""), False
    bracketed = _BRACKETED.search(path)
    name = names.get((step, path)) or (bracketed[1] if bracketed else path.rsplit(".", 1)[-1])
    return (name, path), True


def _detail(step: Mapping[str, Any]) -> str:
    arguments = step.get("Arguments") or {}
    entry = (arguments.get("AppSpecification") or arguments.get("AlgorithmSpecification") or {}).get(
        "ContainerEntrypoint"
    )
    if isinstance(entry, list) and entry and isinstance(entry[-1], str):
        return entry[-1].rsplit("/", 1)[-1]
    group = arguments.get("ModelPackageGroupName")
    return group if isinstance(group, str) else ""
