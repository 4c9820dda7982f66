"""`datasets.load_dataset`: a folder, a published data set, or the name of a format with files."""

from __future__ import annotations

import ast
from typing import Any

from .. import iteration, paths
from ..atoms import CONTENT, Lib, Ref, TupleAtom, Value
from ..containers import DictState
from ..interpreter import Interpreter
from ..texts import parts_of
from ..values import join
from . import effects

_SINK = "datasets.load_dataset"


def _load_dataset(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    folder = tuple(atom for atom in arguments.get(0, "path") if _is_local(atom))
    files = arguments.get(3, "data_files")
    below = arguments.get(2, "data_dir")
    if files:
        parents = join(below, folder) if below else folder
        for item in _files(interp, files):
            whole = paths.join_path(interp, [parents, item], node, "os.path.join") if parents else item
            paths.touch(interp, "read", whole, _SINK, node)
    elif below:
        whole = paths.join_path(interp, [folder, below], node, "os.path.join") if folder else below
        paths.touch(interp, "read", whole, _SINK, node, tree=True)
    else:
        effects.touch_model(interp, arguments.get(0, "path"), _SINK, node)
    return (Lib(f"{_SINK}()"),)


def _is_local(atom: Any) -> bool:
    """Tells whether the first argument is a folder by its looks, and not the name of a format or data set."""
    first = (parts_of(atom) or ("",))[0]
    return isinstance(first, str) and first.startswith(("/", "."))


def _files(interp: Interpreter, files: Value) -> list[Value]:
    """Gives the files: one, several, or several for each split."""
    found: list[Value] = []
    for atom in files:
        state = interp.store.get(atom.obj, CONTENT) if isinstance(atom, Ref) else None
        if isinstance(state, DictState):
            for value in (*state.entries.values(), *([state.rest] if state.rest else [])):
                found += _files(interp, value)
        elif isinstance(atom, (Ref, TupleAtom)):
            items = iteration.items_of(interp, (atom,))
            found += items if items is not None else [iteration.element_of(interp, (atom,))]
        else:
            found.append((atom,))
    return found


MODELS: dict[str, Any] = {_SINK: _load_dataset}
