"""Assignment targets."""

from __future__ import annotations

import ast

from . import attributes, calls, descriptors, environment, escapes, expressions, file_contents, iteration, live_tables
from .atoms import (
    ANY,
    CAUGHT,
    CONTENT,
    NOTHING,
    UNDEFINED,
    Atom,
    ClassAtom,
    Const,
    Function,
    Lib,
    ModuleAtom,
    Ref,
    Undefined,
    Unknown,
    Value,
)
from .containers import DictState, ListState, key_of
from .interpreter import Interpreter
from .texts import with_step
from .values import join, unknown

_OWN = (CAUGHT, "an argument of a function given to")  # the script's own objects, on their way back to it


def assign(interp: Interpreter, target: ast.expr, value: Value) -> None:
    """Assigns a value to a target.

    Args:
        interp: The interpreter.
        target: A name, attribute, subscript, or tuple of targets.
        value: The value.
    """
    if isinstance(target, ast.Name):
        interp.bind(target.id, value, target)
    elif isinstance(target, ast.Attribute):
        owner = expressions.evaluate(interp, target.value)
        text = f"{target.value.id}.{target.attr}" if isinstance(target.value, ast.Name) else f".{target.attr}"
        set_attribute(interp, owner, target.attr, with_step(value, interp.step(text, target)), target)
    elif isinstance(target, ast.Subscript):
        owner = expressions.evaluate(interp, target.value)
        if isinstance(target.slice, ast.Constant) and isinstance(target.slice.value, str):
            owner = file_contents.become_dict(interp, target.value, owner)
        set_item(interp, owner, target.slice, value)
        objects = live_tables.owner_of(interp, target.value)
        if objects is not None:
            live_tables.put(interp, objects, expressions.evaluate(interp, target.slice), value, target)
    elif isinstance(target, ast.Starred):
        assign(interp, target.value, value)
    elif isinstance(target, (ast.Tuple, ast.List)):
        _unpack(interp, target.elts, value)


def _unpack(interp: Interpreter, targets: list[ast.expr], value: Value) -> None:
    star = next((index for index, each in enumerate(targets) if isinstance(each, ast.Starred)), None)
    columns: list[Value] = [NOTHING] * len(targets)
    for atom in value:
        items = iteration.items_of(interp, (atom,))
        if items is not None and star is not None and len(items) >= len(targets) - 1:
            after = len(targets) - star - 1
            middle = expressions.new_list(interp, items[star : len(items) - after])
            items = [*items[:star], middle, *items[len(items) - after :]]
        if items is not None and len(items) == len(targets):
            columns = [join(column, item) for column, item in zip(columns, items, strict=True)]
        else:
            element = iteration.element_of(interp, (atom,)) or unknown("an unpacked value")
            for index in range(len(targets)):
                more = expressions.new_list(interp, None, element) if index == star else element
                columns[index] = join(columns[index], more)
    for target, column in zip(targets, columns, strict=True):
        assign(interp, target, column)


def set_attribute(interp: Interpreter, owner: Value, name: str, value: Value, node: ast.AST) -> None:
    """Sets an attribute: for certain on one object, possibly on each of several."""
    put_attribute(interp, owner, name, value, node, certain=True)


def put_attribute(
    interp: Interpreter, owner: Value, name: str, value: Value, node: ast.AST, *, certain: bool, raw: bool = False
) -> None:
    """Sets an attribute, for certain where that is so and there is one object; `raw` leaves out the class's setters."""
    certain = certain and len(owner) == 1
    for atom in owner:
        if isinstance(atom, Ref):
            if raw or not _taken_by_class(interp, atom, name, value, node):
                _set_on_object(interp, atom, name, value, certain)
        elif isinstance(atom, (ClassAtom, ModuleAtom)):
            _update(interp, atom.info.scope, name, value, certain)
        elif isinstance(atom, Lib) or (isinstance(atom, Unknown) and not atom.reason.startswith(_OWN)):
            escapes.hand_over(interp, value, f"attribute {name!r} of {_owner_text(atom)}", node)
            if isinstance(atom, Lib) and atom.name.endswith("()"):
                escapes.escape(interp, value, f"kept as {name!r} by a library's object", node)


def _owner_text(atom: Lib | Unknown) -> str:
    """Gives the name of a library's object, or of what has made it."""
    if isinstance(atom, Unknown):
        return "an object that is not known"
    name = atom.name.rpartition(".")[2]
    return f"what {name.removesuffix('()')} returns" if name.endswith("()") else name


def set_any_attribute(interp: Interpreter, owner: Value, value: Value) -> None:
    """Sets an attribute whose name is not known: any that the object has, methods left out."""
    for atom in owner:
        if isinstance(atom, Ref) and atom.obj.kind == "namespace":
            state = interp.store.get(atom.obj, CONTENT)
            assert isinstance(state, DictState)
            interp.store.set(atom.obj, CONTENT, state.set_unknown(unknown("a name"), value))
        elif isinstance(atom, Ref) and atom.obj.cls is not None:
            interp.store.set(atom.obj, ANY, value)
            scopes = [cls.scope for cls in atom.obj.cls.mro]
            names = {name for scope, name in interp.store.cells if isinstance(name, str) and scope in scopes}
            for name in sorted(names | (atom.obj.info if isinstance(atom.obj.info, set) else set())):
                found = attributes.class_attribute(interp, atom.obj.cls, name) or ()
                is_method = any(isinstance(each, Function) for each in found)
                if not is_method and not _taken_by_class(interp, atom, name, value, interp.current):
                    _set_on_object(interp, atom, name, value, False)


def _taken_by_class(interp: Interpreter, atom: Ref, name: str, value: Value, node: ast.AST) -> bool:
    """Runs the setter of the class, where it has one for an attribute."""
    if atom.obj.kind == "namespace":
        return False
    for each in attributes.class_attribute(interp, atom.obj.cls, name) or () if atom.obj.cls is not None else ():
        if isinstance(each, Function) and each.binding == "property":
            setter = attributes.class_attribute(interp, atom.obj.cls, f"{name}.setter")
            if setter is not None:
                calls.call(interp, setter, calls.Arguments([(atom,), value]), node)
            return True
        if descriptors.write(interp, each, (atom,), value, node):
            return True
    setter = attributes.find_method(interp, atom, "__setattr__")
    if setter is None or any(
        frame.function is not None and frame.function.name == "__setattr__" for frame in interp.frames
    ):
        return False
    calls.call(interp, setter, calls.Arguments([(Const(name),), value]), node)
    return True


def _set_on_object(interp: Interpreter, atom: Ref, name: str, value: Value, certain: bool) -> None:
    obj = atom.obj
    if obj.kind == "namespace":
        state = interp.store.get(obj, CONTENT)
        assert isinstance(state, DictState)
        key = key_of(Const(name))
        assert key is not None
        interp.store.set(obj, CONTENT, state.set(key, value) if certain else state.maybe(key, value))
        return
    if isinstance(obj.info, set):
        obj.info.add(name)
    if not certain:
        old = interp.store.get(obj, name)
        value = join(old if isinstance(old, tuple) else (UNDEFINED,), value)
    interp.store.set(obj, name, value)


def _update(interp: Interpreter, owner: object, name: str, value: Value, certain: bool) -> None:
    old = interp.store.get(owner, name)
    if not certain and isinstance(old, tuple):
        value = join(tuple(each for each in old if not isinstance(each, Undefined)), value)
    interp.store.set(owner, name, value)


def set_item(interp: Interpreter, owner: Value, index: ast.expr, value: Value) -> None:
    """Sets `owner[index]`."""
    if isinstance(index, ast.Slice):
        expressions.evaluate(interp, index)
        for atom in owner:
            if isinstance(atom, Ref) and isinstance(interp.store.get(atom.obj, CONTENT), ListState):
                state = interp.store.get(atom.obj, CONTENT)
                interp.store.set(atom.obj, CONTENT, state.summary(iteration.element_of(interp, value)))
        return
    key = expressions.evaluate(interp, index)
    text = interp.step(ast.unparse(index)[:40], index)
    for atom in owner:
        method = attributes.find_method(interp, atom, "__setitem__") if isinstance(atom, Ref) else None
        if method is not None:
            calls.call(interp, method, calls.Arguments([key, with_step(value, text)]), index)
        else:
            put_item(interp, atom, key, with_step(value, text), len(owner) == 1, index)


def put_item(interp: Interpreter, atom: Atom, key: Value, value: Value, certain: bool, node: ast.AST) -> None:
    """Sets an item of an environment, dict or list, as the built-in type does."""
    if environment.is_environment(atom):
        environment.set_variable(interp, key, value)
        return
    if isinstance(atom, (Lib, Unknown)):
        escapes.hand_over(interp, value, f"an item of {_owner_text(atom)}", node)
    if not isinstance(atom, Ref):
        return
    state = interp.store.get(atom.obj, CONTENT)
    if isinstance(state, DictState):
        if certain:
            interp.store.set(atom.obj, CONTENT, expressions.put(state, key, value))
        else:
            for each in key:
                known = key_of(each)
                state = state.maybe(known, value) if known is not None else state.set_unknown(key, value)
            interp.store.set(atom.obj, CONTENT, state)
        return
    if isinstance(state, ListState):
        index = key[0].value if len(key) == 1 and isinstance(key[0], Const) else None
        size = len(state.items) if state.items is not None else 0
        if state.items is None or not isinstance(index, int) or not certain or not -size <= index < size:
            interp.store.set(atom.obj, CONTENT, state.summary(value))
        else:
            items = list(state.items)
            items[index] = value
            interp.store.set(atom.obj, CONTENT, ListState(tuple(items)))
