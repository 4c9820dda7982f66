"""What the rules on command line arguments share."""

from __future__ import annotations

from ..analysis.facts import Argument
from .context import Context


def normal(name: str) -> str:
    """Gives an argument's name with underscores."""
    return name.lstrip("-").replace("-", "_")


def spellings(argument: Argument) -> set[str]:
    """Gives all names that an argument is parsed under, without dashes."""
    return {argument.name, *(option.lstrip("-") for option in argument.options if option.startswith("--"))}


def find_argument(context: Context, name: str) -> Argument | None:
    """Finds the argument that a declared name means: spelled the same, else alike but for hyphen and underscore."""
    alike = None
    for argument in context.arguments:
        names = spellings(argument)
        if name in names:
            return argument
        if normal(name) in {normal(each) for each in names}:
            alike = alike or argument
    return alike
