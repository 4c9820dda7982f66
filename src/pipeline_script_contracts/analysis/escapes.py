"""What happens to values that are handed to code that cannot be seen.

Paths among them are delegated: that code may read or write them. Functions and objects among them may be called back:
their code is followed with arguments that are not known.
"""

from __future__ import annotations

import ast
from typing import Any

from . import attributes, calls
from .containers import DictState, ListState
from .facts import HyperparameterUse
from .interpreter import DeadEnd, Interpreter
from .patterns import Hole, Pattern
from .values import (
    CONTENT,
    Atom,
    Bound,
    ClassAtom,
    Const,
    Document,
    Function,
    Partial,
    PathAtom,
    Ref,
    Text,
    TupleAtom,
    Value,
    chain_of,
    parts_of,
    unknown,
)

MAX_DEPTH = 4
MAX_CALLBACKS = 2
_FIELDS_ONLY = ("dataclass", "pydantic", "settings", "namedtuple")


def delegate(interp: Interpreter, arguments: Any, sink: str, node: ast.AST, reason: str) -> None:
    """Hands arguments to code that cannot be seen.

    Args:
        interp: The interpreter.
        arguments: The arguments.
        sink: What is called.
        node: The call.
        reason: Why it cannot be seen.
    """
    for value in arguments.every():
        for atom in _paths_in(interp, value, 0, set()):
            parts = parts_of(atom) or ()
            chain = (*chain_of(atom), interp.step(sink, node))
            interp.record.path("delegate", Pattern(parts), sink, interp.place(node), chain)
        escape(interp, value, f"given to {sink}", node)


def _paths_in(interp: Interpreter, value: Value, depth: int, seen: set[int]) -> list[Atom]:
    """Gives the paths that can be reached from a value."""
    found: list[Atom] = []
    if depth > MAX_DEPTH:
        return found
    for atom in value:
        if isinstance(atom, PathAtom | Const | Text):
            if _is_path(atom):
                found.append(atom)
        elif isinstance(atom, TupleAtom):
            for item in atom.items:
                found += _paths_in(interp, item, depth + 1, seen)
        elif isinstance(atom, Ref) and id(atom.obj) not in seen:
            seen.add(id(atom.obj))
            state = interp.store.get(atom.obj, CONTENT)
            if isinstance(state, ListState | DictState):
                found += _paths_in(interp, state.element, depth + 1, seen)
                for item in state.items or () if isinstance(state, ListState) else state.entries.values():
                    found += _paths_in(interp, item, depth + 1, seen)
            elif atom.obj.cls is not None and atom.obj.cls.flavour in _FIELDS_ONLY:
                for name in atom.obj.info or ():
                    cell = interp.store.get(atom.obj, name)
                    found += _paths_in(interp, cell if isinstance(cell, tuple) else (), depth + 1, seen)
        elif isinstance(atom, Partial):
            for item in (*atom.positional, *(each for _, each in atom.keywords)):
                found += _paths_in(interp, item, depth + 1, seen)
    return list(dict.fromkeys(found))


def _is_path(atom: Atom) -> bool:
    parts = parts_of(atom)
    if not parts:
        return False
    head = parts[0]
    if isinstance(head, Hole):
        return len(parts) <= 2 and head.kind in ("argument", "env")
    if isinstance(atom, PathAtom):
        return head.startswith("/") and head != "/"
    return head.startswith("/") and len(head) > 2 and " " not in head and not head.startswith("//")


def escape(interp: Interpreter, value: Value, why: str, node: ast.AST, depth: int = 0) -> None:
    """Follows the functions and objects in a value as if they were called back."""
    for atom in value:
        if isinstance(atom, Function | Bound):
            _call_back(interp, atom, why, node)
        elif isinstance(atom, Partial):
            escape(interp, atom.function, why, node, depth)
        elif isinstance(atom, Ref):
            _escape_object(interp, atom, why, node, depth)
        elif isinstance(atom, TupleAtom) and depth < 2:
            for item in atom.items:
                escape(interp, item, why, node, depth + 1)
        elif isinstance(atom, Document):
            interp.record.hyperparameter(HyperparameterUse("*", interp.place(node), via=atom.via))
        elif isinstance(atom, ClassAtom) and atom.info.unseen:
            _escape_class(interp, atom, why, node)


def _call_back(interp: Interpreter, atom: Function | Bound, why: str, node: ast.AST) -> None:

    key = (atom.function, atom.owner) if isinstance(atom, Bound) else atom
    count = interp.escaped.get(key, 0)
    if count >= MAX_CALLBACKS:
        return
    interp.escaped[key] = count + 1
    argument = unknown(f"an argument of a function {why}")
    given = calls.Arguments([], {}, argument, argument)

    def run() -> Value:
        return calls.call(interp, (atom,), given, node)

    _, changes = interp.explore(run)
    if changes is not None:
        interp.store.merge([{}, changes])


def _escape_object(interp: Interpreter, atom: Ref, why: str, node: ast.AST, depth: int) -> None:
    state = interp.store.get(atom.obj, CONTENT)
    if depth < 2 and isinstance(state, ListState | DictState):
        if isinstance(state, ListState):
            values = list(state.items) if state.items is not None else [state.rest]
        else:
            values = [*state.entries.values(), state.rest]
        for value in values:
            escape(interp, value, why, node, depth + 1)
    cls = atom.obj.cls
    if cls is None or cls.flavour in ("pydantic", "namedtuple", "settings", "enum"):
        return

    for each in cls.mro:
        for statement in each.node.body if each.node is not None else ():
            if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef) and statement.name not in _NOT_HOOKS:
                method = attributes.find_method(interp, atom, statement.name)
                for bound in method or ():
                    if isinstance(bound, Bound):
                        _call_back(interp, bound, why, node)
    if depth < 2:
        for name in list(atom.obj.info or ()):
            cell = interp.store.get(atom.obj, name)
            if isinstance(cell, tuple) and any(isinstance(item, Ref) and item.obj.cls is not None for item in cell):
                escape(interp, cell, why, node, depth + 1)


_NOT_HOOKS = frozenset({"__init__", "__new__", "__init_subclass__", "__repr__", "__str__", "__eq__", "__hash__"})


def _escape_class(interp: Interpreter, atom: ClassAtom, why: str, node: ast.AST) -> None:

    key = atom.info
    if interp.escaped.get(key, 0):
        return
    interp.escaped[key] = 1
    argument = unknown(f"an argument of a class {why}")
    try:
        made = calls.call(interp, (atom,), calls.Arguments([], {}, argument, argument), node)
    except DeadEnd:
        return
    escape(interp, made, why, node)
