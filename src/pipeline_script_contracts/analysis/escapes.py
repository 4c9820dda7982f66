"""What happens to values that are handed to code that cannot be seen.

Paths among them are delegated: that code may read or write them. Functions and objects among them may be called back:
their code is followed with arguments that are not known.
"""

from __future__ import annotations

import ast
import re
from typing import Any

from . import attributes, calls, functions, imagined
from .atoms import (
    CONTENT,
    Atom,
    Bound,
    ClassAtom,
    Const,
    Document,
    Function,
    Lib,
    ModuleAtom,
    Partial,
    PathAtom,
    Ref,
    Text,
    TupleAtom,
    Unknown,
    Value,
)
from .containers import DictState, ListState
from .facts import HyperparameterUse
from .fields import FLAVOURS
from .interpreter import DeadEnd, Interpreter
from .library.packages import KNOWN_PACKAGES
from .patterns import Hole, Parts, Pattern
from .platform import MODEL_FOLDER, SERVER_CONTEXT
from .scopes import ClassInfo
from .texts import chain_of, parts_of
from .values import unknown

MAX_DEPTH = 4
MAX_CALLBACKS = 2


def delegate(interp: Interpreter, arguments: Any, sink: str, node: ast.AST, reason: str) -> None:
    """Hands arguments to code that cannot be seen.

    Args:
        interp: The interpreter.
        arguments: The arguments.
        sink: What is called.
        node: The call.
        reason: Why it cannot be seen.
    """
    deep = sink.partition(".")[0].partition("(")[0] not in KNOWN_PACKAGES
    for value in arguments.every():
        hand_over(interp, value, sink, node, deep)
        escape(interp, value, f"given to {sink}", node)


def hand_over(interp: Interpreter, value: Value, sink: str, node: ast.AST, deep: bool = True) -> None:
    """Records the paths that can be reached from a value as delegated.

    Args:
        interp: The interpreter.
        value: What is handed over.
        sink: What takes it.
        node: Where that happens.
        deep: Whether the code may look into objects of the script's own classes, whose methods are followed anyway.
    """
    for atom in _paths_in(interp, value, 0, set(), deep):
        chain = (*chain_of(atom), interp.step(sink, node))
        for parts in _paths_of_text(atom):
            interp.record.path("delegate", Pattern(parts), sink, interp.place(node), chain)


def _paths_of_text(atom: Atom) -> list[Parts]:
    """Gives the path that a text is, or those that stand in it."""
    parts = parts_of(atom) or ()
    text = "".join(part for part in parts if isinstance(part, str))
    if isinstance(atom, PathAtom) or not re.search(r"[\s=:,;\"'<>]", text):
        return [parts]
    return [(found,) for found in re.findall(r"(?<![\w.:/])/[\w.-]+(?:/[\w.-]+)+", text)]


def _paths_in(interp: Interpreter, value: Value, depth: int, seen: set[int], deep: bool) -> list[Atom]:
    """Gives the paths that can be reached from a value."""
    found: list[Atom] = []
    if depth > MAX_DEPTH:
        return found
    for atom in value:
        if isinstance(atom, (PathAtom, Const, Text)):
            if _is_path(atom):
                found.append(atom)
        elif isinstance(atom, TupleAtom):
            for item in atom.items:
                found += _paths_in(interp, item, depth + 1, seen, deep)
        elif isinstance(atom, Ref) and id(atom.obj) not in seen:
            seen.add(id(atom.obj))
            state = interp.store.get(atom.obj, CONTENT)
            if isinstance(state, (ListState, DictState)):
                found += _paths_in(interp, state.element, depth + 1, seen, deep)
                for item in state.items or () if isinstance(state, ListState) else state.entries.values():
                    found += _paths_in(interp, item, depth + 1, seen, deep)
            elif atom.obj.cls is not None and (deep or atom.obj.cls.flavour in FLAVOURS):
                for name in sorted(atom.obj.info or ()):
                    cell = interp.store.get(atom.obj, name)
                    found += _paths_in(interp, cell if isinstance(cell, tuple) else (), depth + 1, seen, deep)
        elif isinstance(atom, Partial):
            for item in (*atom.positional, *(each for _, each in atom.keywords)):
                found += _paths_in(interp, item, depth + 1, seen, deep)
        elif isinstance(atom, Lib) and atom.name == SERVER_CONTEXT:
            found.append(Const(MODEL_FOLDER))
        elif isinstance(atom, (ClassAtom, ModuleAtom)) and depth < 2:
            for cell in interp.store.of(atom.info.scope):
                found += _paths_in(interp, cell if isinstance(cell, tuple) else (), depth + 2, seen, deep)
    return list(dict.fromkeys(found))


def _is_path(atom: Atom) -> bool:
    """Tells whether a text is a path, or holds one."""
    parts = parts_of(atom)
    if not parts:
        return False
    head = parts[0]
    if isinstance(head, Hole):
        return len(parts) <= 2 and head.kind in ("argument", "env")
    if isinstance(atom, PathAtom):
        return head.startswith("/") and head != "/"
    return any(isinstance(part, str) and _PATH.search(part) for part in parts)


_PATH = re.compile(r"(?<![\w.:/])/[\w.-]{2,}")


def escape(interp: Interpreter, value: Value, why: str, node: ast.AST, depth: int = 0) -> None:
    """Follows the functions and objects in a value as if they were called back."""
    for atom in value:
        if type(atom) in _INERT:
            continue
        if isinstance(atom, (Function, Bound)):
            _call_back(interp, atom, why, node)
        elif isinstance(atom, Partial):
            for each in atom.function:
                if isinstance(each, (Function, Bound)):
                    _call_back(interp, each, why, node, atom)
                else:
                    escape(interp, (each,), why, node, depth)
        elif isinstance(atom, Ref):
            _escape_object(interp, atom, why, node, depth)
        elif isinstance(atom, TupleAtom) and depth < 2:
            for item in atom.items:
                escape(interp, item, why, node, depth + 1)
        elif isinstance(atom, Document):
            interp.record.hyperparameter(HyperparameterUse("*", interp.place(node), via=atom.via))
        elif isinstance(atom, ClassAtom) and atom.info.unseen:
            _escape_class(interp, atom, why, node)


_INERT = frozenset({Const, Text, PathAtom, Unknown, Lib, ModuleAtom})


def _call_back(
    interp: Interpreter, atom: Function | Bound, why: str, node: ast.AST, partial: Partial | None = None
) -> None:
    key = (atom.function, atom.owner) if isinstance(atom, Bound) else atom
    if not interp.record.once_more(key, MAX_CALLBACKS):
        return
    argument = unknown(f"an argument of a function {why}")
    function = atom.function if isinstance(atom, Bound) else atom
    shown = functions.shown(interp, function)
    annotated = imagined.arguments_of(interp, shown.info, shown.scope)
    given = calls.Arguments([], annotated, argument, argument)
    if partial is not None:
        bound = function.info.positional[isinstance(atom, Bound) :][: len(partial.positional)]
        free = {name: value for name, value in annotated.items() if name not in bound}
        given = calls.Arguments(list(partial.positional), {**free, **dict(partial.keywords)}, argument, argument)

    result, changes = interp.explore(lambda: calls.call(interp, (atom,), given, node))
    if changes is not None:
        interp.store.merge([{}, changes])
    if result:
        hand_over(interp, result, f"the result of a function {why}", node)


def _escape_object(interp: Interpreter, atom: Ref, why: str, node: ast.AST, depth: int) -> None:
    state = interp.store.get(atom.obj, CONTENT)
    if depth < 2 and isinstance(state, (ListState, DictState)):
        if isinstance(state, ListState):
            values = list(state.items) if state.items is not None else [state.rest]
        else:
            values = [*state.entries.values(), state.rest]
        for value in values:
            escape(interp, value, why, node, depth + 1)
    cls = atom.obj.cls
    if cls is None or cls.flavour in ("pydantic", "namedtuple", "settings", "enum"):
        return
    if any(base.endswith("CheckpointIO") for base in cls.library):
        return  # it writes where the checkpoint callback says, which counts as the writer

    helpers = _helpers(interp, cls)
    for each in cls.mro:
        for statement in each.node.body if each.node is not None else ():
            if not isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef)):
                continue
            if statement.name not in _NOT_HOOKS and statement.name not in helpers:
                method = attributes.find_method(interp, atom, statement.name)
                for bound in method or ():
                    if isinstance(bound, Bound):
                        _call_back(interp, bound, why, node)
    if depth < 2:
        for name in sorted(atom.obj.info or ()):
            cell = interp.store.get(atom.obj, name)
            if isinstance(cell, tuple) and any(isinstance(item, Ref) and item.obj.cls is not None for item in cell):
                escape(interp, cell, why, node, depth + 1)


def _helpers(interp: Interpreter, cls: ClassInfo) -> frozenset[str]:
    """Gives the private methods that the class itself calls: nobody else does, so they run with what it gives them."""
    key = ("helpers", cls)
    if key not in interp.infos:
        interp.infos[key] = frozenset(
            node.attr
            for each in cls.mro
            for node in (ast.walk(each.node) if each.node is not None else ())
            if isinstance(node, ast.Attribute) and node.attr.startswith("_") and not node.attr.endswith("__")
        )
    found: frozenset[str] = interp.infos[key]
    return found


_NOT_HOOKS = frozenset({"__init__", "__new__", "__init_subclass__", "__repr__", "__str__", "__eq__", "__hash__"})


def _escape_class(interp: Interpreter, atom: ClassAtom, why: str, node: ast.AST) -> None:

    if not interp.record.once_more(atom.info):
        return
    argument = unknown(f"an argument of a class {why}")
    try:
        made = calls.call(interp, (atom,), calls.Arguments([], {}, argument, argument), node)
    except DeadEnd:
        return
    escape(interp, made, why, node)
