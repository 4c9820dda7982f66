"""SC102: a declared output is never written."""

from __future__ import annotations

from collections.abc import Iterable

from ..findings import Finding
from .base import Rule
from .context import WRITES, Context
from .output_only_read import is_only_read
from .paths import declared_is_used


def check(context: Context) -> Iterable[Finding]:
    """Checks each declared output."""
    for name, path in context.outputs.items():
        if not is_only_read(context, path):
            yield declared_is_used(context, "SC102", "output", name, path, WRITES, "written")


RULE = Rule(
    "SC102",
    "declared output never written",
    """
    The contract declares an output path that the script never writes, so the step that waits for it gets an empty
    folder.

    Creating the folder alone is not a write. The verdict is UNRESOLVED when a call whose path is not known, or
    code that cannot be seen, may write it. An output that is read but never written is reported as SC106 instead.

    To mend it, write below the path, or drop it from `expected_output_paths`.
    """,
    check,
)
