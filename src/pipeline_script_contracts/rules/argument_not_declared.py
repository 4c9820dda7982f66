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
    by_container = _passes_model_dir(context)
    fields = {normal(name) for name in context.hyperparameter_fields or ()}
    for argument in context.arguments:
        names = {normal(each) for each in spellings(argument)}
        if names == {"model_dir"} and by_container:
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


def _passes_model_dir(context: Context) -> bool:
    """Tells whether the container itself passes `--model_dir`, as SageMaker's TensorFlow containers do."""
    return context.is_training and any(
        use.module.partition(".")[0] in ("tensorflow", "keras", "sagemaker_tensorflow", "horovod")
        for use in context.analysis.imports
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
