"""SC205: a required variable is read with a default."""

from __future__ import annotations

from collections.abc import Iterable

from ..analysis.facts import MISSING
from ..findings import Finding, Verdict
from .base import Rule
from .context import Context
from .environment import reads_of


def check(context: Context) -> Iterable[Finding]:
    """Checks each read of a required variable."""
    for name in context.contract.required_env_vars:
        reads = reads_of(context, name)
        if any(read.enforced or (read.default is MISSING and not read.guarded) for read in reads):
            continue
        for read in reads:
            if read.default is MISSING or read.default is None:
                continue
            default = repr(read.default) if read.default_known else "that is not a constant"
            yield context.at(
                "SC205",
                Verdict.VIOLATED,
                "env",
                name,
                f"environment variable {name} is required by the contract but read with a default ({default})",
                read.place,
                read.chain,
                f'read it as os.environ["{name}"], or declare it as optional',
            )


RULE = Rule(
    "SC205",
    "required variable read with a default",
    """
    The contract requires an environment variable, but the script goes on without it, with a default of its own. A
    missing setting then goes unnoticed.

    To mend it, read it as `os.environ["NAME"]`, or declare it in `optional_env_vars` with that default.
    """,
    check,
)
