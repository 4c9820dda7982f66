"""What changed from one pipeline definition to another, and which steps lose their cached results by it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pipeline_steps.references import gets, referenced_step
from pipeline_steps.step_graph import Definition, Step, iter_steps, own_arguments

_NAMES = ("InputName", "OutputName", "ChannelName", "PropertyFileName", "Name", "Key")
_UNCACHED = ("Name", "DependsOn", "CacheConfig", "RetryPolicies", "DisplayName", "Description")
_MISSING = object()


@dataclass(frozen=True)
class Change:
    """One value that is not what it was.

    Args:
        path: Where, such as `HyperParameters.lr`.
        old: What it was; None where it was not there.
        new: What it is; None where it is no longer there.
    """

    path: str
    old: Any
    new: Any

    def __str__(self) -> str:
        """`path: old -> new`."""
        return f"{self.path}: {_shown(self.old)} -> {_shown(self.new)}"


@dataclass(frozen=True)
class DefinitionDiff:
    """The difference of two definitions.

    Args:
        pipeline: Changes outside the steps, parameters included.
        added: Steps that are new.
        removed: Steps that are gone.
        changed: Changes by step.
        reasons: Cached steps that lose their results, each with the reason.
        kept: Cached steps that keep their results.
    """

    pipeline: list[Change] = field(default_factory=list)
    added: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    changed: dict[str, list[Change]] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    kept: list[str] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        """Whether nothing changed."""
        return not (self.pipeline or self.added or self.removed or self.changed)

    def __str__(self) -> str:
        """The difference for people; empty when nothing changed."""
        if self.is_empty:
            return "nothing changed\n"
        lines = [f"~ {change}" for change in self.pipeline]
        lines += [f"+ step {name}" for name in self.added]
        lines += [f"- step {name}" for name in self.removed]
        for name, changes in self.changed.items():
            lines += [f"~ step {name}", *(f"    {change}" for change in changes)]
        lines += [f"loses its cache: {name}: {reason}" for name, reason in self.reasons.items()]
        lines += [f"keeps its cache: {', '.join(self.kept)}"] if self.kept else []
        return "\n".join(lines) + "\n"


def diff_definitions(old: Definition, new: Definition) -> DefinitionDiff:
    """Compares two definitions.

    Args:
        old: The one before.
        new: The one after.
    """
    before, after = _steps(old), _steps(new)
    changed = {}
    for name in after:
        if name in before:
            changes = list(_changes(_own(before[name]), _own(after[name]), ""))
            if changes:
                changed[name] = changes
    reasons = _lost(before, after, _parameter_defaults(old), _parameter_defaults(new))
    cached = [name for name, step in after.items() if _is_cached(step)]
    return DefinitionDiff(
        pipeline=list(_changes(_outside(old), _outside(new), "")),
        added=[name for name in after if name not in before],
        removed=[name for name in before if name not in after],
        changed=changed,
        reasons={name: reasons[name] for name in cached if name in reasons},
        kept=[name for name in cached if name not in reasons],
    )


def _lost(
    before: Mapping[str, Step], after: Mapping[str, Step], old: Mapping[str, Any], new: Mapping[str, Any]
) -> dict[str, str]:
    """Gives each step that runs anew with its reason: a change of its own, of a parameter, or of what feeds it."""
    reasons: dict[str, str] = {}
    for name, step in after.items():
        if name not in before:
            reasons[name] = "it is new"
        elif _relevant(before[name]) != _relevant(step):
            reasons[name] = "it changed"
        elif _is_cached(step) and not _is_cached(before[name]):
            reasons[name] = "it was not cached before"
        else:
            used = [path.removeprefix("Parameters.") for path in gets(own_arguments(step))]
            moved = [used_name for used_name in used if used_name in new and old.get(used_name) != new[used_name]]
            if moved:
                reasons[name] = f"the default of {moved[0]} changed"
    feeding = {name: _sources(step) for name, step in after.items()}
    settled = False
    while not settled:
        settled = True
        for name in after:
            source = next((each for each in feeding[name] if each in reasons or not _is_cached(after[each])), None)
            if name not in reasons and source is not None:
                why = "runs anew" if source in reasons else "is not cached"
                reasons[name] = f"it reads the results of {source}, which {why}"
                settled = False
    return reasons


def _sources(step: Step) -> list[str]:
    sources = (referenced_step(path) for path in gets(own_arguments(step)))
    return [source for source in dict.fromkeys(sources) if source is not None]


def _is_cached(step: Step) -> bool:
    return bool((step.get("CacheConfig") or {}).get("Enabled"))


def _relevant(step: Step) -> dict[str, Any]:
    return {key: value for key, value in _own(step).items() if key not in _UNCACHED}


def _own(step: Step) -> dict[str, Any]:
    return {**{key: value for key, value in step.items() if key != "Arguments"}, **own_arguments(step)}


def _steps(definition: Definition) -> dict[str, Step]:
    return {step["Name"]: step for step, _ in iter_steps(definition["Steps"])}


def _outside(definition: Definition) -> dict[str, Any]:
    return {key: value for key, value in definition.items() if key != "Steps"}


def _parameter_defaults(definition: Definition) -> dict[str, Any]:
    return {entry["Name"]: entry.get("DefaultValue") for entry in definition.get("Parameters") or []}


def _changes(old: Any, new: Any, path: str) -> Iterator[Change]:
    if isinstance(old, list) and isinstance(new, list):
        named = _by_name(old), _by_name(new)
        if all(isinstance(each, dict) for each in named):
            old, new = named
    if isinstance(old, dict) and isinstance(new, dict):
        for key in [*old, *(key for key in new if key not in old)]:
            inner = f"{path}.{key}" if path else key
            yield from _changes(old.get(key, _MISSING), new.get(key, _MISSING), inner)
    elif old != new or type(old) is not type(new):
        yield Change(path, None if old is _MISSING else old, None if new is _MISSING else new)


def _by_name(value: list[Any]) -> Any:
    """Turns a list of named objects into a mapping, so that an inserted entry does not change those behind it."""
    if not all(isinstance(each, dict) for each in value):
        return value
    for key in _NAMES:
        names = [each.get(key) for each in value]
        if all(isinstance(name, str) for name in names) and len(set(names)) == len(names):
            return {name: {k: v for k, v in each.items() if k != key} for name, each in zip(names, value, strict=True)}
    return value


def _shown(value: Any) -> str:
    if value is None:
        return "nothing"
    text = json.dumps(value, ensure_ascii=False, sort_keys=True)
    return text if len(text) <= 100 else f"{text[:97]}..."
