"""SC204: the script's default of a variable is not the contract's."""

from __future__ import annotations

from collections.abc import Iterable

from ..analysis.facts import MISSING, EnvRead
from ..analysis.said import telling
from ..findings import Finding, Verdict
from .base import Rule
from .context import Context
from .environment import reads_of, same_value


def _finding(
    context: Context, verdict: Verdict, name: str, read: EnvRead, message: str, declared: str | None
) -> Finding:
    return context.at(
        "SC204",
        verdict,
        "env",
        name,
        f"{message}, the contract's is {declared!r}",
        read.place,
        read.chain,
        f"read it with the default {declared!r}, or change the contract" if declared else "change one of the two",
    )


def check(context: Context) -> Iterable[Finding]:
    """Checks the default of each optional variable."""
    for name, declared in context.contract.optional_env_vars.items():
        reads = reads_of(context, name)
        if any(read.default is not MISSING for read in reads):
            reads = telling(context.analysis, [read for read in reads if read.default is not MISSING])
        for read in reads:
            none_on_some_ways = read.conditional and declared in (None, "")
            if read.default is MISSING and none_on_some_ways:
                if not read.guarded:
                    message = f"on some ways the script fails without {name}"
                    yield _finding(context, Verdict.UNRESOLVED, name, read, message, declared)
            elif read.default is MISSING or (read.enforced and not none_on_some_ways):
                if not read.guarded:
                    yield _finding(context, Verdict.VIOLATED, name, read, f"the script fails without {name}", declared)
            elif not read.default_known:
                message = f"the script's default of {name} is not a constant"
                yield _finding(context, Verdict.UNRESOLVED, name, read, message, declared)
            elif not same_value(declared, read.default):
                elsewhere = any(same_value(declared, each.default) for each in reads if each.default_known)
                may_agree = read.default is None or elsewhere or (read.replaced and not read.default)
                verdict = Verdict.UNRESOLVED if may_agree else Verdict.VIOLATED
                message = f"the script's default of {name} is {read.default!r}" + (" here" if elsewhere else "")
                yield _finding(context, verdict, name, read, message, declared)


RULE = Rule(
    "SC204",
    "default of a variable differs",
    """
    The contract promises a default for an optional environment variable, and the script uses another one, or
    fails without the variable.

    Defaults are compared as text, numbers by their value, `true` and `false` in any case. `None` and an empty text
    say alike that there is none: the script does without the variable. What the script takes where it finds the
    variable empty counts as its default: `name or "x"`, `if not name: name = "x"`, a helper that returns its own
    parameter. What a message says, of an exception or in the log, is no default where the variable is read elsewhere.

    To mend it, make the two equal.
    """,
    check,
)
