"""Everything that can be wrong with a definition and its parameters, told before anything starts."""

from __future__ import annotations

import difflib
import graphlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pipeline_steps.local.cache import expires_after
from pipeline_steps.local.definition import Definition, Step
from pipeline_steps.local.errors import DefinitionError, LocalRunError
from pipeline_steps.local.expressions import PlannedScope, Scope, evaluate, functions, property_file_of
from pipeline_steps.local.job import job_name
from pipeline_steps.local.kinds import KINDS
from pipeline_steps.local.kinds.callables import LambdaKind, callable_name
from pipeline_steps.local.references import Reference, parse_reference
from pipeline_steps.local.spark import spark_problems
from pipeline_steps.local.storage import LocalS3

_BRANCH_KEYS = ("IfSteps", "ElseSteps")


@dataclass(frozen=True)
class Plan:
    """A definition that can run.

    Attributes:
        definition: The definition.
        needs: For each step the steps that have to end before it, in no order.
    """

    definition: Definition
    needs: Mapping[str, frozenset[str]]


def own_arguments(step: Step) -> dict[str, Any]:
    """A step's arguments without the steps that a condition holds."""
    if step.type != "Condition":
        return dict(step.arguments)
    return {key: value for key, value in step.arguments.items() if key not in _BRANCH_KEYS}


def make_plan(
    definition: Definition,
    scope: Scope,
    storage: LocalS3,
    callables: Mapping[str, Any],
    python: str,
    done: Collection[str] = (),
) -> Plan:
    """Checks a definition and orders its steps.

    Args:
        definition: The definition.
        scope: The bound parameters and the execution's variables.
        storage: Where S3 is.
        callables: What stands for Lambda functions, by name.
        python: The interpreter of the steps.
        done: Steps that have run already, whose inputs may be gone.

    Returns:
        The plan.

    Raises:
        DefinitionError: Something is wrong; every problem is told.
    """
    problems: list[str] = []
    needs: dict[str, frozenset[str]] = {}
    for step in definition.steps.values():
        needs[step.name] = frozenset(_needs(step, definition, problems))
    try:
        order = list(graphlib.TopologicalSorter(needs).static_order())
    except graphlib.CycleError as error:
        problems.append("steps wait for each other in a circle: " + " -> ".join(reversed(error.args[1])))
        order = list(definition.steps)
    planned: dict[str, Any] = {}
    for name in order:
        step = definition.steps[name]
        if step.type not in KINDS:
            problems.append(
                f"step {name!r}: type {step.type!r} does not run locally; the types that do: {', '.join(KINDS)}"
            )
            continue
        first = not needs[name] and name not in done
        found = list(_problems(step, scope, planned, storage, first=first))
        found += (
            spark_problems(step.arguments.get("AppSpecification") or {}, python) if step.type == "Processing" else []
        )
        kind = KINDS[step.type]
        if isinstance(kind, LambdaKind) and callable_name(step) not in callables:
            found.append(f"no callable {callable_name(step)!r} was given; {kind.wanted}")
        problems += [f"step {name!r}: {problem}" for problem in found]
    if problems:
        raise DefinitionError(list(dict.fromkeys(problems)))
    return Plan(definition, needs)


def _needs(step: Step, definition: Definition, problems: list[str]) -> Iterator[str]:
    where = f"step {step.name!r}"
    for name in step.depends_on:
        if name in definition.steps:
            yield from _reach(step, name, definition, f"{where}: DependsOn", problems)
        else:
            problems.append(f"{where}: DependsOn names {name!r}, {_nearest(name, definition)}")
    if step.branch:
        yield step.branch.condition
    for place, reference in _references(step, problems):
        if reference.root == "Steps":
            if reference.name in definition.steps:
                yield from _reach(step, reference.name, definition, f"{where}: {place}", problems)
            else:
                problems.append(
                    f"{where}: {place} refers to {reference.text!r}, {_nearest(reference.name, definition)}"
                )


def _references(step: Step, problems: list[str]) -> Iterator[tuple[str, Reference]]:
    for place, name, argument in functions(own_arguments(step), "Arguments"):
        where = f"step {step.name!r}: {place}"
        if name == "Get":
            try:
                yield place, parse_reference(argument)
            except ValueError as error:
                problems.append(f"{where}: {error}")
        elif name == "Std:Join":
            if not (
                isinstance(argument, Mapping)
                and isinstance(argument.get("On"), str)
                and isinstance(argument.get("Values"), list)
            ):
                problems.append(f"{where}: Std:Join has {argument!r}, expected On (a text) and Values (a list)")
        elif name == "Std:JsonGet":
            problems += [f"{where}: {problem}" for problem in _json_get_problems(argument)]
        else:
            problems.append(f"{where}: unknown function {name!r}; known are Get, Std:Join and Std:JsonGet")


def _json_get_problems(argument: Any) -> Iterator[str]:
    if not isinstance(argument, Mapping) or not isinstance(argument.get("Path"), str | Mapping):
        yield f"Std:JsonGet has {argument!r}, expected PropertyFile (or S3Uri) and Path"
    elif "S3Uri" not in argument:
        try:
            property_file_of(argument.get("PropertyFile"))
        except ValueError as error:
            yield f"Std:JsonGet: {error}"


def _reach(step: Step, name: str, definition: Definition, where: str, problems: list[str]) -> Iterator[str]:
    """Steps in a branch can be waited for by steps of the same branch, or of branches inside it, only."""
    branch = definition.steps[name].branch
    above = step.branch
    while branch and above and above != branch:
        above = definition.steps[above.condition].branch
    if branch and above != branch:
        side = "IfSteps" if branch.taken_when else "ElseSteps"
        problems.append(
            f"{where} needs step {name!r}, which runs only in {side} of condition {branch.condition!r}; "
            f"move one of the two to the other's branch"
        )
    else:
        yield name


def _problems(step: Step, scope: Scope, planned: dict[str, Any], storage: LocalS3, *, first: bool) -> Iterator[str]:
    kind = KINDS[step.type]
    planned.setdefault(step.name, {})
    view = PlannedScope(scope.parameters, scope.execution, planned)
    arguments = {}
    for key, value in own_arguments(step).items():
        bad = list(_unresolved(value, view, f"Arguments.{key}"))
        yield from bad
        if bad:
            return
        try:
            arguments[key] = evaluate(value, view)
        except (AttributeError, KeyError, TypeError, ValueError):
            return  # told with the references' form
    try:
        yield from _policy_problems(step)
        yield from kind.problems(step, arguments)
        planned[step.name] = {
            **kind.properties(step, arguments, job_name("check", step.name, 1)),
            "PropertyFiles": {item["PropertyFileName"]: {} for item in step.property_files},
        }
        expires_after(step)
        reads = kind.inputs(arguments)
    except ValueError as error:
        yield str(error)
        return
    except (AttributeError, TypeError, KeyError) as error:
        yield f"Arguments have a shape that cannot be read ({type(error).__name__}: {error})"
        return
    for field, uri in _uris(arguments, "Arguments"):
        try:
            storage.path(uri)
        except LocalRunError as error:
            yield f"{field}: {error}"
            return
    if first:
        for name, uri in reads:
            try:
                storage.objects(uri)
            except LocalRunError as error:
                yield f"{name}: {error}"


def _policy_problems(step: Step) -> Iterator[str]:
    for index, policy in enumerate(step.body.get("RetryPolicies") or []):
        if not isinstance(policy.get("ExceptionType"), list):
            yield f"RetryPolicies[{index}]: ExceptionType is {policy.get('ExceptionType')!r}, expected a list of texts"
        for name in ("IntervalSeconds", "BackoffRate", "MaxAttempts", "ExpireAfterMin"):
            value = policy.get(name, 1)
            if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
                yield f"RetryPolicies[{index}]: {name} is {value!r}, expected a number from 0 on"


def _unresolved(value: Any, scope: Scope, where: str) -> Iterator[str]:
    """The functions that do not come to a value, each with its own place."""
    for place, name, argument in functions(value, where):
        if name not in ("Get", "Std:JsonGet"):
            continue
        try:
            evaluate({name: argument}, scope)
        except KeyError as error:
            shown = argument if isinstance(argument, str) else name
            yield f"{place} refers to {shown!r}: {error.args[0]}"
        except (ValueError, TypeError):
            continue  # told with the references' form


def _uris(value: Any, where: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            if key in ("S3Uri", "S3OutputPath", "ModelDataUrl") and isinstance(item, str) and item:
                yield f"{where}.{key}", item
            else:
                yield from _uris(item, f"{where}.{key}")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _uris(item, f"{where}[{index}]")


def _nearest(name: str, definition: Definition) -> str:
    near = difflib.get_close_matches(name, definition.steps, n=1)
    if near:
        return f"a step that does not exist; did you mean {near[0]!r}?"
    return f"a step that does not exist; there is {', '.join(definition.steps)}"
