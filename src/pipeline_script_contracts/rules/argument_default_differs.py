"""SC305: the script's default of an argument is not the contract's."""

from __future__ import annotations

from collections.abc import Iterable

from ..analysis.facts import MISSING
from ..findings import Finding, Verdict
from .argument_type import type_problem
from .arguments import find_argument
from .base import Rule
from .context import Context
from .environment import same_value


def check(context: Context) -> Iterable[Finding]:
    """Checks the default of each declared argument."""
    for name, declared in context.contract.expected_arguments.items():
        argument = find_argument(context, name)
        if argument is None or declared is None or argument.required or argument.multiple:
            continue
        if type_problem(argument, declared) or argument.default in (MISSING, None):
            continue
        if argument.default_known and same_value(declared, argument.default):
            continue
        if argument.default_known:
            verdict, message = Verdict.VIOLATED, f"argument {name!r} has the default {argument.default!r} in the script"
        else:
            verdict, message = Verdict.UNRESOLVED, f"the script's default of argument {name!r} is not a constant"
        yield context.at(
            "SC305",
            verdict,
            "argument",
            name,
            f"{message}, {declared!r} in the contract",
            argument.place,
            (),
            "make the two defaults equal",
        )


RULE = Rule(
    "SC305",
    "default of an argument differs",
    """
    The contract and the script give an argument different defaults. Run by a pipeline and run by hand, the script
    then does different things.

    To mend it, make the two equal.
    """,
    check,
)
