"""`value[index]`."""

from __future__ import annotations

import ast

from . import attributes, calls, environment, expressions, iteration, library, mappings, sequences
from .atoms import (
    CONTENT,
    NOTHING,
    Atom,
    Bound,
    ClassAtom,
    Const,
    Document,
    Function,
    Lib,
    PathAtom,
    Ref,
    Text,
    TupleAtom,
    Unknown,
    Value,
)
from .containers import DictState, ListState
from .interpreter import DeadEnd, Interpreter
from .patterns import Hole
from .texts import chain_of
from .values import const, join, unknown


def load_subscript(interp: Interpreter, node: ast.Subscript) -> Value:
    """Evaluates a subscript."""
    owner = expressions.evaluate(interp, node.value)
    interp.current = node
    if isinstance(node.slice, ast.Slice):
        result: Value = NOTHING
        for atom in owner:
            result = join(result, _slice(interp, atom, node.slice))
        return result
    return get_item(interp, owner, expressions.evaluate(interp, node.slice), node)


def get_item(interp: Interpreter, owner: Value, index: Value, node: ast.AST) -> Value:
    """Gives `owner[index]`."""
    result: Value = NOTHING
    ends = 0
    for atom in owner:
        try:
            result = join(result, item(interp, atom, index, node))
        except DeadEnd:
            ends += 1
    if ends and ends == len(owner):
        raise DeadEnd
    return result or unknown("an item of nothing")


def item(interp: Interpreter, atom: Atom, index: Value, node: ast.AST) -> Value:
    """Gives `atom[index]`."""
    if environment.is_environment(atom):
        return environment.read(interp, index, None, node)
    if isinstance(atom, TupleAtom):
        return sequences.index_sequence(interp, list(atom.items), iteration.element_of(interp, (atom,)), index)
    if isinstance(atom, Ref) and atom.obj.cls is not None:
        method = attributes.find_method(interp, atom, "__getitem__")
        if method is not None:
            return calls.call(interp, method, calls.Arguments([index]), node)
    if isinstance(atom, Document) or mappings.mapping_state(interp, atom) is not None:
        return mappings.item(interp, atom, index, node)
    if isinstance(atom, Ref):
        is_list = isinstance(interp.store.get(atom.obj, CONTENT), ListState)
        if is_list or iteration.items_of(interp, (atom,)) is not None:
            return sequences.index_sequence(
                interp, iteration.items_of(interp, (atom,)), iteration.element_of(interp, (atom,)), index
            )
        return unknown("an item of an object")
    if isinstance(atom, ClassAtom):
        return _of_class(interp, atom, index, node)
    if isinstance(atom, (Const, Text)):
        return _character(atom, index)
    if isinstance(atom, Lib) and atom.name == "sys.version_info" and index == const(0):
        return const(3)
    if isinstance(atom, Lib):
        if atom.name == "sys.argv":
            return library.command_line.argv_item(interp, index, node)
        if atom.name in (library.training_environment.WHOLE, library.training_environment.CHANNELS):
            return library.training_environment.item(interp, atom.name, index, node)
        return (atom,)
    if isinstance(atom, PathAtom):
        return unknown("an item of a path")
    return (atom,) if isinstance(atom, Unknown) else unknown("an item of something that is not modelled")


def _of_class(interp: Interpreter, atom: ClassAtom, index: Value, node: ast.AST) -> Value:
    if not atom.info.members:
        hook = attributes.class_attribute(interp, atom.info, "__class_getitem__")
        bound = tuple(Bound(each, (atom,)) if isinstance(each, Function) else each for each in hook or ())
        return calls.call(interp, bound, calls.Arguments([index]), node) if bound else (atom,)
    result: Value = NOTHING
    for key in index:
        name = key.value if isinstance(key, Const) else None
        member = atom.info.members.get(name) if isinstance(name, str) else None
        if member is not None:
            result = join(result, (member,))
        else:
            for each in atom.info.members.values():
                result = join(result, (each,))
    return result


def _character(atom: Const | Text, index: Value) -> Value:
    result: Value = NOTHING
    for each in index:
        if isinstance(atom, Const) and isinstance(atom.value, (str, bytes)) and isinstance(each, Const):
            try:
                result = join(result, (Const(atom.value[each.value], atom.soft),))
            except (IndexError, TypeError) as error:
                if atom.soft:
                    result = join(result, unknown("a character"))
                else:
                    raise DeadEnd from error
        else:
            result = join(result, (Text((Hole("any", reason="a part of a string"),), chain_of(atom)),))
    return result


def _slice(interp: Interpreter, atom: Atom, node: ast.Slice) -> Value:
    if isinstance(atom, TupleAtom) or (isinstance(atom, Ref) and not isinstance(_content(interp, atom), DictState)):
        if isinstance(atom, Ref) and atom.obj.kind not in ("list", "tuple", "set"):
            return unknown("a slice of an object")
        return sequences.slice_sequence(interp, atom, node)
    bounds = [
        expressions.evaluate(interp, part) if part is not None else None for part in (node.lower, node.upper, node.step)
    ]
    if isinstance(atom, Const) and isinstance(atom.value, (str, bytes)):
        numbers: list[int | None] = []
        for bound in bounds:
            if bound is None:
                numbers.append(None)
            elif len(bound) == 1 and isinstance(bound[0], Const) and isinstance(bound[0].value, int | None):
                numbers.append(bound[0].value)
        if len(numbers) == 3 and numbers[2] != 0:
            return (Const(atom.value[slice(*numbers)], atom.soft, atom.via),)
    if isinstance(atom, (Const, Text)):
        return (Text((Hole("any", reason="a part of a string"),), chain_of(atom)),)
    if isinstance(atom, Lib) and atom.name == "sys.argv":
        return (
            (Lib("sys.argv"),)
            if node.upper is None
            else library.command_line.argv_item(interp, unknown("an index"), node)
        )
    return (atom,)


def _content(interp: Interpreter, atom: Ref) -> object:

    return interp.store.get(atom.obj, CONTENT)
