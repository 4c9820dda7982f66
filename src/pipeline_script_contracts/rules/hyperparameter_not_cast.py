"""SC403: a hyperparameter is used as a number while it is still a string."""

from __future__ import annotations

from collections.abc import Iterable

from ..findings import Finding, Verdict
from .base import Rule
from .context import Context


def check(context: Context) -> Iterable[Finding]:
    """Checks each use as a number."""
    for use in context.hyperparameters:
        if use.as_number and "str" not in (context.hyperparameter_fields or {}).get(use.name, ""):
            what = "argument" if use.via == "argument" else "hyperparameter"
            yield context.at(
                "SC403",
                Verdict.VIOLATED,
                "hyperparameter",
                use.name,
                f"{what} {use.name!r} is a string on SageMaker and used as a number",
                use.place,
                use.chain,
                "convert it with int() or float(), or parse it with type=int or type=float",
            )


RULE = Rule(
    "SC403",
    "string used as a number",
    """
    SageMaker delivers every hyperparameter as a string, whatever was passed. The script computes with one,
    compares it with a number or counts with it without converting it first.

    To mend it, convert it: `int(...)`, `float(...)`, `type=int` in argparse, or a pydantic model.
    """,
    check,
)
