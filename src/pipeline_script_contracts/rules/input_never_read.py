"""SC101: a declared input is never read."""

from __future__ import annotations

from collections.abc import Iterable

from ..findings import Finding
from .base import Rule
from .context import READS, Context
from .paths import declared_is_used


def check(context: Context) -> Iterable[Finding]:
    """Checks each declared input."""
    for name, path in context.inputs.items():
        yield declared_is_used(context, "SC101", "input", name, path, READS, "read")


RULE = Rule(
    "SC101",
    "declared input never read",
    """
    The contract declares an input path that the script never reads. A step that provides it works for nothing, or
    the script misses data that it should use.

    A read opens the path or something below it, or lists it. Asking whether it exists, creating it as a folder or
    joining it to a longer path is not a read. The verdict is UNRESOLVED when a call whose path is not known, or
    code that cannot be seen, may read it.

    To mend it, read the path, or drop it from `expected_input_paths`.
    """,
    check,
)
