"""SC601: serving loads a file that training never writes."""

from __future__ import annotations

from collections.abc import Iterable

from ..analysis.facts import Analysis, PathUse
from ..analysis.handlers import MODEL_FOLDER
from ..analysis.patterns import Pattern, Relation, plain
from ..findings import Finding, Verdict
from .base import Rule
from .context import WRITES, Context, sink_name


def _one(context: Context, writer: Analysis, use: PathUse, path: str, written: list[PathUse]) -> Iterable[Finding]:
    relations = {each.path.relation(path) for each in written}
    name = path.removeprefix(f"{MODEL_FOLDER}/")
    below = any(
        Pattern.of(path).relation(plain(str(each.path))) is Relation.INSIDE for each in written if each.path.is_known
    )
    if Relation.INSIDE in relations:
        message = f"{name!r}, which serving loads, is written by training"
        yield context.at("SC601", Verdict.PROVEN, "artifact", path, message, use.place, use.chain)
    elif (
        Relation.MAYBE not in relations
        and not below
        and not any(each.kind in (*WRITES, "any") for each in writer.unresolved)
    ):
        yield context.at(
            "SC601",
            Verdict.VIOLATED,
            "artifact",
            path,
            f"{sink_name(use.sink)} loads {name!r} from the model folder, but training never writes it",
            use.place,
            use.chain,
            "use the same file name in training and serving",
        )
    else:
        message = f"whether training writes {name!r}, which serving loads, cannot be told"
        yield context.at("SC601", Verdict.UNRESOLVED, "artifact", path, message, use.place, use.chain)


def check(context: Context) -> Iterable[Finding]:
    """Checks each file of the model folder that serving reads."""
    writer = context.training or context.analysis
    written = [use for use in writer.paths if use.kind in WRITES and use.place.phase != "serving"]
    written = [use for use in written if use.path.relation(MODEL_FOLDER) in (Relation.INSIDE, Relation.MAYBE)]
    if not written:
        return
    for use in context.analysis.paths:
        if use.kind != "read" or not use.path.is_known or (context.training is None and use.place.phase != "serving"):
            continue
        path = plain(str(use.path))
        if path == MODEL_FOLDER or use.path.relation(MODEL_FOLDER) is not Relation.INSIDE:
            continue
        yield from _one(context, writer, use, path, written)


RULE = Rule(
    "SC601",
    "serving loads what training never writes",
    """
    A serving handler opens a file of the model folder under a name that the training script never writes: the
    endpoint fails when it starts.

    It is checked for scripts that hold both sides, and for an inference script that is checked together with its
    training script. The verdict is UNRESOLVED when training writes files into the folder whose names are not
    known.

    To mend it, use one name on both sides.
    """,
    check,
)
