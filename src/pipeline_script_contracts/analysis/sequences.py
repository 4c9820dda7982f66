"""Lists and sets: their methods, slices and indices."""

from __future__ import annotations

import ast
from typing import Any

from . import expressions, iteration
from . import expressions as expressions_module
from .atoms import CONTENT, NONE, NOTHING, Const, Obj, Ref, TupleAtom, Value
from .containers import ListState
from .interpreter import Interpreter
from .values import has_unknown, join, unknown


def extend(interp: Interpreter, obj: Obj, value: Value) -> None:
    """Adds the items of an iterable to a list."""
    state = interp.store.get(obj, CONTENT)
    assert isinstance(state, ListState)
    items = iteration.items_of(interp, value)
    if items is not None and state.items is not None and obj.kind in ("list", "instance"):
        for item in items:
            state = state.append(item)
    else:
        state = state.summary(iteration.element_of(interp, value))
    interp.store.set(obj, CONTENT, state)


def list_method(interp: Interpreter, owner: Ref, name: str, arguments: Any, node: ast.AST) -> Value:
    """Calls a method of a list or set."""
    obj = owner.obj
    state = interp.store.get(obj, CONTENT)
    assert isinstance(state, ListState)
    first = arguments.get(0, default=NOTHING)
    if name in ("append", "add", "appendleft"):
        if name == "append" or obj.kind == "set":
            interp.store.set(obj, CONTENT, state.append(first))
        else:
            interp.store.set(obj, CONTENT, state.summary(first))
        return NONE
    if name in ("extend", "update"):
        for value in arguments.positional:
            extend(interp, obj, value)
        return NONE
    if name == "insert":
        second = arguments.get(1, default=NOTHING)
        index = first[0].value if len(first) == 1 and isinstance(first[0], Const) else None
        if state.items is not None and isinstance(index, int):
            items = list(state.items)
            items.insert(index, second)
            interp.store.set(obj, CONTENT, ListState(tuple(items)))
        else:
            interp.store.set(obj, CONTENT, state.summary(second))
        return NONE
    if name in ("pop", "popleft"):
        return _pop(interp, obj, state, name, first)
    if name in ("copy", "union", "intersection", "difference", "symmetric_difference"):
        rest = state.element
        for value in arguments.positional:
            rest = join(rest, iteration.element_of(interp, value))
        exact = list(state.items) if name == "copy" and state.items is not None else None
        return expressions_module.new_object(interp, obj.kind, ListState(None if exact is None else tuple(exact), rest))
    if name in ("sort", "reverse", "clear", "remove", "discard"):
        if name == "clear":
            interp.store.set(obj, CONTENT, ListState())
        elif name == "reverse" and state.items is not None:
            interp.store.set(obj, CONTENT, ListState(tuple(reversed(state.items))))
        elif name == "sort" and state.items is not None:
            interp.store.set(obj, CONTENT, ListState(tuple(in_order(list(state.items), arguments))))
        else:
            interp.store.set(obj, CONTENT, state.summary())
        return NONE
    return unknown(f"list.{name}")


def _pop(interp: Interpreter, obj: Obj, state: ListState, name: str, index: Value) -> Value:
    position = -1 if name == "pop" else 0
    if index:
        if not (len(index) == 1 and isinstance(index[0], Const) and isinstance(index[0].value, int)):
            interp.store.set(obj, CONTENT, state.summary())
            return state.element
        position = index[0].value
    if state.items is None or obj.kind == "set" or not -len(state.items) <= position < len(state.items):
        return state.element
    items = list(state.items)
    result = items.pop(position)
    interp.store.set(obj, CONTENT, ListState(tuple(items)))
    return result


def in_order(items: list[Value], arguments: Any) -> list[Value]:
    """Sorts constants; leaves the order of anything else open by giving each place every item."""
    constants = [item[0] for item in items if len(item) == 1 and isinstance(item[0], Const)]
    plain = not arguments.keywords.get("key")
    backwards = arguments.keywords.get("reverse")
    if plain and len(constants) == len(items) and (not backwards or isinstance(backwards[0], Const)):
        try:
            ordered = sorted(constants, key=lambda atom: atom.value)
        except TypeError:
            ordered = []
        if ordered:
            if backwards and backwards[0].value:
                ordered.reverse()
            return [(atom,) for atom in ordered]
    every: Value = NOTHING
    for item in items:
        every = join(every, item)
    return [every] * len(items)


def index_sequence(interp: Interpreter, items: list[Value] | None, element: Value, index: Value) -> Value:
    """Gives `items[index]`."""
    result: Value = NOTHING
    for atom in index:
        known = isinstance(atom, Const) and isinstance(atom.value, int) and not atom.soft
        if known and items is not None and isinstance(atom, Const) and -len(items) <= atom.value < len(items):
            result = join(result, items[atom.value])
        else:
            result = join(result, element)
    return result or unknown("an item of an empty sequence")


def slice_sequence(interp: Interpreter, owner: Ref | TupleAtom, node: ast.Slice) -> Value:
    """Gives `items[lower:upper:step]`."""
    bounds: list[int | None] = []
    exact = True
    for part in (node.lower, node.upper, node.step):
        value = expressions.evaluate(interp, part) if part is not None else NONE
        atom = value[0] if len(value) == 1 else None
        if isinstance(atom, Const) and (atom.value is None or isinstance(atom.value, int)) and not atom.soft:
            bounds.append(atom.value)
        else:
            exact = False
    items = iteration.items_of(interp, (owner,))
    if exact and items is not None and bounds[2:] != [0]:
        chosen = items[slice(*bounds)]
        return (TupleAtom(chosen),) if isinstance(owner, TupleAtom) else expressions_module.new_list(interp, chosen)
    element = iteration.element_of(interp, (owner,))
    return (
        expressions_module.new_list(interp, None, element)
        if element or has_unknown((owner,))
        else expressions_module.new_list(interp, [])
    )
