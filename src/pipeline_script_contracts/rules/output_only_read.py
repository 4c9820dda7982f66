"""SC106: a declared output is read but never written."""

from __future__ import annotations

from collections.abc import Iterable

from ..findings import Finding, Verdict
from .base import Rule
from .context import READS, WRITES, Context, sink_name


def is_only_read(context: Context, path: str) -> bool:
    """Tells whether a declared output is certainly read, certainly not written, and not an input as well."""
    if path in context.inputs.values() or context.evidence(path, WRITES) is not None or context.doubt(path, WRITES):
        return False
    return context.evidence(path, READS) is not None


def check(context: Context) -> Iterable[Finding]:
    """Checks each declared output."""
    for name, path in context.outputs.items():
        if not is_only_read(context, path):
            continue
        found = context.evidence(path, READS)
        assert found is not None
        yield context.at(
            "SC106",
            Verdict.VIOLATED,
            "output",
            path,
            f"output {name!r} ({path}) is only read, never written: {sink_name(found.use.sink)} reads {found.text}",
            found.use.place,
            found.use.chain,
            f"declare {path} as an input, or write it",
        )


RULE = Rule(
    "SC106",
    "output only read",
    """
    The contract declares an output, and the script reads it but never writes it: the two directions were
    confused.

    To mend it, declare the path as an input, or write it.
    """,
    check,
)
