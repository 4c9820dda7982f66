"""SC902: too few calls that touch files could be followed."""

from __future__ import annotations

from collections.abc import Iterable

from ..findings import Finding, Verdict
from .base import Rule
from .context import Context


def check(context: Context) -> Iterable[Finding]:
    """Compares the coverage with the threshold."""
    threshold = context.coverage_fail_under
    if threshold is not None and context.coverage < threshold:
        share, wanted = f"{context.coverage:.0%}", f"{threshold:.0%}"
        message = f"{share} of the calls that touch files could be followed, {wanted} are asked for"
        yield context.at("SC902", Verdict.VIOLATED, "analysis", "coverage", message)


RULE = Rule(
    "SC902",
    "coverage below the threshold",
    """
    Of all calls that touch files, fewer could be followed than `coverage_fail_under` (`--coverage-fail-under`)
    asks for.

    To mend it, look at the SC901 findings, or lower the threshold.
    """,
    check,
)
