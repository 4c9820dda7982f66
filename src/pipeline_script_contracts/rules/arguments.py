"""What the rules on command line arguments share."""

from __future__ import annotations

from ..analysis.facts import Argument, HyperparameterUse
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


def asked_for(context: Context, name: str) -> list[HyperparameterUse]:
    """Gives where a training script asks SM_HPS, SM_HP_* or hyperparameters.json for an argument by its name.

    These hold all arguments of its step, unless the script's own parser fails for one that it does not know.
    """
    if not context.is_training or context.fails_for_more_arguments:
        return []
    return [use for use in context.hyperparameters if use.name == name and use.via in ("json", "env")]
