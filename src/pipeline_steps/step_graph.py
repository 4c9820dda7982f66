"""The graph of a pipeline definition: its steps, also those in branches, and what leads from one to the other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pipeline_steps.references import gets, referenced_step

Definition = dict[str, Any]
Step = dict[str, Any]
BRANCHES = ("IfSteps", "ElseSteps")


@dataclass(frozen=True)
class Edge:
    """One step must finish before another.

    Args:
        source: The step that comes first.
        target: The step that comes after it.
        label: What leads over: a property path, `DependsOn`, or the branch of a condition.
    """

    source: str
    target: str
    label: str


def iter_steps(steps: list[Step], branch_of: str | None = None) -> Iterator[tuple[Step, str | None]]:
    """Gives every step, and the condition step in whose branch it lies, outer steps first."""
    for step in steps:
        yield step, branch_of
        arguments = step.get("Arguments") or {}
        if step.get("Type") == "Condition":
            for branch in BRANCHES:
                yield from iter_steps(arguments.get(branch) or [], step["Name"])


def own_arguments(step: Step) -> dict[str, Any]:
    """Gives the arguments of a step without the steps in its branches."""
    arguments = step.get("Arguments") or {}
    if step.get("Type") != "Condition":
        return dict(arguments)
    return {key: value for key, value in arguments.items() if key not in BRANCHES}


def edges(definition: Definition) -> list[Edge]:
    """Gives the edges of a definition, each once, in order of the steps that they lead to."""
    found: dict[Edge, None] = {}
    for step, _ in iter_steps(definition["Steps"]):
        name = step["Name"]
        for path in gets(own_arguments(step)):
            source = referenced_step(path)
            if source is not None:
                found[Edge(source, name, path.split(".", 2)[2])] = None
        for other in step.get("DependsOn") or []:
            found[Edge(other, name, "DependsOn")] = None
        if step.get("Type") == "Condition":
            for branch in BRANCHES:
                for inner in (step.get("Arguments") or {}).get(branch) or []:
                    found[Edge(name, inner["Name"], branch)] = None
    return list(found)


def find_cycle(nodes: list[str], successors: Mapping[str, list[str]]) -> list[str] | None:
    """Gives one cycle as the steps along it, the first repeated at the end, or None.

    Args:
        nodes: Every step, in the order in which to look.
        successors: The steps that come after each.
    """
    state: dict[str, int] = {}
    for start in nodes:
        if start in state:
            continue
        path, stack = [start], [iter(successors.get(start, ()))]
        state[start] = 1
        while stack:
            following = next(stack[-1], None)
            if following is None:
                state[path.pop()] = 2
                stack.pop()
            elif state.get(following) == 1:
                return [*path[path.index(following) :], following]
            elif following not in state:
                state[following] = 1
                path.append(following)
                stack.append(iter(successors.get(following, ())))
    return None
