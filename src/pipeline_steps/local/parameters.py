"""Pipeline parameters: types, defaults, allowed values."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from typing import Any

_TYPES = ("String", "Integer", "Float", "Boolean")


def bind_parameters(
    declared: Sequence[Mapping[str, Any]], given: Mapping[str, object]
) -> tuple[dict[str, Any], list[str]]:
    """Gives every parameter its value.

    Args:
        declared: The definition's `Parameters`.
        given: Values by name; a text is read as the parameter's type, as a command line needs it.

    Returns:
        The values, and what is wrong with them.
    """
    values: dict[str, Any] = {}
    problems: list[str] = []
    for item in declared:
        name, kind = item.get("Name"), item.get("Type")
        if not isinstance(name, str) or kind not in _TYPES:
            problems.append(f"parameter {name!r} has the type {kind!r}, expected one of {', '.join(_TYPES)}")
            continue
        if name in values:
            problems.append(f"parameter {name!r} is declared twice")
        raw = given[name] if name in given else item.get("DefaultValue")
        if raw is None:
            problems.append(f"parameter {name!r} ({kind}) has no value and no default; give it a value")
            continue
        try:
            values[name] = _convert(raw, kind)
        except ValueError:
            problems.append(f"parameter {name!r} is {raw!r}, expected a value of type {kind}")
            continue
        allowed = item.get("EnumValues")
        if allowed and values[name] not in allowed:
            problems.append(f"parameter {name!r} is {raw!r}, expected one of {', '.join(map(repr, allowed))}")
    known = [str(item.get("Name")) for item in declared]
    for name in given:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else f"; there is {', '.join(known) or 'none'}"
            problems.append(f"unknown parameter {name!r}{hint}")
    return values, problems


def _convert(raw: object, kind: str) -> Any:
    if kind == "String" and isinstance(raw, str):
        return raw
    if kind == "Boolean":
        if isinstance(raw, bool):
            return raw
        if isinstance(raw, str) and raw.lower() in ("true", "false"):
            return raw.lower() == "true"
    if kind == "Integer" and not isinstance(raw, bool):
        if isinstance(raw, int | str):
            return int(raw)
        if isinstance(raw, float) and raw.is_integer():
            return int(raw)
    if kind == "Float" and not isinstance(raw, bool) and isinstance(raw, int | float | str):
        return float(raw)
    raise ValueError(raw)
