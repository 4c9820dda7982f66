"""Opening files, what is in them, temporary files, globs and archives."""

from __future__ import annotations

import ast
from typing import Any

from .. import expressions, mappings, paths, strings
from ..atoms import NONE, NOTHING, Atom, Const, Handle, Lib, PathAtom, Text, TupleAtom, Value
from ..containers import text_key
from ..interpreter import Interpreter
from ..patterns import Hole
from ..platform import HYPERPARAMETERS_FILE
from ..texts import is_string, make_text, parts_of
from ..values import join, unknown
from . import effects

_SCRATCH = "/tmp/"  # noqa: S108 - no file is made: this is where the analysed script makes one


def open_file(interp: Interpreter, path: Value, mode: Value, sink: str, node: ast.AST) -> Value:
    """Opens a file and gives its handle."""
    return effects.open_path(interp, path, mode, sink, node)


def _open(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    path = arguments.get(0, "file", "filename", "name")
    return open_file(interp, path or unknown("a missing path"), arguments.get(1, "mode"), "open", node)


def _os_open(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    flags = ast.unparse(node.args[1]) if isinstance(node, ast.Call) and len(node.args) > 1 else ""
    writes = "WRONLY" in flags or "RDWR" in flags or "CREAT" in flags
    paths.touch(interp, "write" if writes else "read", arguments.get(0, "path"), "os.open", node)
    return (Lib("os.open()"),)


def is_hyperparameters(value: Value) -> bool:
    """Tells whether a path is SageMaker's hyperparameters file."""
    for atom in value:
        parts = parts_of(atom) or ()
        last = parts[-1] if parts else ""
        if isinstance(last, str) and (
            parts == (HYPERPARAMETERS_FILE,) or last.endswith("/input/config/hyperparameters.json")
        ):
            return True
    return False


def content_of(handle: Handle) -> Value:
    """Gives what reading a file gives: text or bytes that are not known."""
    if is_hyperparameters(handle.path):
        return (Lib("io.hyperparameters"),)
    return (Lib("io.content"),)


def _temporary(kind: str) -> Any:
    def run(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
        folder = arguments.get(None, "dir")
        name: Value = (Text((Hole("temporary", reason="a temporary name"),)),)
        if not folder or all(isinstance(atom, Const) and atom.value is None for atom in folder):
            path: Value = (make_text((_SCRATCH, Hole("temporary", reason="a temporary name")), True),)
        else:
            path = paths.join_path(interp, [folder, name], node, "os.path.join")
            if kind != "mkdtemp":
                paths.touch(interp, "create", path, f"tempfile.{kind}", node)
        if kind == "mkstemp":
            return (TupleAtom([unknown("a file descriptor"), path]),)
        if kind in ("mkdtemp", "gettempdir", "mktemp"):
            return path if kind != "gettempdir" else (Const("/tmp"),)  # noqa: S108
        return (Handle(path, True, f"tempfile.{kind}"),)

    return run


def _glob(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    root = arguments.get(None, "root_dir")
    pattern = arguments.get(0, "pathname", "pattern")
    full = paths.join_path(interp, [root, pattern], node, "os.path.join") if root else pattern
    found: Value = NOTHING
    for atom in full:
        if isinstance(atom, PathAtom):
            atom = atom.text
        if is_string(atom) and isinstance(atom, (Const, Text)):
            text = paths.glob_text(atom)
            _touch_listing(interp, atom, node)
            found = join(found, (text,))
        else:
            paths.touch(interp, "list", (atom,), "glob.glob", node)
            found = join(found, (atom,))
    return expressions.new_list(interp, None, found)


def _touch_listing(interp: Interpreter, pattern: Const | Text, node: ast.AST) -> None:
    """A glob lists the folder in front of its first wildcard."""
    parts: list[Any] = []
    for part in parts_of(pattern) or ():
        if isinstance(part, Hole):
            parts.append(part)
            continue
        wild = next((index for index, letter in enumerate(part) if letter in "*?["), None)
        if wild is None:
            parts.append(part)
            continue
        head = part[:wild]
        parts.append(head[: head.rindex("/")] if "/" in head else "")
        break
    first = parts[0] if parts else ""
    if first or (isinstance(first, Hole) and first.kind in paths.ARGUMENT_HOLES):
        paths.touch(interp, "list", (make_text(parts, True, pattern.via),), "glob.glob", node)


def _walk(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    top = arguments.get(0, "top")
    paths.touch(interp, "list", top, "os.walk", node, tree=True)
    deeper: Value = (Text((Hole("any", reason="a folder found below"),)),)
    below = paths.join_path(interp, [top, deeper], node, "os.path.join")
    name: Value = (Text((Hole("name", reason="a name found in a folder"),)),)
    names = expressions.new_list(interp, None, name)
    return expressions.new_list(interp, None, (TupleAtom([join(top, below), names, names]),))


def _listdir(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    paths.touch(interp, "list", arguments.get(0, "path"), "os.listdir", node)
    return expressions.new_list(interp, None, (Text((Hole("name", reason="a name found in a folder"),)),))


def _scandir(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    folder = arguments.get(0, "path")
    paths.touch(interp, "list", folder, "os.scandir", node)
    entries: list[Atom] = [
        PathAtom(paths.entry_of(atom.text if isinstance(atom, PathAtom) else atom))
        for atom in folder
        if isinstance(atom, (PathAtom, Const, Text)) and parts_of(atom) is not None
    ]
    return expressions.new_list(interp, None, tuple(entries) or unknown("a folder entry"))


def _extract(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    """`shutil.unpack_archive`: reads an archive, writes a folder."""
    paths.touch(interp, "read", arguments.get(0, "filename"), "shutil.unpack_archive", node)
    target = arguments.get(1, "extract_dir")
    if target:
        paths.touch(interp, "write", target, "shutil.unpack_archive", node, tree=True)
    return unknown("nothing")


def _make_archive(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:

    base = arguments.get(0, "base_name")
    suffix = arguments.get(1, "format")
    name = strings.concatenate(strings.concatenate(base, (Const("."),)), suffix)
    paths.touch(interp, "write", name, "shutil.make_archive", node)
    source = arguments.get(2, "root_dir")
    if source:
        paths.touch(interp, "read", source, "shutil.make_archive", node, tree=True)
    return name


def _fdopen(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    return (Lib("io.fdopen()"),)


def _copy(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    """`shutil.copy` and its like give the target."""
    name = ast.unparse(node.func) if isinstance(node, ast.Call) else "shutil.copy"
    paths.touch(interp, "read", arguments.get(0, "src"), f"shutil.{name.rpartition('.')[2]}", node)
    paths.touch(interp, "write", arguments.get(1, "dst"), f"shutil.{name.rpartition('.')[2]}", node)
    return arguments.get(1, "dst") or unknown("a missing target")


def _log_config(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    """`logging.config.dictConfig`: writes the file of each handler."""
    pending = list(arguments.get(0))
    for _ in range(100):
        if not pending:
            break
        state = mappings.mapping_state(interp, pending.pop())
        for key, value in state.entries.items() if state is not None else ():
            if key == text_key("filename"):
                paths.touch(interp, "write", value, "logging.config.dictConfig", node)
            pending.extend(value)
    return NONE


MODELS = {
    "logging.config.dictConfig": _log_config,
    "builtins.open": _open,
    "io.FileIO": _open,
    "os.open": _os_open,
    "os.fdopen": _fdopen,
    "os.walk": _walk,
    "os.fwalk": _walk,
    "os.listdir": _listdir,
    "tensorflow.io.gfile.listdir": _listdir,
    "os.scandir": _scandir,
    "glob.glob": _glob,
    "glob.iglob": _glob,
    "tensorflow.io.gfile.glob": _glob,
    "tempfile.mkdtemp": _temporary("mkdtemp"),
    "tempfile.mkstemp": _temporary("mkstemp"),
    "tempfile.mktemp": _temporary("mktemp"),
    "tempfile.gettempdir": _temporary("gettempdir"),
    "tempfile.NamedTemporaryFile": _temporary("NamedTemporaryFile"),
    "tempfile.TemporaryFile": _temporary("TemporaryFile"),
    "tempfile.TemporaryDirectory": _temporary("TemporaryDirectory"),
    "shutil.unpack_archive": _extract,
    "shutil.make_archive": _make_archive,
    "shutil.copy": _copy,
    "shutil.copy2": _copy,
    "shutil.copyfile": _copy,
}
