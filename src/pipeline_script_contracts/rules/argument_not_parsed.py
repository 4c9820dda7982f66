"""SC301: a declared argument is not parsed."""

from __future__ import annotations

from collections.abc import Iterable

from ..findings import Finding, Verdict
from .arguments import asked_for, find_argument, spellings
from .base import Rule
from .context import Context


def _missing(context: Context, name: str) -> Finding:
    doubt = context.analysis.arguments_open or context.gap_of_arguments or context.unreached("argument")
    for use in asked_for(context, name):
        message = f"argument {name!r} is read from the hyperparameters"
        return context.at("SC301", Verdict.PROVEN, "argument", name, message, use.place, use.chain)
    for use in asked_for(context, "*"):
        if not context.contract.hyperparameters:
            doubt = doubt or f"line {use.place.location.line} hands all hyperparameters on"
    doubt = "" if context.fails_for_more_arguments else doubt
    if doubt:
        message = f"whether argument {name!r} is parsed cannot be told: {doubt}"
        return context.at("SC301", Verdict.UNRESOLVED, "argument", name, message)
    message = f"argument {name!r} is declared but not parsed"
    advice = f"parse --{name}, or drop it from expected_arguments"
    return context.at("SC301", Verdict.VIOLATED, "argument", name, message, None, (), advice)


def check(context: Context) -> Iterable[Finding]:
    """Checks each declared argument."""
    for name in context.contract.expected_arguments:
        argument = find_argument(context, name)
        if argument is not None and name in spellings(argument):
            message = f"argument {name!r} is parsed"
            yield context.at("SC301", Verdict.PROVEN, "argument", name, message, argument.place)
        elif argument is None or asked_for(context, name):
            yield _missing(context, name)


RULE = Rule(
    "SC301",
    "declared argument not parsed",
    """
    The contract declares a command line argument that the script does not parse. The step passes it, and the
    script fails or ignores it. What a training script reads by name from `SM_HPS` or `hyperparameters.json` is an
    argument, too: these hold all that its step passes.

    To mend it, parse the argument, or drop it from `expected_arguments`.
    """,
    check,
)
