"""SC901: a call touches files in a way that could not be followed."""

from __future__ import annotations

from collections.abc import Iterable

from ..analysis.patterns import Relation
from ..findings import Finding, Verdict
from .base import Rule
from .context import READS, WRITES, Context, Settled, sink_name


def _open_path(context: Context, each: Settled) -> str:
    """Says why a path leaves a question open, or nothing."""
    if context.is_scratch(each):
        return ""
    name = sink_name(each.use.sink)
    other = context.of_another_job(each)
    if other and each.use.kind in (*READS, *WRITES):
        return f"{name} is given {other}"
    if each.use.kind == "delegate":
        return f"{each.text} is handed to {name}, whose code is not followed"
    if each.use.kind not in (*READS, *WRITES):
        return ""
    relation = context.covered(each.path, {**context.outputs, **{f"input {k}": v for k, v in context.inputs.items()}})
    if relation is Relation.MAYBE:
        return f"{name} is given {each.text}, which may or may not be a declared path"
    if relation is Relation.ABOVE and each.use.kind != "list" and not each.use.tree:
        return f"{name} is given {each.text}, which lies above declared paths"
    return ""


def check(context: Context) -> Iterable[Finding]:
    """Gives each call that could not be followed."""
    seen = set()
    for each in context.unresolved:
        key = (each.sink, each.place)
        if each.kind not in ("probe", "create", "delete") and key not in seen:
            seen.add(key)
            message = f"{sink_name(each.sink)} cannot be followed: {each.reason}"
            yield context.at(
                "SC901", Verdict.UNRESOLVED, "analysis", sink_name(each.sink), message, each.place, each.chain
            )
    for use in context.paths:
        key = (use.use.sink, use.use.place)
        message = _open_path(context, use)
        if message and key not in seen:
            seen.add(key)
            yield context.at("SC901", Verdict.UNRESOLVED, "analysis", use.text, message, use.use.place, use.use.chain)
    for read in context.env:
        if not read.name:
            message = "an environment variable is read whose name is not known"
            yield context.at("SC901", Verdict.UNRESOLVED, "analysis", "os.environ", message, read.place)


RULE = Rule(
    "SC901",
    "unresolved input or output",
    """
    A call reads or writes files, and the analyser could not tell which: the path is not known, or the call is
    handed to code that is not here. What it may do is never held against the script; clauses that it may fulfil
    are UNRESOLVED.

    To mend it, build the path from constants, arguments with defaults or declared variables, or make the code
    visible (`source_roots`). A reader or writer that the analyser does not know is one line in its table.
    """,
    check,
)
