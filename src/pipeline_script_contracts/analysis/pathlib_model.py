"""`pathlib.Path`: attributes and methods."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from . import expressions, library, paths, strings
from .atoms import BOOL, NONE, NOTHING, Atom, Const, Lib, Method, PathAtom, Text, TupleAtom, Value
from .interpreter import Interpreter
from .patterns import Hole
from .platform import HYPERPARAMETERS_FILE
from .texts import is_string, make_text, parts_of
from .values import atoms_of, const, join, unknown

CLASSES = frozenset(
    {"pathlib.Path", "pathlib.PosixPath", "pathlib.PurePath", "pathlib.PurePosixPath", "upath.UPath", "anyio.Path"}
)


def make_path(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    """Calls `Path(...)`."""
    if not arguments.positional and not arguments.rest:
        return (PathAtom(Const(".")),)
    if arguments.rest:
        arguments.positional.append(arguments.rest)
    return paths.join_path(interp, arguments.positional, node, "Path")


def path_attribute(interp: Interpreter, atom: PathAtom, name: str, node: ast.AST) -> Value:
    """Gives an attribute of a path."""
    text = atom.text
    if name == "parent":
        return (PathAtom(_dot(paths.parent(text))),)
    if name == "parents":
        return _parents(interp, text)
    if name == "path":  # of an entry that os.scandir gave
        return (text,)
    if name == "name":
        return (paths.basename(text),)
    if name in ("stem", "suffix"):
        return _stem_or_suffix(paths.basename(text), name)
    if name == "parts" and isinstance(text, Const):
        pieces = [piece for piece in text.value.split("/") if piece]
        return (
            TupleAtom([(Const(piece, text.soft),) for piece in (["/"] if text.value.startswith("/") else []) + pieces]),
        )
    if name == "parts":
        return expressions.new_list(interp, None, (Text((Hole("any", reason="a component of a path"),)),))
    if name in ("anchor", "root"):
        return const("/")
    if name == "suffixes":
        return expressions.new_list(interp, None, (Text((Hole("any", reason="a suffix"),)),))
    return (Method(atom, name),)


def _dot(text: Const | Text) -> Const | Text:
    return Const(".", text.soft, text.via) if isinstance(text, Const) and not text.value else text


def _parents(interp: Interpreter, text: Const | Text) -> Value:
    folders: list[Value] = []
    while parts_of(text) not in ((), ("/",), (".",)) and len(folders) < 30:
        text = _dot(paths.parent(text))
        folders.append((PathAtom(text),))
        if isinstance(text, Text) and all(isinstance(part, Hole) for part in text.parts):
            break
    return expressions.new_list(interp, folders)


def _stem_or_suffix(name: Const | Text, wanted: str) -> Value:
    parts = list(parts_of(name) or ())
    last = parts[-1] if parts else ""
    if isinstance(last, str) and "." in last.lstrip("." if len(parts) == 1 else ""):
        stem, dot, suffix = last.rpartition(".")
        if wanted == "suffix":
            return (Const(dot + suffix, name.soft),)
        return (make_text([*parts[:-1], stem], name.soft, name.via),)
    if isinstance(name, Const):
        return const("") if wanted == "suffix" else (name,)
    return (Text((Hole("any", reason=f"the {wanted} of a path"),)),)


def _with_suffix(atom: PathAtom, suffix: Value) -> Value:
    result: Value = NOTHING
    base = paths.basename(atom.text)
    folder = paths.parent(atom.text)
    for stem in _stem_or_suffix(base, "stem"):
        for end in suffix:
            name = strings.concatenate((stem,), (end,))
            result = join(
                result, tuple(PathAtom(_in_folder(folder, each)) for each in name if isinstance(each, (Const, Text)))
            )
    return result


def _in_folder(folder: Const | Text, name: Const | Text) -> Const | Text:
    head = parts_of(folder) or ()
    return paths.clean(
        make_text((*head, *(("/",) if head else ()), *(parts_of(name) or ())), folder.soft or name.soft, folder.via)
    )


def path_method(interp: Interpreter, owner: PathAtom, name: str, arguments: Any, node: ast.AST) -> Value:
    """Calls a method of a path."""
    special = _METHODS.get(name)
    if special is not None:
        return special(interp, owner, arguments, node)
    kind = _TOUCHES.get(name)
    if kind is not None:
        paths.touch(interp, kind, (owner,), f"Path.{name}", node, tree=name in ("rglob", "walk"))
    if name == "write_text":
        library.documents.note_settings(interp, (owner,), arguments.get(0, "data"), node)
    if name in ("symlink_to", "hardlink_to"):  # what goes through the link later goes to either
        for end in ((owner,), arguments.get(0, "target")):
            paths.touch(interp, "delegate", end, f"Path.{name}", node)
    if name in _GIVES_PATH:
        return (owner,)
    if name in (
        "exists",
        "is_file",
        "is_dir",
        "is_symlink",
        "is_absolute",
        "match",
        "is_relative_to",
        "samefile",
        "is_mount",
    ):
        return BOOL
    if name in ("read_text", "read_bytes"):
        return _content(owner)
    if name in ("as_posix", "__str__", "__fspath__", "as_uri"):
        return (owner.text,)
    if name in ("write_text", "write_bytes", "mkdir", "unlink", "touch", "rmdir", "chmod", "symlink_to", "hardlink_to"):
        return NONE
    return unknown(f"Path.{name}")


def _content(owner: PathAtom) -> Value:
    """The text of a file; whose it is matters where it is parsed."""
    return (Lib("io.content"),) if not _is_hyperparameters(owner) else (Lib("io.hyperparameters"),)


def _is_hyperparameters(owner: Atom) -> bool:

    parts = parts_of(owner) or ()
    return (
        bool(parts)
        and isinstance(parts[-1], str)
        and (parts == (HYPERPARAMETERS_FILE,) or parts[-1].endswith("/input/config/hyperparameters.json"))
    )


_TOUCHES = {
    "read_text": "read",
    "read_bytes": "read",
    "write_text": "write",
    "write_bytes": "write",
    "touch": "write",
    "mkdir": "create",
    "exists": "probe",
    "is_file": "probe",
    "is_dir": "probe",
    "is_symlink": "probe",
    "stat": "probe",
    "lstat": "probe",
    "unlink": "delete",
    "rmdir": "delete",
    "symlink_to": "create",
    "hardlink_to": "create",
}
_GIVES_PATH = frozenset({"absolute", "expanduser", "readlink"})


def _open(interp: Interpreter, owner: PathAtom, arguments: Any, node: ast.AST) -> Value:

    return library.files.open_file(interp, (owner,), arguments.get(0, "mode"), "Path.open", node)


def _joinpath(interp: Interpreter, owner: PathAtom, arguments: Any, node: ast.AST) -> Value:
    more = [*arguments.positional, *([arguments.rest] if arguments.rest else [])]
    return paths.join_path(interp, [(owner,), *more], node, "joinpath")


def _listing(kind: str) -> Callable[[Interpreter, PathAtom, Any, ast.AST], Value]:
    def run(interp: Interpreter, owner: PathAtom, arguments: Any, node: ast.AST) -> Value:
        paths.touch(interp, "list", (owner,), f"Path.{kind}", node, tree=kind == "rglob")
        if kind == "iterdir":
            return expressions.new_list(interp, None, (PathAtom(paths.entry_of(owner.text)),))
        found: Value = NOTHING
        for pattern in arguments.get(0, "pattern", default=unknown("a pattern")):
            if is_string(pattern):
                below = paths.join_path(interp, [(owner,), (pattern,)], node, f"Path.{kind}")
                for each in atoms_of(below, PathAtom):
                    text = paths.glob_text(each.text)
                    if kind == "rglob":
                        head = parts_of(owner.text) or ()
                        tail = parts_of(paths.glob_text(pattern)) or ()
                        hole = Hole("any", reason="what a wildcard stands for")
                        text = make_text(
                            (*head, "/", hole, *[part for part in tail if isinstance(part, str)]), True, text.via
                        )
                    found = join(found, (PathAtom(text),))
            else:
                found = join(found, (PathAtom(paths.entry_of(owner.text)),))
        return expressions.new_list(interp, None, found)

    return run


def _with_name(interp: Interpreter, owner: PathAtom, arguments: Any, node: ast.AST) -> Value:
    return paths.join_path(interp, [(PathAtom(paths.parent(owner.text)),), arguments.get(0, "name")], node, "with_name")


def _with_stem(interp: Interpreter, owner: PathAtom, arguments: Any, node: ast.AST) -> Value:
    suffix = _stem_or_suffix(paths.basename(owner.text), "suffix")
    name = strings.concatenate(arguments.get(0, "stem"), suffix)
    return paths.join_path(interp, [(PathAtom(paths.parent(owner.text)),), name], node, "with_stem")


def _change_suffix(interp: Interpreter, owner: PathAtom, arguments: Any, node: ast.AST) -> Value:
    return _with_suffix(owner, arguments.get(0, "suffix"))


def _resolve(interp: Interpreter, owner: PathAtom, arguments: Any, node: ast.AST) -> Value:
    return (PathAtom(paths.normal(owner.text)),)


def _rename(interp: Interpreter, owner: PathAtom, arguments: Any, node: ast.AST) -> Value:
    target = arguments.get(0, "target")
    paths.move(interp, (owner,), target, "Path.rename", node)
    return paths.join_path(interp, [target], node, "rename")


def _relative_to(interp: Interpreter, owner: PathAtom, arguments: Any, node: ast.AST) -> Value:
    base = arguments.get(0)
    if len(base) == 1 and isinstance(owner.text, Const):
        parts = parts_of(base[0])
        if parts and len(parts) == 1 and isinstance(parts[0], str) and owner.text.value.startswith(parts[0]):
            rest = owner.text.value[len(parts[0]) :].strip("/")
            return (PathAtom(Const(rest or ".", owner.text.soft, owner.text.via)),)
    return (PathAtom(Text((Hole("any", reason="a relative path"),))),)


def _walk(interp: Interpreter, owner: PathAtom, arguments: Any, node: ast.AST) -> Value:
    paths.touch(interp, "list", (owner,), "Path.walk", node, tree=True)
    below = paths.join_path(interp, [(owner,), (Text((Hole("any", reason="a folder found below"),)),)], node, "walk")
    names = expressions.new_list(interp, None, (Text((Hole("name", reason="a name found in a folder"),)),))
    return expressions.new_list(interp, None, (TupleAtom([join((owner,), below), names, names]),))


_METHODS: dict[str, Callable[[Interpreter, PathAtom, Any, ast.AST], Value]] = {
    "open": _open,
    "joinpath": _joinpath,
    "iterdir": _listing("iterdir"),
    "glob": _listing("glob"),
    "rglob": _listing("rglob"),
    "with_name": _with_name,
    "with_stem": _with_stem,
    "with_suffix": _change_suffix,
    "resolve": _resolve,
    "rename": _rename,
    "replace": _rename,
    "relative_to": _relative_to,
    "walk": _walk,
}
