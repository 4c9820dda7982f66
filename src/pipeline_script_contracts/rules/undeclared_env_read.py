"""SC203: a variable is read that the contract does not declare."""

from __future__ import annotations

from collections.abc import Iterable

from ..analysis.facts import MISSING
from ..analysis.platform import is_platform_variable
from ..findings import Finding, Verdict
from .base import Rule
from .context import Context


def check(context: Context) -> Iterable[Finding]:
    """Checks each variable that is read."""
    declared = {*context.contract.required_env_vars, *context.contract.optional_env_vars}
    seen = set()
    for read in context.env:
        if not read.name or read.own or read.name in declared or is_platform_variable(read.name):
            continue
        key = (read.name, read.place.filename, read.place.location)
        if key in seen:
            continue
        seen.add(key)
        kind = "required_env_vars" if read.default is MISSING and not read.guarded else "optional_env_vars"
        yield context.at(
            "SC203",
            Verdict.VIOLATED,
            "env",
            read.name,
            f"environment variable {read.name} is read but not declared",
            read.place,
            read.chain,
            f"add {read.name} to {kind}",
        )


RULE = Rule(
    "SC203",
    "undeclared variable read",
    """
    The script reads an environment variable that the contract does not name, so nobody knows that it can or must
    be set.

    Variables of the platform (`SM_*`, `SAGEMAKER_*`, `AWS_*`, `PATH`, `HOME`, ...) need no declaration, nor do those
    that the script may have set itself before, or only sets for others (`os.environ.setdefault("X", "1")` as a
    statement).

    To mend it, add the variable to `required_env_vars`, or to `optional_env_vars` with the script's default.
    """,
    check,
)
