"""SC303: hyphen and underscore disagree."""

from __future__ import annotations

from collections.abc import Iterable

from ..findings import Finding, Verdict
from .arguments import asked_for, find_argument, spellings
from .base import Rule
from .context import Context


def check(context: Context) -> Iterable[Finding]:
    """Checks the spelling of each declared argument."""
    for name in context.contract.expected_arguments:
        argument = find_argument(context, name)
        if argument is not None and name not in spellings(argument) and not asked_for(context, name):
            yield context.at(
                "SC303",
                Verdict.VIOLATED,
                "argument",
                name,
                f"argument {name!r} is spelled {argument.name!r} in the script",
                argument.place,
                (),
                f"spell it {name!r} in both",
            )


RULE = Rule(
    "SC303",
    "argument spelled with another hyphen or underscore",
    """
    The contract and the script spell an argument differently: `job-type` and `job_type`. argparse does not take
    one for the other on the command line, so the script rejects what the step passes. A training script that asks
    for it by the contract's name as well (`SM_HP_JOB_TYPE`, `SM_HPS`), and knows other arguments too, gets it.

    To mend it, spell both the same way.
    """,
    check,
)
