"""One text form for a value, whatever file it came from: 1, 1.0, "1" and "1.0" are the same category."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

WHOLE_NUMBER = r"^-?[0-9]+\.0+$"
"""A whole number written as a decimal one; its `.0` is dropped."""


def canonical_value(value: object) -> str:
    """Gives the text form that a value has in a prepared table.

    Args:
        value: A string, number or truth value.

    Returns:
        The text, with `true` and `false` for truth values and without `.0` at whole numbers.
    """
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return text.split(".")[0] if re.match(WHOLE_NUMBER, text) else text


def repeated(names: Iterable[str]) -> list[str]:
    """The names that occur more than once, in order."""
    return [name for name, count in Counter(names).items() if count > 1]
