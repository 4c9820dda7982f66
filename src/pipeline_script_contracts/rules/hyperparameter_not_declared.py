"""SC401: a hyperparameter is used that the contract's model does not have."""

from __future__ import annotations

from collections.abc import Iterable

from ..findings import Finding, Verdict
from .base import Rule
from .context import Context


def check(context: Context) -> Iterable[Finding]:
    """Checks each hyperparameter that is used by name."""
    fields = context.hyperparameter_fields
    if fields is None:
        return
    for use in context.hyperparameters:
        if use.via in ("json", "env") and use.name not in ("*", "**") and not use.as_number and use.name not in fields:
            yield context.at(
                "SC401",
                Verdict.VIOLATED,
                "hyperparameter",
                use.name,
                f"hyperparameter {use.name!r} is used but {context.contract.hyperparameters} does not declare it",
                use.place,
                use.chain,
                f"add {use.name!r} to {context.contract.hyperparameters}",
            )


RULE = Rule(
    "SC401",
    "hyperparameter used but not declared",
    """
    The script asks for a hyperparameter that the contract's model does not declare. Nobody can set it, or a
    typing error goes unnoticed.

    To mend it, add the field to the model, or use the declared name.
    """,
    check,
)
