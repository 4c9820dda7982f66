"""SC103: a read outside of the contract."""

from __future__ import annotations

from collections.abc import Iterable

from ..findings import Finding
from .base import Rule
from .context import READS, Context
from .paths import undeclared


def check(context: Context) -> Iterable[Finding]:
    """Checks each read."""
    return undeclared(context, "SC103", "input", READS, "reads")


RULE = Rule(
    "SC103",
    "undeclared read",
    """
    The script reads a path that is neither a declared input nor a declared output, nor below one. In the
    container that path is empty, or holds what nobody promised. It is UNRESOLVED where the path was handed to code
    out of sight before, which may have filled it. What the script has written there itself before is no input: that it
    writes there is told by SC104.

    Relative paths, temporary folders, the source folder `/opt/ml/code` and the platform's own files
    (`/opt/ml/input/config/resourceconfig.json`, ...) need no declaration.

    To mend it, declare the path in `expected_input_paths`, or read a declared one.
    """,
    check,
)
