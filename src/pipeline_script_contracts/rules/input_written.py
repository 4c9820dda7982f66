"""SC105: a declared input is written."""

from __future__ import annotations

from collections.abc import Iterable

from ..analysis.patterns import Relation
from ..findings import Finding, Verdict
from .base import Rule
from .context import Context, sink_name


def check(context: Context) -> Iterable[Finding]:
    """Checks each write."""
    seen = set()
    for each in context.paths:
        if each.use.kind != "write" or context.covered(each.path, context.outputs) is Relation.INSIDE:
            continue
        for name, path in context.inputs.items():
            key = (path, each.text, each.use.place)
            if each.path.relation(path) is not Relation.INSIDE or key in seen:
                continue
            seen.add(key)
            yield context.at(
                "SC105",
                Verdict.VIOLATED,
                "input",
                path,
                f"input {name!r} ({path}) is written: {sink_name(each.use.sink)} writes {each.text}",
                each.use.place,
                each.use.chain,
                "write to a declared output instead",
            )


RULE = Rule(
    "SC105",
    "input written",
    """
    The script writes into a declared input. Inputs are copies that SageMaker throws away, and with some input modes they
    cannot be written at all.

    To mend it, write to a declared output.
    """,
    check,
)
