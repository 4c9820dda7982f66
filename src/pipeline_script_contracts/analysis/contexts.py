"""Context managers."""

from __future__ import annotations

import ast

from . import attributes, calls, iteration, library
from .atoms import CONTENT, NONE, NOTHING, Atom, Handle, Lib, Ref, Value
from .containers import ListState
from .interpreter import Interpreter
from .values import join


def enter(interp: Interpreter, value: Value, node: ast.AST) -> tuple[Value, frozenset[str] | None]:
    """Enters a context.

    Args:
        interp: The interpreter.
        value: The context manager.
        node: Its expression.

    Returns:
        What `as` binds, and the names of the exceptions that it swallows (None when it swallows none).
    """
    result: Value = NOTHING
    caught: frozenset[str] | None = None
    for atom in value:
        if isinstance(atom, Lib) and atom.name == "contextlib.suppress()":
            caught = frozenset({"*"})
        result = join(result, _entered(interp, atom, node))
    return result or value, caught


def _entered(interp: Interpreter, atom: Atom, node: ast.AST) -> Value:

    if isinstance(atom, Handle) and atom.sink == "tempfile.TemporaryDirectory":
        return atom.path
    if not isinstance(atom, Ref):
        return (atom,)
    if atom.obj.kind == "contextlib.chdir":
        interp.store.set(atom.obj, "before", interp.store.get("process", "cwd") or NOTHING)
        interp.store.set("process", "cwd", atom.obj.info)
        return (atom,)
    if atom.obj.kind == "contextlib.nullcontext":
        held: Value = atom.obj.info
        return held
    if atom.obj.kind == library.settings_readers.PREFIX:
        return library.settings_readers.enter_prefix(interp, atom.obj)
    if isinstance(interp.store.get(atom.obj, CONTENT), ListState):
        return iteration.element_of(interp, (atom,)) or (atom,)  # a function under @contextmanager: what it yields
    method = attributes.find_method(interp, atom, "__enter__")
    return calls.call(interp, method, calls.Arguments([]), node) if method is not None else (atom,)


def leave(interp: Interpreter, value: Value, node: ast.AST) -> None:
    """Leaves a context: runs `__exit__`."""
    for atom in value:
        if isinstance(atom, Ref) and atom.obj.kind == "contextlib.chdir":
            interp.store.set("process", "cwd", interp.store.get(atom.obj, "before") or NOTHING)
        if isinstance(atom, Ref) and atom.obj.kind == library.settings_readers.PREFIX:
            library.settings_readers.leave_prefix(interp, atom.obj)
        method = attributes.find_method(interp, atom, "__exit__")
        if method is not None:
            calls.call(interp, method, calls.Arguments([NONE, NONE, NONE]), node)
