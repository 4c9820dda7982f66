"""SC105: a declared input is written."""

from __future__ import annotations

from collections.abc import Iterable

from ..analysis.patterns import Relation
from ..findings import Finding, Verdict
from .base import Rule
from .context import Context, Settled, sink_name

_DATABASES = ("lmdb.", "zarr.", "shelve.", "dbm.", "rasterio.")
_VERBS = {"write": "writes", "update": "updates", "delete": "removes"}


def _changes(each: Settled) -> bool:
    """Opening for update changes a file; a database or memory map may be opened that way only to be read."""
    use = each.use
    opened = use.sink.rpartition(".")[2] == "open" and not use.sink.startswith(_DATABASES)
    return use.kind in ("write", "delete") or (use.kind == "update" and opened)


def check(context: Context) -> Iterable[Finding]:
    """Checks each write."""
    seen = set()
    for each in context.paths:
        if not _changes(each) or context.covered(each.path, context.outputs) is Relation.INSIDE:
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
                f"input {name!r} ({path}) is changed: {sink_name(each.use.sink)} {_VERBS[each.use.kind]} {each.text}",
                each.use.place,
                each.use.chain,
                "write to a declared output instead",
            )


RULE = Rule(
    "SC105",
    "input written",
    """
    The script writes into a declared input. Inputs are copies that SageMaker throws away, and with some input
    modes they cannot be written at all.

    To mend it, write to a declared output.
    """,
    check,
)
