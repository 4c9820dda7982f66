"""SC104: a write outside of the contract."""

from __future__ import annotations

from collections.abc import Iterable

from ..findings import Finding
from .base import Rule
from .context import Context
from .paths import undeclared


def check(context: Context) -> Iterable[Finding]:
    """Checks each write."""
    return undeclared(context, "SC104", "output", ("write",), "writes")


RULE = Rule(
    "SC104",
    "undeclared write",
    """
    The script writes a path that is not a declared output, nor below one. SageMaker keeps nothing of it when the
    job ends.

    Relative paths, temporary folders and the platform's own files (`/opt/ml/output/failure`) need no declaration.
    Writing into a declared input is SC105.

    To mend it, declare the path in `expected_output_paths`, or write below a declared one.
    """,
    check,
)
