"""Dicts and other mappings: looking up, and the methods of a dict."""

from __future__ import annotations

import ast
from collections.abc import Hashable
from typing import Any

from . import calls, deletion, environment, expressions, iteration
from .atoms import CONTENT, NONE, NOTHING, UNDEFINED, Atom, Const, Document, Lib, Ref, TupleAtom, Value
from .containers import DictState, ListState, key_of, key_value, text_key
from .facts import HyperparameterUse
from .interpreter import Interpreter, strings_in
from .texts import hole_text
from .values import join, unknown


def mapping_state(interp: Interpreter, atom: Atom) -> DictState | None:
    """Gives the content of a mapping: a dict, a namespace, or the attributes of an object."""
    if not isinstance(atom, Ref):
        return None
    state = interp.store.get(atom.obj, CONTENT)
    if isinstance(state, DictState):
        return state
    return None


def attributes_state(interp: Interpreter, atom: Ref) -> DictState:
    """Gives the attributes of an object as a mapping."""
    entries: dict[Hashable, Value] = {}
    certain: set[Hashable] = set()
    for name in sorted(atom.obj.info or ()):
        cell = interp.store.get(atom.obj, name)
        if isinstance(cell, tuple):
            key = text_key(name)
            if UNDEFINED in cell:
                kept = tuple(each for each in cell if each is not UNDEFINED)
                if kept:
                    entries[key] = kept
            else:
                entries[key] = cell
                certain.add(key)
    return DictState(entries, frozenset(certain))


def mapping_value(interp: Interpreter, value: Value, key: str) -> Value:
    """Gives what stands under a string key."""
    result: Value = NOTHING
    for atom in value:
        result = join(result, item(interp, atom, (Const(key),), interp.current))
    return result or unknown(f"key {key!r}")


def item(interp: Interpreter, atom: Atom, key: Value, node: ast.AST, default: Value | None = None) -> Value:
    """Gives what stands under a key of a mapping.

    Args:
        interp: The interpreter.
        atom: The mapping.
        key: The key.
        node: The expression.
        default: What is given for a key that is not there; None when that is an error.

    Returns:
        The value.
    """
    if isinstance(atom, Document):
        return _hyperparameter(interp, atom, key, node, default)
    if environment.is_environment(atom):
        for name in strings_in(key):
            interp.frame.guards.add(name)
        return environment.read(interp, key, default, node)
    state = mapping_state(interp, atom)
    if state is None:
        return unknown("an item of something that is not known")
    result: Value = NOTHING
    merged = any(environment.is_environment(each) for each in state.rest)
    for each in key:
        known = key_of(each)
        if merged:
            fallback = state.entries.get(known) if known is not None else None
            result = join(result, environment.read(interp, (each,), fallback or default, node))
            continue
        if known is None:
            result = join(result, join(state.element, default or NOTHING))
            continue
        soft = isinstance(each, Const) and each.soft
        if known in state.entries:
            result = join(result, state.entries[known])
            if known not in state.certain and default is not None:
                result = join(result, default)
        elif default is not None:
            result = join(join(result, state.rest), default)
        else:
            result = join(result, state.rest)
        if soft:
            result = join(result, state.element)
    if not result:
        factory = atom.obj.info if isinstance(atom, Ref) and atom.obj.kind == "dict" else None
        if factory:
            return _made(interp, atom, factory, key, node)
        return unknown("a key that is not in the dict")
    return result


def _made(interp: Interpreter, atom: Any, factory: Value, key: Value, node: ast.AST) -> Value:
    """A `defaultdict` makes the value of a missing key."""
    value = calls.call(interp, factory, calls.Arguments([]), node)
    state = interp.store.get(atom.obj, CONTENT)
    interp.store.set(atom.obj, CONTENT, expressions.put(state, key, value))
    return value


def _hyperparameter(
    interp: Interpreter, atom: Document, key: Value, node: ast.AST, default: Value | None = None
) -> Value:

    result: Value = NOTHING
    for each in key:
        if isinstance(each, Const) and isinstance(each.value, str):
            environment.note_hyperparameter(interp, each.value, default, node, atom.via)
            kind = "hyperparameter" if atom.via == "json" else "any"  # the toolkit decodes what it puts into SM_HPS
            result = join(result, (hole_text(kind, each.value, f"hyperparameter {each.value}"),))
        else:
            interp.record.hyperparameter(HyperparameterUse("*", interp.place(node), via=atom.via))
            result = join(result, (hole_text("any", reason="a hyperparameter"),))
    return join(result, environment.soften(default)) if default else result


def dict_method(interp: Interpreter, owner: Ref, name: str, arguments: Any, node: ast.AST) -> Value:
    """Calls a method of a dict."""
    state = interp.store.get(owner.obj, CONTENT)
    assert isinstance(state, DictState)
    first = arguments.get(0)
    if name == "get":
        return item(interp, owner, first, node, default=arguments.get(1, default=NONE))
    if name == "setdefault":
        value = arguments.get(1, default=NONE)
        keys = [key_of(atom) for atom in first]
        if len(keys) == 1 and keys[0] is not None and keys[0] in state.certain:
            return state.entries[keys[0]]
        current = item(interp, owner, first, node, default=value)
        interp.store.set(owner.obj, CONTENT, expressions.put(state, first, current))
        return current
    if name == "pop":
        result = item(interp, owner, first, node, default=arguments.get(1, default=None))
        deletion.delete_item(interp, owner, first, True, node)
        return result
    if name == "update":
        for value in arguments.positional:
            state = expressions.merge_mapping(interp, state, _as_mapping(interp, value))
        for key, value in arguments.keywords.items():
            state = state.set(text_key(key), value)
        if arguments.rest_keywords:
            state = state.set_unknown(unknown("a key"), arguments.rest_keywords)
        interp.store.set(owner.obj, CONTENT, state)
        return NONE
    if name in ("items", "iteritems"):
        pairs = [((TupleAtom([(key_value(key),), value])),) for key, value in state.entries.items()]
        if state.is_exact:
            return expressions.new_list(interp, list(pairs))
        rest: Value = NOTHING
        for pair in pairs:
            rest = join(rest, pair)
        if state.rest:
            rest = join(rest, (TupleAtom([state.rest_keys, state.rest]),))
        return expressions.new_list(interp, None, rest)
    if name in ("keys", "iterkeys", "values", "itervalues"):
        wanted = "keys" if "keys" in name else "values"
        if state.is_exact:
            known = [(key_value(key),) if wanted == "keys" else value for key, value in state.entries.items()]
            return expressions.new_list(interp, known)
        return expressions.new_list(interp, None, state.keys if wanted == "keys" else state.element)
    if name == "copy":
        return expressions.new_object(interp, "dict", state, info=owner.obj.info)
    if name == "clear":
        interp.store.set(owner.obj, CONTENT, DictState({}))
        return NONE
    if name == "popitem":
        interp.store.set(owner.obj, CONTENT, state.without((None,)))
        return (TupleAtom([state.keys, state.element]),)
    return unknown(f"dict.{name}")


def _as_mapping(interp: Interpreter, value: Value) -> Value:
    """Accepts a list of pairs where a mapping is wanted."""
    return tuple(
        atom
        if not (isinstance(atom, Ref) and isinstance(interp.store.get(atom.obj, CONTENT), ListState))
        else expressions.new_object(interp, "dict", pairs_state(interp, (atom,)))[0]
        for atom in value
    )


def pairs_state(interp: Interpreter, value: Value) -> DictState:
    """Gives the dict made of an iterable of pairs."""
    state = DictState({})
    known = iteration.items_of(interp, value)
    for pair in known if known is not None else [iteration.element_of(interp, value)]:
        sides = [iteration.items_of(interp, (atom,)) for atom in pair]
        for each in sides:
            if each is None or len(each) != 2:
                state = state.set_unknown(unknown("a key"), unknown("a value"))
            elif known is None:
                state = state.set_unknown(each[0], each[1])
            else:
                state = expressions.put(state, each[0], each[1])
    return state


def make_dict(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    """Calls `dict(...)`."""
    for atom in arguments.get(0):
        if isinstance(atom, Document):
            return (atom,)
        if isinstance(atom, Lib) and atom.name.startswith("os.environ"):
            return (Lib("os.environ"),)
    return expressions.new_object(interp, "dict", dict_state(interp, arguments))


def dict_state(interp: Interpreter, arguments: Any) -> DictState:
    """Gives the content of `dict(...)`."""
    state = DictState({})
    for value in arguments.positional[:1]:
        for atom in value:
            if mapping_state(interp, atom) is not None:
                state = expressions.merge_mapping(interp, state, (atom,))
            elif isinstance(atom, (Ref, TupleAtom)):
                state = expressions.merge_mapping(
                    interp, state, expressions.new_object(interp, "dict", pairs_state(interp, (atom,)))
                )
            else:
                state = state.set_unknown(unknown("a key"), unknown("a value of a dict that is not known"))
    for key, value in arguments.keywords.items():
        state = state.set(text_key(key), value)
    for atom in arguments.rest_keywords:
        if isinstance(atom, Document):
            interp.record.hyperparameter(HyperparameterUse("*", interp.place(interp.current), via=atom.via))
    if arguments.rest_keywords:
        state = state.set_unknown(unknown("a key"), arguments.rest_keywords)
    return state
