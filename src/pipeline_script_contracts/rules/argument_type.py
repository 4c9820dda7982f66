"""SC304: the contract and the script want different kinds of value."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..analysis.facts import Argument
from ..findings import Finding, Verdict
from .arguments import find_argument
from .base import Rule
from .context import Context
from .environment import same_value

_BOOLEANS = {"true", "false", "1", "0", "yes", "no", "y", "n", "t", "f", "on", "off"}


def type_problem(argument: Argument, declared: Any) -> str:
    """Says what is wrong with a declared default, or nothing."""
    if argument.multiple:
        return ""
    if argument.flag:
        return "" if _is_boolean(declared) or declared is None else f"it is a flag, the contract gives it {declared!r}"
    if isinstance(declared, bool):
        fits = argument.type in ("bool", "") or isinstance(argument.default, bool) or _is_boolean(argument.default)
        return "" if fits else "it takes a value, the contract declares a flag"
    if declared is None:
        return ""
    if argument.type in ("int", "float"):
        try:
            (int if argument.type == "int" else float)(str(declared))
        except ValueError:
            return f"it is read as {argument.type}, the contract's default is {declared!r}"
    if argument.choices is not None and not any(same_value(choice, declared) for choice in argument.choices):
        allowed = ", ".join(repr(choice) for choice in argument.choices)
        return f"the contract's default {declared!r} is not among its choices {allowed}"
    return ""


def _is_boolean(value: Any) -> bool:
    return isinstance(value, bool) or str(value).lower() in _BOOLEANS


def _is_own_default(argument: Argument, declared: Any) -> bool:
    """Tells whether it is the script's default too, which argparse converts only where it is a text."""
    converted = isinstance(argument.default, str) and argument.type in ("int", "float")
    return argument.default_known and not converted and same_value(declared, argument.default)


def check(context: Context) -> Iterable[Finding]:
    """Checks the type of each declared argument."""
    for name, declared in context.contract.expected_arguments.items():
        argument = find_argument(context, name)
        problem = type_problem(argument, declared) if argument is not None else ""
        if argument is not None and problem:
            yield context.at(
                "SC304",
                Verdict.UNRESOLVED if _is_own_default(argument, declared) else Verdict.VIOLATED,
                "argument",
                name,
                f"argument {name!r}: {problem}",
                argument.place,
                (),
                "make the contract's default fit the script's argument",
            )


RULE = Rule(
    "SC304",
    "argument of another type",
    """
    The contract's default does not fit how the script takes the argument: a value for a flag, a flag for a value,
    a text where a number is read, or a value that is not among the script's choices.

    A default that the script itself gives is not converted, unless it is a text, and not held against the choices.
    Where the contract names the same one, only a step that passes it fails, so the verdict is UNRESOLVED.

    To mend it, change the default in the contract or the argument in the script.
    """,
    check,
)
