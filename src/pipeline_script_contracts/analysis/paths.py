"""Paths as text: joining, splitting, normalising, and recording what is done to them."""

from __future__ import annotations

import ast
import posixpath

from . import attributes, calls, strings
from . import strings as strings_module
from .atoms import CONTENT, Atom, Const, EnumMember, Handle, Lib, Method, PathAtom, Ref, Text, TupleAtom, Unknown, Value
from .containers import DictState, ListState
from .interpreter import Interpreter
from .library.packages import KNOWN_PACKAGES
from .patterns import ONE_NAME, Hole, Part, Parts, Pattern
from .texts import chain_of, hole_text, make_text, parts_of
from .values import unknown
from .widening import MAX_ATOMS, generalise

# Libraries whose values are file-like or remote: given to a reader, they are not paths of this machine.
STREAMS = frozenset(
    [
        "io",
        "boto3",
        "botocore",
        "requests",
        "urllib",
        "urllib3",
        "httpx",
        "aiohttp",
        "gzip",
        "bz2",
        "lzma",
        "zipfile",
        "tarfile",
        "s3fs",
        "fsspec",
        "gcsfs",
        "smart_open",
        "socket",
        "base64",
        "codecs",
        "werkzeug",
        "flask",
        "fastapi",
        "starlette",
        "sagemaker_inference",
        "google",
        "azure",
        "PIL",
        "tempfile",
    ]
)
ARGUMENT_HOLES = ("argument", "env")


def join_path(interp: Interpreter, values: list[Value], node: ast.AST, sink: str) -> Value:
    """Joins path components as `os.path.join` and `/` do.

    Args:
        interp: The interpreter.
        values: The components.
        node: The expression.
        sink: `os.path.join` gives strings, `/` and `joinpath` give pathlib paths.

    Returns:
        The joined paths.
    """
    step = interp.step(sink, node)
    pure = sink != "os.path.join"
    result: list[Atom] = []
    tails: list[Const | Text] = [Const("")]
    for number, value in enumerate(values):
        value = tuple(atom for atom in value if not (isinstance(atom, Const) and atom.value is None)) or value
        if any(isinstance(atom, Ref) for atom in value):
            value = strings.to_text(interp, value, node)
        tails = [_join_two(left, right) if number else _first(right) for left in tails for right in value]
        if len(tails) > MAX_ATOMS:
            fewer = generalise(tuple(dict.fromkeys(tails)))
            tails = [atom for atom in fewer if isinstance(atom, (Const, Text))]
    for atom in dict.fromkeys(tails):
        via = (*atom.via, step) if not (atom.via and atom.via[-1] == step) else atom.via
        text = make_text(parts_of(atom) or (), atom.soft, via)
        result.append(PathAtom(clean(text)) if pure else text)
    return tuple(dict.fromkeys(result)) or unknown("a path that is not known")


def _first(atom: Atom) -> Const | Text:
    if isinstance(atom, EnumMember) and atom.value:
        atom = atom.value[0]
    if isinstance(atom, PathAtom):
        return atom.text
    if isinstance(atom, (Const, Text)) and parts_of(atom) is not None:
        return atom
    return Text((strings_module.hole_for(atom),))


def _join_two(left: Const | Text, other: Atom) -> Const | Text:
    right = _first(other)
    first, second = parts_of(left) or (), parts_of(right) or ()
    via = strings_module.chained(left, right)
    head = second[0] if second and isinstance(second[0], str) else ""
    soft = left.soft or right.soft
    if head.startswith("/") or not first:
        return make_text(second, soft, via)
    last = first[-1]
    slash: tuple[Part, ...] = () if isinstance(last, str) and last.endswith("/") else ("/",)
    return make_text((*first, *slash, *second), soft, via)


def clean(text: Const | Text) -> Const | Text:
    """Writes a path as pathlib does: no doubled or trailing slash, no `.`."""
    parts = parts_of(text) or ()
    pattern = Pattern(parts)
    pieces: list[Part] = []
    raw = _split(pattern)
    for piece in raw:
        if piece in ((), (".",)):
            continue
        if pieces:
            pieces.append("/")
        pieces.extend(piece)
    head = "/" if pattern.is_absolute else ""
    if not pieces and not head:
        return Const(".", text.soft, text.via)
    return make_text((head, *pieces), text.soft, text.via)


def _split(pattern: Pattern) -> list[tuple[Part, ...]]:
    pieces: list[list[Part]] = [[]]
    for part in pattern.parts:
        if isinstance(part, Hole):
            pieces[-1].append(part)
        else:
            first, *rest = part.split("/")
            if first:
                pieces[-1].append(first)
            pieces.extend([piece] if piece else [] for piece in rest)
    return [tuple(piece) for piece in pieces]


def normal(text: Const | Text) -> Const | Text:
    """Resolves `.` and `..`, as `os.path.normpath` and `Path.resolve` do."""
    if isinstance(text, Const):
        return Const(posixpath.normpath(text.value), text.soft, text.via) if text.value else Const(".", text.soft)
    pattern = Pattern(text.parts)
    if not pattern.is_absolute:
        return clean(text)
    pieces: list[Part] = []
    for component in pattern.components:
        pieces.append("/")
        pieces.extend(component)
    return make_text(pieces or ["/"], True, text.via)


def parent(text: Const | Text) -> Const | Text:
    """Gives the folder of a path."""
    parts = list(parts_of(text) or ())
    while parts:
        last = parts.pop()
        if isinstance(last, str) and "/" in last:
            head = last[: last.rindex("/")]
            parts.append(head if head or parts else "/")
            return make_text(parts, text.soft, text.via)
        if isinstance(last, Hole) and last.kind == "any" and parts:
            # What stands for the hole may hold a slash: then only its own last component is taken away. Where it
            # holds none, nothing is left of it, and a slash too many means nothing.
            while parts and not (isinstance(parts[-1], str) and "/" in parts[-1]):
                parts.pop()
            above = str(parts.pop()) if parts else ""
            if above:
                return make_text([*parts, above[: above.rindex("/") + 1], last], text.soft, text.via)
    if isinstance(text, Text):
        kept = tuple(part for part in text.parts if isinstance(part, Hole) and part.kind in ARGUMENT_HOLES)
        return Text(kept or (Hole("any", reason="the folder of a path that is not known"),), text.via)
    return Const("", text.soft, text.via)


def basename(text: Const | Text) -> Const | Text:
    """Gives the last component of a path."""
    kept: list[Part] = []
    for part in reversed(parts_of(text) or ()):
        if isinstance(part, str) and "/" in part:
            kept.insert(0, part[part.rindex("/") + 1 :])
            break
        whole = isinstance(part, Hole) and part.kind == "any"
        kept.insert(0, Hole("name", reason=part.reason) if whole and isinstance(part, Hole) else part)
    return make_text(kept, text.soft, text.via)


def touch(
    interp: Interpreter,
    kind: str,
    value: Value,
    sink: str,
    node: ast.AST,
    tree: bool = False,
    depth: int = 0,
    source: Pattern | None = None,
) -> None:
    """Records that a call touches whatever paths a value may be.

    Args:
        interp: The interpreter.
        kind: As in `PathUse`.
        value: The path, or a collection of paths.
        sink: The call.
        node: Where it stands.
        tree: True when everything below is touched too.
        depth: How many collections have been opened already.
        source: What is moved there, for a move.
    """
    for atom in value:
        if parts_of(atom) is not None:
            _touch_text(interp, kind, atom, sink, node, tree, source)
        elif isinstance(atom, Unknown):
            interp.record.unresolved(kind, sink, atom.reason, interp.place(node))
        elif isinstance(atom, Method):
            reason = f"attribute {atom.name!r} of something that is not known"
            interp.record.unresolved(kind, sink, reason, interp.place(node))
        elif isinstance(atom, TupleAtom) and depth < 3:
            for item in atom.items:
                touch(interp, kind, item, sink, node, tree, depth + 1)
        elif isinstance(atom, EnumMember):
            touch(interp, kind, atom.value, sink, node, tree, depth + 1)
        elif isinstance(atom, Ref) and depth < 3:
            _touch_object(interp, kind, atom, sink, node, tree, depth)
        elif isinstance(atom, Lib) and not _is_stream(atom, kind):
            interp.record.unresolved(kind, sink, f"the path is given by {atom.name}", interp.place(node))
        elif isinstance(atom, Handle):
            continue


def _is_stream(atom: Lib, kind: str) -> bool:
    """Tells whether a library's value is certainly not a path: a stream, or an object that writers take."""
    if atom.root in STREAMS or atom.name.startswith(("os.fdopen", "os.open", "os.pipe", "pandas.ExcelFile")):
        return True
    if "best_model_path" in atom.name or "last_model_path" in atom.name:
        return True  # what the script's own checkpoints have written
    return kind == "write" and atom.root in KNOWN_PACKAGES and "[]" not in atom.name


def _touch_object(interp: Interpreter, kind: str, atom: Ref, sink: str, node: ast.AST, tree: bool, depth: int) -> None:

    method = attributes.find_method(interp, atom, "__fspath__")
    if method is not None:
        touch(interp, kind, calls.call(interp, method, calls.Arguments([]), node), sink, node, tree, depth + 1)
        return
    state = interp.store.get(atom.obj, CONTENT)
    if isinstance(state, (DictState, ListState)):
        touch(interp, kind, state.element, sink, node, tree, depth + 1)


def move(interp: Interpreter, source: Value, target: Value, sink: str, node: ast.AST) -> None:
    """Records that a file or folder is moved: what was written there lies at the target from now on."""
    touch(interp, "delete", source, sink, node)
    touch(interp, "write", target, sink, node, source=only_pattern(source))


def only_pattern(value: Value) -> Pattern | None:
    """Gives the path that a value certainly is, as far as it is known; None where it may be one of several."""
    parts = parts_of(value[0]) if len(value) == 1 else None
    return Pattern(parts) if parts else None


def _touch_text(
    interp: Interpreter, kind: str, atom: Atom, sink: str, node: ast.AST, tree: bool, source: Pattern | None
) -> None:
    parts = parts_of(atom) or ()
    if parts and isinstance(parts[0], str) and parts[0].startswith("file://"):
        parts = (parts[0].removeprefix("file://"), *parts[1:])
    front = _working_folder(interp, parts)
    if front is not None:
        parts = (*(parts_of(front) or ()), "/", *parts)
    if not parts:
        return
    pattern = Pattern(parts)
    chain = (*(chain_of(front) if front is not None else ()), *chain_of(atom), interp.step(sink, node))
    first = parts[0]
    if isinstance(first, Hole) and first.kind not in (*ARGUMENT_HOLES, *ONE_NAME):
        reason = first.reason or f"the path begins with {first.kind} {first.name}".rstrip()
        interp.record.unresolved(kind, sink, reason, interp.place(node), chain)
        return
    interp.record.path(kind, pattern, sink, interp.place(node), chain, tree, source)


def _working_folder(interp: Interpreter, parts: Parts) -> Atom | None:
    """Gives the folder that the script changed to, which stands in front of a relative path; None for other paths."""
    folder = interp.store.get("process", "cwd")
    if not parts or not folder or not isinstance(parts[0], str) or parts[0].startswith("/") or "://" in parts[0]:
        return None
    if len(folder) == 1 and parts_of(folder[0]) is not None:
        front: Atom = folder[0]
        return front
    return hole_text("any", reason="the working folder is not known")


def glob_text(text: Const | Text) -> Const | Text:
    """Turns the wildcards of a glob pattern into holes."""
    parts: list[Part] = []
    for part in parts_of(text) or ():
        if isinstance(part, Hole):
            parts.append(part)
            continue
        rest = part
        while rest:
            index = next((i for i, c in enumerate(rest) if c in "*?["), len(rest))
            parts.append(rest[:index])
            rest = rest[index:]
            if not rest:
                break
            if rest.startswith("**"):
                parts.append(Hole("any", reason="what a wildcard stands for"))
                rest = rest.lstrip("*")
                if rest.startswith("/"):
                    parts.append("/")
                    rest = rest[1:]
                continue
            parts.append(Hole("glob"))
            rest = rest[rest.index("]") + 1 :] if rest[0] == "[" and "]" in rest else rest[1:]
    merged: list[Part] = []
    for part in parts:
        if isinstance(part, Hole) and merged and isinstance(merged[-1], Hole):
            continue
        if part != "":
            merged.append(part)
    return make_text(merged, True, text.via)


def entry_of(text: Const | Text) -> Const | Text:
    """Gives the path of any entry of a folder."""
    joined = _join_two(text, Text((Hole("name", reason="a name found in a folder"),)))
    assert isinstance(joined, (Const, Text))
    return joined
