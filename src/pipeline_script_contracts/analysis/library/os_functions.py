"""`os`, `os.path`, `sys.path` and `os.environ`."""

from __future__ import annotations

import ast
import os
import posixpath
import re
from pathlib import Path
from typing import Any

from .. import environment, escapes, expressions, iteration, mappings, paths, strings
from ..atoms import BOOL, NONE, NOTHING, Atom, Const, Lib, PathAtom, Text, TupleAtom, Value
from ..containers import key_value
from ..interpreter import CODE_FOLDER, Interpreter
from ..pathlib_model import CLASSES, make_path
from ..paths import basename, parent
from ..patterns import Hole
from ..texts import hole_text, is_string, make_text, parts_of
from ..values import const, join, unknown


def _texts(interp: Interpreter, value: Value, node: ast.AST) -> list[Const | Text]:
    return [atom for atom in strings.to_text(interp, value, node) if isinstance(atom, (Const, Text))]


def _join(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    more = [*arguments.positional, *([arguments.rest] if arguments.rest else [])]
    return paths.join_path(interp, more, node, "os.path.join")


def _on_text(function: Any) -> Any:
    """Models a function of one path that gives a path."""

    def run(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
        result: Value = NOTHING
        for text in _texts(interp, arguments.get(0, "path", "p", "filename"), node):
            result = join(result, (function(text),))
        return result

    return run


def hole_value(reason: str) -> Value:
    """Gives a string that is not known."""
    return (hole_text("any", reason=reason),)


def _absolute(text: Const | Text) -> Const | Text:
    return paths.normal(text)


def _split(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    result: Value = NOTHING
    for text in _texts(interp, arguments.get(0), node):
        result = join(result, (TupleAtom([(parent(text),), (basename(text),)]),))
    return result


def _splitext(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    result: Value = NOTHING
    for atom in _texts(interp, arguments.get(0), node):
        parts = list(parts_of(atom) or ())
        last = parts[-1] if parts else None
        if isinstance(last, str):
            front = "x" if len(parts) > 1 and "/" not in last else ""  # after a hole a dot begins a suffix
            stem, suffix = posixpath.splitext(front + last)
            stem = stem.removeprefix(front)
            head = make_text([*parts[:-1], stem], atom.soft, atom.via)
            result = join(result, (TupleAtom([(head,), (Const(suffix, atom.soft),)]),))
        else:
            stem_hole = Hole("any", reason="a path without its suffix")
            kept = parts[:-1] if isinstance(last, Hole) else []
            result = join(
                result, (TupleAtom([(make_text([*kept, stem_hole], True),), hole_value("the suffix of a path")]),)
            )
    return result


def _normal_join(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    result: Value = NOTHING
    for atom in _texts(interp, arguments.get(0), node):
        result = join(result, (paths.normal(atom),))
    return result


def _relpath(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    path, start = arguments.get(0, "path"), arguments.get(1, "start")
    result: Value = NOTHING
    for a in path:
        for b in start or const("."):
            first, second = parts_of(a), parts_of(b)
            known = first and second and len(first) == len(second) == 1
            if known and isinstance(first[0], str) and isinstance(second[0], str) and second[0].startswith("/"):  # type: ignore[index]
                result = join(result, const(posixpath.relpath(first[0], second[0]), True))  # type: ignore[index]
            else:
                result = join(result, (Text((Hole("any", reason="a relative path"),)),))
    return result


def _commonpath(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    element = iteration.element_of(interp, arguments.get(0))
    return tuple(
        make_text((*(parts_of(parent(atom)) or ()),), True) if isinstance(atom, (Const, Text)) else atom
        for atom in element
    ) or unknown("a common path")


def _expandvars(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    result: Value = NOTHING
    for atom in _texts(interp, arguments.get(0), node):
        if isinstance(atom, Const) and isinstance(atom.value, str) and "$" in atom.value:
            text: Value = const("")
            for piece in re.split(r"(\$\w+|\$\{\w+\})", atom.value):
                if piece.startswith("$"):
                    name = piece.strip("${}")
                    interp.frame.guards.add(name)  # it stays as it is where the variable is not set
                    text = strings.concatenate(text, environment.read(interp, const(name), None, node))
                else:
                    text = strings.concatenate(text, const(piece))
            result = join(result, text)
        else:
            result = join(result, (atom,))
    return result


def _expanduser(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    return strings.each_text(
        strings.to_text(interp, arguments.get(0), node),
        lambda text: f"/root{text[1:]}" if text.startswith("~") else text,
    )


def _get(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    default = arguments.get(1, "default")
    return environment.read(interp, arguments.get(0, "key"), default or NONE, node)


def _pop(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    default = arguments.get(1, "default")
    value = environment.read(interp, arguments.get(0, "key"), default or None, node)
    environment.unset_variable(interp, arguments.get(0, "key"))
    return value


def _required(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    return environment.read(interp, arguments.get(0), None, node)


def _setdefault(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    return environment.set_default(interp, arguments.get(0, "key"), arguments.get(1, "value") or NONE, node)


def _update(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:

    for value in arguments.positional:
        for atom in value:
            state = mappings.mapping_state(interp, atom)
            for key, each in state.entries.items() if state is not None else ():
                environment.set_variable(interp, (key_value(key),), each)
    for name, value in arguments.keywords.items():
        environment.set_variable(interp, const(name), value)
    return NONE


def _putenv(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    environment.set_variable(interp, arguments.get(0), arguments.get(1))
    return NONE


def _all_variables(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    """`os.environ.items()`: any variable may be read."""
    name: Value = (hole_text("any", reason="the name of an environment variable"),)
    environment.read(interp, name, NONE, node)
    last = ast.unparse(node.func).rpartition(".")[2] if isinstance(node, ast.Call) else ""
    return expressions.new_list(interp, None, (TupleAtom([name, name]),) if last == "items" else name)


def _contains(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    for atom in arguments.get(0):
        environment.probe(interp, atom)
    return BOOL


def _chdir(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    interp.store.set("process", "cwd", arguments.get(0, "path"))
    return NONE


def _getcwd(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    own = interp.store.get("process", "cwd")
    return own if isinstance(own, tuple) else const(CODE_FOLDER)


def _path_cwd(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    return tuple(
        PathAtom(atom) if isinstance(atom, (Const, Text)) else atom for atom in _getcwd(interp, arguments, node)
    )


def _home(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    return (PathAtom(Const("/root")),)


def _fspath(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    return strings.to_text(interp, arguments.get(0), node)


def _same(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    return arguments.get(0) or unknown("nothing")


def _extend_sys_path(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    """The script adds a folder to import from: one of its own, or one that cannot be seen."""
    for value in arguments.positional:
        for atom in _folders(interp, value):
            parts = parts_of(atom) or ()
            if len(parts) == 1 and isinstance(parts[0], str) and not parts[0].isspace():
                path = posixpath.normpath(parts[0])
                relative = os.path.relpath(path, CODE_FOLDER) if path.startswith("/") else path
                interp.record.taint()
                interp.sources.add_folder((interp.sources.folder / Path(relative)).resolve())
                if path.startswith(("/opt/ml/input/", "/opt/ml/processing/")):
                    escapes.hand_over(interp, (atom,), "sys.path", node)  # modules are imported from there
    return NONE


def _folders(interp: Interpreter, value: Value) -> list[Atom]:
    return [atom for atom in value if isinstance(atom, PathAtom) or is_string(atom)]


def _isabs(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    return BOOL


MODELS = {
    "os.path.join": _join,
    "os.path.dirname": _on_text(parent),
    "os.path.basename": _on_text(basename),
    "os.path.abspath": _on_text(_absolute),
    "os.path.realpath": _on_text(_absolute),
    "os.path.normpath": _normal_join,
    "os.path.split": _split,
    "os.path.splitext": _splitext,
    "os.path.relpath": _relpath,
    "os.path.commonpath": _commonpath,
    "os.path.commonprefix": _commonpath,
    "os.path.expandvars": _expandvars,
    "os.path.expanduser": _expanduser,
    "os.path.isabs": _isabs,
    "os.path.normcase": _same,
    "os.fspath": _fspath,
    "os.fsdecode": _fspath,
    "os.fsencode": _fspath,
    "os.environ.get": _get,
    "os.getenv": _get,
    "os.environ.pop": _pop,
    "os.environ.__getitem__": _required,
    "os.environ.__contains__": _contains,
    "os.environ.setdefault": _setdefault,
    "os.environ.update": _update,
    "os.putenv": _putenv,
    "os.environ.items": _all_variables,
    "os.environ.keys": _all_variables,
    "os.environ.values": _all_variables,
    "os.environ.copy": lambda interp, arguments, node: (Lib("os.environ"),),
    "os.chdir": _chdir,
    "os.getcwd": _getcwd,
    "os.getcwdb": _getcwd,
    "pathlib.Path.cwd": _path_cwd,
    "pathlib.Path.home": _home,
    "sys.path.append": _extend_sys_path,
    "sys.path.insert": _extend_sys_path,
    "sys.path.extend": _extend_sys_path,
    **dict.fromkeys(CLASSES, make_path),
}
