"""SC202: an optional variable is never read."""

from __future__ import annotations

from collections.abc import Iterable

from ..findings import Finding
from .base import Rule
from .context import Context
from .environment import variable_is_read


def check(context: Context) -> Iterable[Finding]:
    """Checks each optional variable."""
    for name in context.contract.optional_env_vars:
        yield variable_is_read(context, "SC202", name)


RULE = Rule(
    "SC202",
    "optional variable never read",
    """
    The contract declares an optional environment variable that the script never reads: setting it has no effect.

    To mend it, read the variable, or drop it from `optional_env_vars`.
    """,
    check,
)
