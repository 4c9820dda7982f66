"""What the rules on paths share."""

from __future__ import annotations

from collections.abc import Iterable

from ..analysis.patterns import Relation
from ..findings import Finding, Verdict
from .context import READS, WRITES, Context, Settled, sink_name


def declared_is_used(
    context: Context, code: str, clause: str, name: str, path: str, kinds: tuple[str, ...], verb: str
) -> Finding:
    """Says whether a declared path is used as declared.

    Args:
        context: The check.
        code: The rule's code.
        clause: `input` or `output`.
        name: The logical name.
        path: The declared path.
        kinds: The kinds of use that count.
        verb: `read` or `written`.

    Returns:
        PROVEN with the use, UNRESOLVED with what may use it, or VIOLATED.
    """
    found = context.evidence(path, kinds)
    if found is not None:
        message = f"{clause} {name!r} ({path}) is {verb}: {sink_name(found.use.sink)} is given {found.text}"
        return context.at(code, Verdict.PROVEN, clause, path, message, found.use.place, found.use.chain)
    nearest = _nearest(context, path)
    doubt = context.doubt(path, kinds)
    if nearest is not None and context.unseen_package and not doubt:
        place = f"line {nearest.use.place.location.line} {_PREPARES[nearest.use.kind]} it"
        doubt = f"{place}, and {context.unseen_package}, whose source is not here, may go on from there"
    doubt = doubt or context.unreached("path", path)
    if doubt:
        message = f"whether {clause} {name!r} ({path}) is {verb} cannot be told: {doubt}"
        return context.at(code, Verdict.UNRESOLVED, clause, path, message)
    message = f"{clause} {name!r} ({path}) is never {verb}"
    if nearest is not None:
        kind = {"create": "created as a folder", "probe": "looked for"}.get(
            nearest.use.kind, f"used ({nearest.use.kind})"
        )
        message += f", only {kind} (line {nearest.use.place.location.line})"
    advice = f"{'read' if verb == 'read' else 'write'} {path} or below, or drop {name!r} from the contract"
    return context.at(code, Verdict.VIOLATED, clause, path, message, None, (), advice)


_PREPARES = {"create": "creates", "probe": "looks for", "delete": "removes"}


def _nearest(context: Context, path: str) -> Settled | None:
    """Finds a use of another kind, to say what the script does instead."""
    for each in context.paths:
        if each.use.kind in ("create", "probe", "delete") and each.path.relation(path) is Relation.INSIDE:
            return each
    return None


def undeclared(context: Context, code: str, clause: str, kinds: tuple[str, ...], verb: str) -> Iterable[Finding]:
    """Finds uses of paths that the contract does not declare.

    Args:
        context: The check.
        code: The rule's code.
        clause: `input` or `output`.
        kinds: The kinds of use.
        verb: `reads` or `writes`.

    Yields:
        A finding for each path and place.
    """
    declared = {**context.inputs, **{f"output {name}": path for name, path in context.outputs.items()}}
    seen = set()
    made: set[str] = set()
    for each in context.paths:
        use = each.use
        own = clause == "input" and _is_made(each.text, made)
        if use.kind in WRITES:
            made.add(each.text.rstrip("/"))
        if own or use.kind not in kinds or context.is_scratch(each) or context.of_another_job(each):
            continue
        if context.covered(each.path, declared) is not Relation.OUTSIDE:
            continue
        key = (each.text, use.place.location, use.place.filename)
        if key in seen:
            continue
        seen.add(key)
        name = sink_name(use.sink)
        maker = context.handed_before(each) if clause == "input" else ""
        if maker:
            message = f"{name} {verb} {each.text}, which the contract does not declare; {maker} may have made it"
            yield context.at(code, Verdict.UNRESOLVED, clause, each.text, message, use.place, use.chain)
            continue
        declare = "an input" if clause == "input" else "an output"
        yield context.at(
            code,
            Verdict.VIOLATED,
            clause,
            each.text,
            f"{name} {verb} {each.text}, which the contract does not declare",
            use.place,
            use.chain,
            f"declare {each.text} or a folder above it as {declare}, or use a declared path",
        )


def _is_made(text: str, made: set[str]) -> bool:
    """Tells whether a path, or a folder above it, is one that the script has written before."""
    return any(text == each or text.startswith(f"{each}/") for each in made)


__all__ = ["READS", "WRITES", "declared_is_used", "undeclared"]
