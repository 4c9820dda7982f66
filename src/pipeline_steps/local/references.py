"""References of the definition language: `Parameters.X`, `Execution.X`, `Steps.S.Outputs['o'].S3Uri`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_PART = re.compile(r"""\.(?P<name>[^.\[\]]+)|\[(?P<quote>['"])(?P<key>.*?)(?P=quote)\]|\[(?P<index>\d+)\]""")
_ITEM_NAMES = (
    "OutputName",
    "InputName",
    "ChannelName",
    "MetricName",
    "PropertyFileName",
    "Name",
)


@dataclass(frozen=True)
class Reference:
    """One `{"Get": text}`, taken apart.

    Attributes:
        text: As the definition has it.
        root: `Parameters`, `Steps` or `Execution`.
        name: The parameter, step or execution variable.
        path: What follows: names and list positions.
    """

    text: str
    root: str
    name: str
    path: tuple[str | int, ...]


def parse_path(text: str) -> tuple[str | int, ...]:
    """Takes a dotted path with brackets apart: `a.b['c'][0]`.

    Raises:
        ValueError: The text is no such path.
    """
    rest = text if text.startswith("[") else f".{text}"
    parts: list[str | int] = []
    position = 0
    while position < len(rest):
        match = _PART.match(rest, position)
        if match is None:
            raise ValueError(f"{text!r} cannot be read at {rest[position:]!r}; expected names, ['key'] and [0]")
        index = match["index"]
        parts.append(int(index) if index is not None else (match["name"] or match["key"] or ""))
        position = match.end()
    return tuple(parts)


def parse_reference(text: str) -> Reference:
    """Takes the text of a `Get` apart.

    Raises:
        ValueError: The text is no reference.
    """
    if not isinstance(text, str):
        raise ValueError(f"Get has {text!r}, expected a text")
    parts = parse_path(text)
    root, rest = parts[0], parts[1:]
    if root not in ("Parameters", "Steps", "Execution"):
        raise ValueError(f"{text!r} starts with neither 'Parameters', 'Steps' nor 'Execution'")
    if not rest or not isinstance(rest[0], str):
        raise ValueError(f"{text!r} names no {str(root).rstrip('s').lower()}")
    if root != "Steps" and len(rest) > 1:
        raise ValueError(f"{text!r} goes deeper than a value")
    if root == "Steps" and len(rest) < 2:
        raise ValueError(f"{text!r} names a step but none of its properties")
    return Reference(text, str(root), rest[0], rest[1:])


def look_up(value: Any, path: Sequence[str | int]) -> Any:
    """Follows a path through mappings and lists; an item of a list is also found by its name (`Outputs['o']`).

    Args:
        value: Where to start.
        path: Names and positions.

    Returns:
        What lies there.

    Raises:
        KeyError: The path ends early; the message says where and what there is instead.
    """
    for position, part in enumerate(path):
        choices: Any = _by_name(value) if isinstance(value, list) and isinstance(part, str) else value
        try:
            value = choices[part]
        except (KeyError, IndexError, TypeError):
            raise KeyError(f"has no {show_path(path[: position + 1])!r}; there is {_choices(value)}") from None
    return value


def show_path(path: Sequence[str | int]) -> str:
    """The path as the definition language writes it."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).lstrip(".")


def _by_name(items: list[Any]) -> dict[str, Any]:
    found = {}
    for item in items:
        if isinstance(item, Mapping):
            found.update({str(item[key]): item for key in _ITEM_NAMES if key in item})
    return found


def _choices(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(map(str, value)) or "nothing in it"
    if isinstance(value, list):
        names = ", ".join(_by_name(value))
        return f"a list of {len(value)}" + (f": {names}" if names else "")
    return f"a {type(value).__name__}"
