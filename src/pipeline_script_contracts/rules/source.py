"""SC903: a source file cannot be analysed."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ..analysis.facts import Place
from ..findings import Finding, Verdict
from .base import Rule
from .context import Context


def check(context: Context) -> Iterable[Finding]:
    """Gives each file that could not be analysed."""
    for problem in context.analysis.problems:
        place = Place(problem.filename, problem.location, problem.location)
        message = f"{Path(problem.filename).name} {problem.message}"
        yield context.at("SC903", Verdict.UNRESOLVED, "analysis", problem.filename, message, place)


RULE = Rule(
    "SC903",
    "source that cannot be analysed",
    """
    A file has a syntax error, is not UTF-8, is too large or nested too deeply. Nothing is known of what it does,
    so every clause that it might fulfil is UNRESOLVED.

    To mend it, correct or split the file.
    """,
    check,
)
