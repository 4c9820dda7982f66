"""`del`: of names, attributes, items and environment variables."""

from __future__ import annotations

import ast

from . import attributes, calls, environment, expressions, live_tables
from .atoms import CONTENT, UNDEFINED, Atom, Bound, ClassAtom, Const, Function, ModuleAtom, Ref, Value
from .containers import DictState, ListState, key_of, text_key
from .interpreter import Interpreter
from .values import const, join


def delete(interp: Interpreter, target: ast.expr) -> None:
    """Runs `del target`."""
    if isinstance(target, (ast.Tuple, ast.List)):
        for each in target.elts:
            delete(interp, each)
    elif isinstance(target, ast.Name):
        interp.store.set(interp.scope_of(target.id), target.id, (UNDEFINED,))
    elif isinstance(target, ast.Attribute):
        delete_attribute(interp, expressions.evaluate(interp, target.value), target.attr, target)
    elif isinstance(target, ast.Subscript):
        owner = expressions.evaluate(interp, target.value)
        objects = live_tables.owner_of(interp, target.value)
        if isinstance(target.slice, ast.Slice):
            _delete_slice(interp, owner, target.slice)
            return
        key = expressions.evaluate(interp, target.slice)
        for atom in owner:
            delete_item(interp, atom, key, len(owner) == 1, target)
        if objects is not None and len(key) == 1 and isinstance(key[0], Const) and isinstance(key[0].value, str):
            delete_attribute(interp, objects, key[0].value, target)


def delete_attribute(interp: Interpreter, owner: Value, name: str, node: ast.AST, certain: bool = True) -> None:
    """Deletes an attribute, for certain where that is so and there is one object."""
    certain = certain and len(owner) == 1
    for atom in owner:
        if isinstance(atom, Ref) and atom.obj.kind == "namespace":
            state = interp.store.get(atom.obj, CONTENT)
            assert isinstance(state, DictState)
            interp.store.set(atom.obj, CONTENT, state.without((text_key(name),), certain))
        elif isinstance(atom, Ref) and atom.obj.cls is not None:
            if not _deleted_by_class(interp, atom, name, node):
                _undefine(interp, atom.obj, name, certain)
        elif isinstance(atom, (ClassAtom, ModuleAtom)):
            _undefine(interp, atom.info.scope, name, certain)


def _undefine(interp: Interpreter, owner: object, name: str, certain: bool) -> None:
    cell = interp.store.get(owner, name)
    if isinstance(cell, tuple):
        interp.store.set(owner, name, (UNDEFINED,) if certain else join(cell, (UNDEFINED,)))


def _deleted_by_class(interp: Interpreter, atom: Ref, name: str, node: ast.AST) -> bool:
    """Runs what the class has for the deletion of an attribute: a property's deleter, or `__delattr__`."""
    own = attributes.class_attribute(interp, atom.obj.cls, f"{name}.deleter")
    hooks = tuple(Bound(each, (atom,)) for each in own or () if isinstance(each, Function))
    if hooks:
        calls.call(interp, hooks, calls.Arguments([]), node)
        return True
    hook = attributes.find_method(interp, atom, "__delattr__")
    if hook is not None:
        calls.call(interp, hook, calls.Arguments([const(name)]), node)
    return hook is not None


def delete_item(interp: Interpreter, atom: Atom, key: Value, certain: bool, node: ast.AST) -> None:
    """Deletes an item of a container, or a variable of the environment."""
    if environment.is_environment(atom):
        environment.unset_variable(interp, key)
        return
    if not isinstance(atom, Ref):
        return
    state = interp.store.get(atom.obj, CONTENT)
    if isinstance(state, DictState):
        interp.store.set(atom.obj, CONTENT, state.without(tuple(map(_plain_key, key)), certain))
    elif isinstance(state, ListState):
        index = key[0].value if len(key) == 1 and isinstance(key[0], Const) and not key[0].soft else None
        items = list(state.items) if state.items is not None else []
        if certain and isinstance(index, int) and -len(items) <= index < len(items):
            del items[index]
            interp.store.set(atom.obj, CONTENT, ListState(tuple(items)))
        else:
            interp.store.set(atom.obj, CONTENT, state.summary())
    else:
        hook = attributes.find_method(interp, atom, "__delitem__")
        if hook is not None:
            calls.call(interp, hook, calls.Arguments([key]), node)


def _plain_key(atom: Atom) -> object:
    """Gives the key that an atom certainly stands for, or None."""
    return None if isinstance(atom, Const) and atom.soft else key_of(atom)


def _delete_slice(interp: Interpreter, owner: Value, index: ast.Slice) -> None:
    expressions.evaluate(interp, index)
    everything = len(owner) == 1 and not (index.lower or index.upper or index.step)
    for atom in owner:
        state = interp.store.get(atom.obj, CONTENT) if isinstance(atom, Ref) else None
        if isinstance(atom, Ref) and isinstance(state, ListState):
            interp.store.set(atom.obj, CONTENT, ListState() if everything else state.summary())
