"""SC601: serving loads a file that training never writes."""

from __future__ import annotations

from collections.abc import Iterable

from ..analysis.facts import Analysis, PathUse
from ..analysis.patterns import Hole, Parts, Pattern, Relation, plain
from ..analysis.platform import MODEL_FOLDER
from ..findings import Finding, Verdict
from .base import Rule
from .context import WRITES, Context, sink_name

_ARCHIVES = (".tar.gz", ".tgz", ".tar", ".zip")


def written_artifacts(writer: Analysis) -> list[Pattern]:
    """Gives the files that training leaves in the model folder, those too that are made elsewhere and moved there.

    Args:
        writer: What the training script does.

    Returns:
        The paths; holes stand for names that are not known. Files under a made-up temporary name are left out.
    """
    uses = [use for use in writer.paths if use.kind in WRITES and use.place.phase != "serving"]
    found = {use.path: use.path.components for use in uses}
    explained = set()
    for _ in range(2):  # made in one folder, moved to another, and from there to the model folder
        for use in uses:
            moved = _moved(use, found.values())
            found.update((path, path.components) for path in moved if path not in found)
            if moved:
                explained.add(use.path)
    kept = [path for path in found if path.relation(MODEL_FOLDER) in (Relation.INSIDE, Relation.MAYBE)]
    return [path for path in kept if not _is_temporary(path) and not (path in explained and not path.is_known)]


def _moved(use: PathUse, written: Iterable[list[Parts]]) -> list[Pattern]:
    """Gives where the written files lie after a move."""
    if use.source is None:
        return []
    source, target = use.source.components, use.path.components
    if source and target and _is_name(source[-1]) and _is_name(target[-1]):
        source, target = source[:-1], target[:-1]  # every entry of a folder is moved
    result = []
    for parts in written:
        if len(parts) > len(source) and parts[: len(source)] == source:
            pieces = [piece for part in (*target, *parts[len(source) :]) for piece in ("/", *part)]
            result.append(Pattern.of(*pieces))
    return result


def _is_name(part: tuple[object, ...]) -> bool:
    return len(part) == 1 and isinstance(part[0], Hole)


def _is_temporary(path: Pattern) -> bool:
    return any(isinstance(part, Hole) and part.kind == "temporary" for part in path.parts)


def _one(
    context: Context, writer: Analysis, use: PathUse, path: str, folder: str, written: list[Pattern]
) -> Iterable[Finding]:
    name = path.removeprefix(f"{folder}/")
    target = f"{MODEL_FOLDER}/{name}"
    relations = {each.relation(target) for each in written}
    above = [plain(str(each)) for each in written if each.is_known]
    below = [each for each in above if Pattern.of(target).relation(each) is Relation.INSIDE]
    if Relation.INSIDE not in relations and any("." in each.rpartition("/")[2] for each in below):
        return  # what lies above it is written as a file, so that it is never opened
    if Relation.INSIDE in relations:
        message = f"{name!r}, which {_reader(context)} loads, is written by training"
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
            f"use the same file name in training and {_reader(context)}",
        )
    else:
        message = f"whether training writes {name!r}, which {_reader(context)} loads, cannot be told"
        yield context.at("SC601", Verdict.UNRESOLVED, "artifact", path, message, use.place, use.chain)


def _reader(context: Context) -> str:
    return "serving" if context.is_serving or context.training is None else "the script"


def check(context: Context) -> Iterable[Finding]:
    """Checks each file of the model that is read."""
    writer = context.training or context.analysis
    written = written_artifacts(writer)
    if not written:
        return
    probed = {plain(str(use.path)) for use in context.analysis.paths if use.kind == "probe"}
    asked = [use for use in context.analysis.paths if use.kind == "read" and plain(str(use.path)) in probed]
    chosen = {(use.place, name) for use in asked for name in _variables(use)}
    for use in context.analysis.paths:
        if use.kind != "read" or not use.path.is_known or (context.training is None and use.place.phase != "serving"):
            continue
        path = plain(str(use.path))
        folder = _model_folder(context, use.path)
        optional = path in probed or any((use.place, name) in chosen for name in _variables(use))
        if folder and path != folder and not optional and not _is_packed(path):
            yield from _one(context, writer, use, path, folder, written)


def _variables(use: PathUse) -> list[str]:
    """Gives the variables that a path was kept in: one that holds two paths holds the one that is there."""
    return [step.text for step in use.chain if step.text.isidentifier()]


def _is_packed(path: str) -> bool:
    """Tells whether a path is an archive of the model, or seems to lie below one."""
    return any(part.endswith(_ARCHIVES) for part in path.split("/"))


def _model_folder(context: Context, path: Pattern) -> str:
    """Gives the folder that holds the trained model, where the path lies in it: in a job, an input named for it."""
    folders = [MODEL_FOLDER]
    if context.training is not None and not context.is_serving:
        folders = [each for name, each in context.inputs.items() if "model" in name.lower().split("_")]
    return next((each for each in folders if path.relation(each) is Relation.INSIDE), "")


RULE = Rule(
    "SC601",
    "serving loads what training never writes",
    """
    A serving handler, or a job that is given the model, opens a file of the model under a name that the training
    script never writes: the endpoint fails when it starts.

    It is checked for scripts that hold both sides; for an inference script that is checked together with its training
    script, the only one in the same folder or the one that `[tool.validate_contracts.trained_by]` names; and for a
    processing script that is named there. A file whose existence the script asks for is optional and left out, and
    so is what the same call loads instead of it. The
    verdict is UNRESOLVED when training writes files into the folder whose names are not known.

    To mend it, use one name on both sides.
    """,
    check,
)
