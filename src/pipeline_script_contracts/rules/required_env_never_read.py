"""SC201: a required variable is never read."""

from __future__ import annotations

from collections.abc import Iterable

from ..findings import Finding
from .base import Rule
from .context import Context
from .environment import variable_is_read


def check(context: Context) -> Iterable[Finding]:
    """Checks each required variable."""
    for name in context.contract.required_env_vars:
        yield variable_is_read(context, "SC201", name)


RULE = Rule(
    "SC201",
    "required variable never read",
    """
    The contract requires an environment variable that the script never reads.

    To mend it, read the variable, or drop it from `required_env_vars`.
    """,
    check,
)
