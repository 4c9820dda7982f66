"""What a change of contracts means for those who rely on them.

Consumers of a contract are the steps that wire its inputs and outputs, and whoever passes its arguments and variables.
A change breaks them when what worked before no longer does: something new must be supplied, or something that was
relied upon is gone or lies elsewhere. A change of behaviour leaves them running, with other results.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Impact(StrEnum):
    """What a change does to consumers, worst first."""

    BREAKING = "breaking"
    BEHAVIOUR = "behaviour"
    COMPATIBLE = "compatible"


@dataclass(frozen=True)
class Change:
    """One change of one contract."""

    contract: str
    impact: Impact
    field: str
    subject: str
    message: str

    def to_dict(self) -> dict[str, str]:
        """Gives the change as JSON has it."""
        return {
            "contract": self.contract,
            "impact": self.impact.value,
            "field": self.field,
            "subject": self.subject,
            "message": self.message,
        }


Fields = Mapping[str, Any]


def compare(old: Mapping[str, Fields], new: Mapping[str, Fields]) -> list[Change]:
    """Compares two sets of contracts.

    Args:
        old: Contract name to its fields, with the class under `type`.
        new: The same, later.

    Returns:
        The changes: breaking ones first, then by contract and field.
    """
    changes = []
    for name in sorted({*old, *new}):
        if name not in new:
            changes.append(Change(name, Impact.BREAKING, "contract", name, "the contract is gone"))
        elif name not in old:
            changes.append(Change(name, Impact.COMPATIBLE, "contract", name, "the contract is new"))
        else:
            changes += _contract(name, old[name], new[name])
    order = list(Impact)
    return sorted(changes, key=lambda each: (order.index(each.impact), each.contract, each.field, each.subject))


def _contract(name: str, old: Fields, new: Fields) -> Iterator[Change]:
    for field in ("type", "entry_point"):
        if old.get(field) != new.get(field):
            message = f"{field} changed from {old.get(field)} to {new.get(field)}"
            yield Change(name, Impact.BREAKING, field, str(new.get(field)), message)
    yield from _paths(name, "expected_input_paths", old, new)
    yield from _paths(name, "expected_output_paths", old, new)
    yield from _arguments(name, old.get("expected_arguments", {}), new.get("expected_arguments", {}))
    yield from _environment(name, old, new)
    if old.get("hyperparameters") != new.get("hyperparameters"):
        message = f"hyperparameters changed from {old.get('hyperparameters')} to {new.get('hyperparameters')}"
        yield Change(name, Impact.BEHAVIOUR, "hyperparameters", str(new.get("hyperparameters")), message)
    yield from _requirements(name, old.get("framework_requirements", {}), new.get("framework_requirements", {}))


def _paths(name: str, field: str, old: Fields, new: Fields) -> Iterator[Change]:
    before, after = old.get(field, {}), new.get(field, {})
    provided = new.get("framework_provided", ())
    kind = "input" if field == "expected_input_paths" else "output"
    for subject in sorted({*before, *after}):
        if subject not in after:
            message = f"{kind} {subject} is gone; what is wired to it fails"
            yield Change(name, Impact.BREAKING, field, subject, message)
        elif subject not in before:
            needs_wiring = kind == "input" and subject not in provided
            message = f"{kind} {subject} is new" + ("; every step must supply it" if needs_wiring else "")
            yield Change(name, Impact.BREAKING if needs_wiring else Impact.COMPATIBLE, field, subject, message)
        elif before[subject] != after[subject]:
            message = f"{kind} {subject} moved from {before[subject]} to {after[subject]}"
            yield Change(name, Impact.BREAKING, field, subject, message)


def _arguments(name: str, before: Fields, after: Fields) -> Iterator[Change]:
    field = "expected_arguments"
    for subject in sorted({*before, *after}):
        if subject not in after:
            yield Change(name, Impact.BREAKING, field, subject, f"argument --{subject} is gone; passing it fails")
        elif subject not in before:
            required = after[subject] is None
            message = f"argument --{subject} is new" + (" and required" if required else "")
            yield Change(name, Impact.BREAKING if required else Impact.COMPATIBLE, field, subject, message)
        elif before[subject] != after[subject]:
            yield _default(name, field, subject, f"argument --{subject}", before[subject], after[subject])


def _environment(name: str, old: Fields, new: Fields) -> Iterator[Change]:
    before, after = _variables(old), _variables(new)
    for subject in sorted({*before, *after}):
        if subject not in after:
            message = f"variable {subject} is gone; setting it has no effect"
            yield Change(name, Impact.BEHAVIOUR, "env", subject, message)
        elif subject not in before:
            required = after[subject] is None
            message = f"variable {subject} is new" + (" and required" if required else "")
            yield Change(name, Impact.BREAKING if required else Impact.COMPATIBLE, "env", subject, message)
        elif before[subject] != after[subject]:
            yield _default(name, "env", subject, f"variable {subject}", before[subject], after[subject])


def _variables(fields: Fields) -> dict[str, Any]:
    """Gives the variables with their defaults: None where they are required, empty where there is none."""
    optional = {name: default or "" for name, default in fields.get("optional_env_vars", {}).items()}
    return {**dict.fromkeys(fields.get("required_env_vars", ())), **optional}


def _default(name: str, field: str, subject: str, what: str, before: Any, after: Any) -> Change:
    if after is None:
        return Change(name, Impact.BREAKING, field, subject, f"{what} is now required; its default was {before!r}")
    if before is None:
        return Change(
            name, Impact.COMPATIBLE, field, subject, f"{what} is no longer required; its default is {after!r}"
        )
    return Change(name, Impact.BEHAVIOUR, field, subject, f"{what}: the default changed from {before!r} to {after!r}")


def _requirements(name: str, before: Fields, after: Fields) -> Iterator[Change]:
    for subject in sorted({*before, *after}):
        if before.get(subject) != after.get(subject):
            message = f"requirement {subject}: {before.get(subject, 'none')} became {after.get(subject, 'none')}"
            yield Change(name, Impact.BEHAVIOUR, "framework_requirements", subject, message)
