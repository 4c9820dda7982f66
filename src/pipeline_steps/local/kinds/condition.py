"""Condition steps, with every type of condition."""

from __future__ import annotations

import operator
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from pipeline_steps.local.definition import Step
from pipeline_steps.local.errors import StepError
from pipeline_steps.local.expressions import Later
from pipeline_steps.local.job import Job, Outcome
from pipeline_steps.local.kinds.base import StepKind

_ORDER = {
    "GreaterThan": operator.gt,
    "GreaterThanOrEqualTo": operator.ge,
    "LessThan": operator.lt,
    "LessThanOrEqualTo": operator.le,
}
_FIELDS = {
    **dict.fromkeys(["Equals", *_ORDER], ("LeftValue", "RightValue")),
    "In": ("QueryValue", "Values"),
    "Not": ("Condition",),
    "Or": ("Conditions",),
}


class ConditionKind(StepKind):
    """A choice between two lists of steps; all conditions have to hold."""

    type: ClassVar[str] = "Condition"

    def problems(self, step: Step, arguments: Mapping[str, Any]) -> Iterator[str]:
        """See the base class."""
        conditions = arguments.get("Conditions")
        if not isinstance(conditions, list) or not conditions:
            yield "Conditions is missing or empty"
            return
        for index, condition in enumerate(conditions):
            yield from _problems(condition, f"Conditions[{index}]")

    def properties(self, step: Step, arguments: Mapping[str, Any], job_name: str) -> dict[str, Any]:
        """See the base class."""
        return {"Outcome": ""}

    def run(self, job: Job) -> Outcome:
        """See the base class."""
        lines = [_explain(condition) for condition in job.arguments["Conditions"]]
        taken = all(_holds(condition) for condition in job.arguments["Conditions"])
        for line in lines:
            job.write(f"{line}: {taken}" if len(lines) == 1 else line)
        return Outcome({"Outcome": str(taken)})


def _problems(condition: Any, where: str) -> Iterator[str]:
    kind = condition.get("Type") if isinstance(condition, Mapping) else None
    if kind not in _FIELDS:
        yield f"{where}: type {kind!r} is unknown; expected one of {', '.join(_FIELDS)}"
        return
    lacking = [name for name in _FIELDS[kind] if name not in condition]
    if lacking:
        yield f"{where} ({kind}): {', '.join(lacking)} is missing"
    elif kind == "Not":
        yield from _problems(condition["Condition"], f"{where}.Condition")
    elif kind == "Or":
        for index, inner in enumerate(condition["Conditions"]):
            yield from _problems(inner, f"{where}.Conditions[{index}]")
    elif kind == "In" and not isinstance(condition["Values"], list):
        yield f"{where} (In): Values is not a list"
    elif kind in _ORDER:
        for name in ("LeftValue", "RightValue"):
            value = condition[name]
            if isinstance(value, bool) or not isinstance(value, int | float | Later):
                yield f"{where} ({kind}): {name} is {value!r}, expected a number"


def _holds(condition: Mapping[str, Any]) -> bool:
    kind = condition["Type"]
    if kind == "Not":
        return not _holds(condition["Condition"])
    if kind == "Or":
        return any(_holds(inner) for inner in condition["Conditions"])
    if kind == "In":
        return any(_equal(condition["QueryValue"], value) for value in condition["Values"])
    left, right = condition["LeftValue"], condition["RightValue"]
    if kind == "Equals":
        return _equal(left, right)
    for value in (left, right):
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise StepError(f"{_explain(condition)}: {value!r} is not a number", expected="two numbers to compare")
    return bool(_ORDER[kind](left, right))


def _equal(left: Any, right: Any) -> bool:
    return bool(left == right) and isinstance(left, bool) == isinstance(right, bool)


def _explain(condition: Mapping[str, Any]) -> str:
    kind = condition["Type"]
    if kind == "Not":
        return f"not ({_explain(condition['Condition'])})"
    if kind == "Or":
        return " or ".join(f"({_explain(inner)})" for inner in condition["Conditions"])
    if kind == "In":
        return f"{condition['QueryValue']!r} in {condition['Values']!r}"
    return f"{condition['LeftValue']!r} {kind} {condition['RightValue']!r}"
