"""The JSONPath expressions of a transform's filters: `$`, `.name`, `['a','b']`, `[0,5:]`, `*`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from .errors import TransformError

Selector = str | list[str] | list[int | slice]

_PART = re.compile(r"\.(?P<name>[A-Za-z_][\w-]*)|\.(?P<all>\*)|\[(?P<inner>[^\[\]]+)\]")
_KEY = re.compile(r"""\s*(['"])(?P<key>.*?)\1\s*""")
_INDEX = re.compile(r"\s*(?P<start>-?\d+)?\s*(?P<colon>:)?\s*(?P<stop>-?\d+)?\s*")


def parse_json_path(text: str) -> list[Selector]:
    """Takes an expression apart.

    Args:
        text: Such as `$`, `$[1:]`, `$.features` or `$['id','SageMakerOutput']`.

    Returns:
        A name or `*`, several names, or several positions, for each part.

    Raises:
        TransformError: The text is no expression that SageMaker supports.
    """
    if not text.startswith("$"):
        raise TransformError(f"{text!r} does not start with '$'")
    selectors: list[Selector] = []
    position = 1
    while position < len(text):
        match = _PART.match(text, position)
        if match is None:
            raise TransformError(
                f"{text!r} cannot be read at {text[position:]!r}; expected .name, ['name'], [0], [1:] or *"
            )
        selectors.append(match["name"] or match["all"] or _inner(match["inner"], text))
        position = match.end()
    return selectors


def select(value: Any, selectors: Sequence[Selector]) -> Any:
    """What an expression selects of a record: several names give an object, several positions a list.

    Args:
        value: The record.
        selectors: What `parse_json_path` gave.

    Raises:
        TransformError: The record has no such part.
    """
    for selector in selectors:
        try:
            value = _select(value, selector)
        except (KeyError, IndexError, TypeError):
            raise TransformError(f"a record has no {selector!r}: {str(value)[:80]}") from None
    return value


def _inner(inner: str, text: str) -> Selector:
    if inner.strip() == "*":
        return "*"
    parts = inner.split(",")
    keys = [match["key"] for part in parts if (match := _KEY.fullmatch(part))]
    if len(keys) == len(parts):
        return keys
    positions = [_position(part, text) for part in parts]
    return positions


def _position(part: str, text: str) -> int | slice:
    match = _INDEX.fullmatch(part)
    if match is None or (match["start"] is None and match["colon"] is None):
        raise TransformError(f"{text!r} has [{part}], expected names in quotes, positions or ranges of them")
    start, stop = (None if number is None else int(number) for number in (match["start"], match["stop"]))
    if match["colon"]:
        return slice(start, stop)
    assert start is not None
    return start


def _select(value: Any, selector: Selector) -> Any:
    if selector == "*":
        return list(value.values()) if isinstance(value, dict) else list(value)
    if isinstance(selector, str):
        return value[selector]
    first = selector[0]
    if isinstance(first, str):
        return value[first] if len(selector) == 1 else {name: value[name] for name in selector}
    if len(selector) == 1 and isinstance(first, int):
        return value[first]
    found: list[Any] = []
    for position in selector:
        found += value[position] if isinstance(position, slice) else [value[position]]
    return found
