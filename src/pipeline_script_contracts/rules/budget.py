"""SC905: the analysis ended before the script did."""

from __future__ import annotations

from collections.abc import Iterable

from ..findings import Finding, Verdict
from .base import Rule
from .context import Context


def check(context: Context) -> Iterable[Finding]:
    """Says that the step budget ran out."""
    if context.analysis.exhausted:
        message = f"the analysis stopped after {context.analysis.steps} steps"
        yield context.at("SC905", Verdict.UNRESOLVED, "analysis", "budget", message)


RULE = Rule(
    "SC905",
    "step budget exhausted",
    """
    The analyser takes a bounded number of steps so that it always ends. This script needed more; what lies behind
    is not known, and what was not found is UNRESOLVED, never VIOLATED.

    To mend it, split the script, or make large generated code a data file.
    """,
    check,
)
