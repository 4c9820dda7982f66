"""SC302: an argument is parsed that the contract does not declare."""

from __future__ import annotations

from collections.abc import Iterable

from ..findings import Finding, Verdict
from .arguments import normal, spellings
from .base import Rule
from .context import Context


def check(context: Context) -> Iterable[Finding]:
    """Checks each parsed argument."""
    declared = {normal(name) for name in context.contract.expected_arguments}
    fields = {normal(name) for name in context.hyperparameter_fields or ()}
    for argument in context.arguments:
        names = {normal(each) for each in spellings(argument)}
        if names == {"model_dir"}:  # SageMaker's TensorFlow containers pass it themselves
            continue
        if names & declared or names & fields or argument.platform or argument.dest in fields:
            continue
        yield context.at(
            "SC302",
            Verdict.VIOLATED,
            "argument",
            argument.name,
            f"argument {argument.name!r} is parsed but not declared",
            argument.place,
            (),
            f"add {normal(argument.name)!r} to expected_arguments",
        )


RULE = Rule(
    "SC302",
    "parsed argument not declared",
    """
    The script parses a command line argument that the contract does not name, so no step will pass it on purpose.

    An argument whose default is a variable of the platform (`default=os.environ["SM_MODEL_DIR"]`) needs no
    declaration, nor does one that is a field of the contract's hyperparameters.

    To mend it, add the argument to `expected_arguments`.
    """,
    check,
)
