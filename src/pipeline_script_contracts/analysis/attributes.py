"""`value.name`."""

from __future__ import annotations

import ast

from . import calls, descriptors, expressions, fields, imports, inherited, library, mappings, pathlib_model
from .atoms import (
    CONTENT,
    NONE,
    NOTHING,
    UNDEFINED,
    Atom,
    Bound,
    ClassAtom,
    Const,
    Document,
    EnumMember,
    Function,
    Handle,
    Lib,
    Method,
    ModuleAtom,
    PathAtom,
    Ref,
    Super,
    Text,
    TupleAtom,
    Undefined,
    Unknown,
    Value,
)
from .containers import DictState, text_key
from .facts import HyperparameterUse
from .interpreter import Interpreter
from .scopes import ClassInfo
from .values import const, join, unknown


def load_attribute(interp: Interpreter, owner: Value, name: str, node: ast.AST) -> Value:
    """Gives an attribute of a value."""
    interp.current = node
    if len(owner) == 1:
        return _attribute(interp, owner[0], name, node)
    result: Value = NOTHING
    for atom in owner:
        if isinstance(atom, Const) and atom.value is None:
            continue  # an attribute of None ends the program
        result = join(result, _attribute(interp, atom, name, node))
    return result or unknown(f"attribute {name!r} of nothing")


def _attribute(interp: Interpreter, atom: Atom, name: str, node: ast.AST) -> Value:
    if isinstance(atom, Lib):
        return _library(interp, atom, name)
    if isinstance(atom, Ref):
        return _of_object(interp, atom, name, node)
    if isinstance(atom, ModuleAtom):
        return _of_module(interp, atom, name, node)
    if isinstance(atom, ClassAtom):
        return _of_class(interp, atom, name, node)
    if isinstance(atom, PathAtom):
        return pathlib_model.path_attribute(interp, atom, name, node)
    if isinstance(atom, (Const, Text, TupleAtom, Document, Method)):
        return (Method(atom, name),)
    if isinstance(atom, Handle):
        return atom.path if name == "name" else (Method(atom, name),)
    if isinstance(atom, EnumMember):
        return _of_member(interp, atom, name, node)
    if isinstance(atom, Super):
        return _of_super(interp, atom, name, node)
    if isinstance(atom, (Function, Bound)):
        return _of_function(interp, atom, name)
    return (Method(atom, name),) if isinstance(atom, Unknown) else unknown(f"attribute {name!r}")


def _library(interp: Interpreter, atom: Lib, name: str) -> Value:

    dotted = imports.canonical(f"{atom.name}.{name}")
    if atom.name == library.training_environment.WHOLE and name not in ("get", "keys", "values", "items"):
        return library.training_environment.entry(interp, atom.name, name, interp.current)
    known = library.constant(interp, dotted)
    return known if known is not None else (Lib(dotted),)


def _of_module(interp: Interpreter, atom: ModuleAtom, name: str, node: ast.AST) -> Value:
    cell = interp.store.get(atom.info.scope, name)
    if isinstance(cell, tuple):
        kept = tuple(each for each in cell if not isinstance(each, Undefined))
        if kept:
            return kept
    dotted = f"{atom.info.name}.{name}"
    if interp.sources.find(dotted) is not None:
        return interp.import_module(dotted, node)
    hook = interp.store.get(atom.info.scope, "__getattr__")
    if hook is not None:
        return calls.call(interp, hook, calls.Arguments([const(name)]), node)
    return unknown(f"{name!r} is not defined in {atom.info.path.name}")


def class_attribute(interp: Interpreter, info: ClassInfo, name: str) -> Value | None:
    """Finds a name in a class or its local ancestors."""
    return _in_classes(interp, info.mro, name)


def _in_classes(interp: Interpreter, classes: list[ClassInfo], name: str) -> Value | None:
    found: Value = NOTHING
    for cls in classes:
        cell = interp.store.get(cls.scope, name)
        if isinstance(cell, tuple):
            if UNDEFINED not in cell:
                return join(found, cell) if found else cell
            found = join(found, tuple(each for each in cell if each is not UNDEFINED))
    return found or None


def _of_class(interp: Interpreter, atom: ClassAtom, name: str, node: ast.AST) -> Value:
    info = atom.info
    if name in ("__name__", "__qualname__"):
        return const(info.name)
    found = class_attribute(interp, info, name)
    if found is not None:
        result: Value = NOTHING
        for each in found:
            given = descriptors.read(interp, each, NONE, info, node)
            result = join(result, (_bind_to_class(each, atom),) if given is None else given)
        return result
    if name == "__dict__":
        return library.reflection.namespace_of(interp, info.scope)
    if name == "__members__" and info.members:
        return expressions.new_object(
            interp,
            "dict",
            DictState(
                {text_key(key): (member,) for key, member in info.members.items()},
                frozenset(map(text_key, info.members)),
            ),
        )
    table = fields.table_of_fields(interp, info) if name == "__dataclass_fields__" else None
    return table if table is not None else (Method(atom, name),)


def _bind_to_class(atom: Atom, cls: ClassAtom) -> Atom:
    if isinstance(atom, Function) and atom.binding == "class":
        return Bound(atom, (cls,))
    return atom


def find_method(interp: Interpreter, atom: Atom, name: str) -> Value | None:
    """Finds a method of an object of the analysed code, bound to it."""
    if not isinstance(atom, Ref) or atom.obj.cls is None:
        return None
    found = class_attribute(interp, atom.obj.cls, name)
    if found is None:
        return None
    return tuple(_bind_to_object(each, atom) for each in found)


def _bind_to_object(atom: Atom, owner: Ref) -> Atom:
    if isinstance(atom, Function):
        if atom.binding == "static":
            return atom
        if atom.binding == "class":
            return Bound(atom, (ClassAtom(owner.obj.cls),))
        return Bound(atom, (owner,))
    if isinstance(atom, Lib) and atom.name.startswith("builtins.dict."):
        return Method(owner, atom.name.rpartition(".")[2])  # `__getattr__ = dict.__getitem__`
    return atom


def _of_object(interp: Interpreter, atom: Ref, name: str, node: ast.AST) -> Value:
    obj = atom.obj
    if obj.kind == "namespace":
        return _of_namespace(interp, atom, name, node)
    if obj.cls is None:
        return (Method(atom, name),)
    if name == "__dict__":
        return expressions.new_object(interp, "dict", mappings.attributes_state(interp, atom))
    if name == "__class__":
        return (ClassAtom(obj.cls),)
    _note_field(interp, obj.cls, name, node)
    cell = interp.store.get(obj, name)
    result: Value = NOTHING
    if isinstance(cell, tuple) and not descriptors.comes_first(obj.cls, name):
        result = tuple(each for each in cell if not isinstance(each, Undefined))
        if len(result) == len(cell):
            return result
    found = class_attribute(interp, obj.cls, name)
    if found is not None:
        for each in found:
            if isinstance(each, Function) and each.binding == "property":
                result = join(result, calls.call(interp, (Bound(each, (atom,)),), calls.Arguments([]), node))
            else:
                given = descriptors.read(interp, each, (atom,), obj.cls, node)
                result = join(result, (_bind_to_object(each, atom),) if given is None else given)
        return result
    if result:
        return result
    if obj.kind.startswith("argparse.") or (name in _DICT_METHODS and mappings.mapping_state(interp, atom) is not None):
        return (Method(atom, name),)
    hook = find_method(interp, atom, "__getattr__")
    if hook is not None:
        return calls.call(interp, hook, calls.Arguments([const(name)]), node)
    base = next((each for each in obj.cls.library if not each.startswith(("builtins.", "abc.", "typing."))), None)
    if obj.cls.flavour in ("pydantic", "dataclass", "settings", "namedtuple", "enum"):
        return (Method(atom, name),)
    if base is not None:
        inherited.used(interp, atom, name, node)
        return (Lib(f"{base}().{name}"),)
    return (Method(atom, name),)


_DICT_METHODS = frozenset(name for name in dir(dict) if not name.startswith("_"))


def _note_field(interp: Interpreter, cls: ClassInfo, name: str, node: ast.AST) -> None:
    """Records that a field is used, for classes that may hold the hyperparameters."""
    if cls.flavour in ("pydantic", "dataclass", "settings", "namedtuple"):
        for each in cls.mro:
            if name in each.fields or name == "*":
                interp.record.hyperparameter(HyperparameterUse(name, interp.place(node), raw=False, via=each.qualified))


def _of_namespace(interp: Interpreter, atom: Ref, name: str, node: ast.AST) -> Value:

    state = interp.store.get(atom.obj, CONTENT)
    assert isinstance(state, DictState)
    if name == "__dict__":
        return expressions.new_object(interp, "dict", state)
    found = state.entries.get(text_key(name))
    if found is not None:
        return found
    if name in ("__setattr__", "__getattribute__"):
        return (Method(atom, name),)
    return state.rest or (Method(atom, name),)


def _of_member(interp: Interpreter, atom: EnumMember, name: str, node: ast.AST) -> Value:
    if name in ("value", "_value_"):
        return atom.value
    if name in ("name", "_name_"):
        return const(atom.name)
    found = class_attribute(interp, atom.cls, name)
    if found is None:
        if atom.cls.text_enum:
            return load_attribute(interp, atom.value, name, node)
        return unknown(f"attribute {name!r} of an enum member")
    result: Value = NOTHING
    for each in found:
        if isinstance(each, Function) and each.binding == "property":
            result = join(result, calls.call(interp, (Bound(each, (atom,)),), calls.Arguments([]), node))
        elif isinstance(each, Function):
            result = join(result, (Bound(each, (atom,)),))
        else:
            result = join(result, (each,))
    return result


def _of_super(interp: Interpreter, atom: Super, name: str, node: ast.AST) -> Value:
    owner = atom.owner[0] if atom.owner else None
    mro = owner.obj.cls.mro if isinstance(owner, Ref) and owner.obj.cls is not None else atom.cls.mro
    after = mro[mro.index(atom.cls) + 1 :] if atom.cls in mro else []
    found = _in_classes(interp, after, name)
    if found is not None:
        bound: list[Atom] = []
        for each in found:
            if isinstance(each, Function) and each.binding == "property":
                return calls.call(interp, (Bound(each, atom.owner),), calls.Arguments([]), node)
            if isinstance(each, Function) and each.binding != "static":
                bound.append(Bound(each, atom.owner))
            else:
                bound.append(each)
        return tuple(bound)
    if isinstance(owner, Ref) and (name == "__init__" or interp.store.get(owner.obj, CONTENT) is not None):
        return (Method(atom, name),)
    base = next((each for each in atom.cls.library if not each.startswith(("builtins.", "abc.", "typing."))), None)
    return (Lib(f"{base}().{name}"),) if base else (Method(atom, name),)


def _of_function(interp: Interpreter, atom: Function | Bound, name: str) -> Value:
    function = atom.function if isinstance(atom, Bound) else atom
    if name in ("__name__", "__qualname__"):
        return const(function.info.name)
    if name in ("__wrapped__", "__func__"):
        return (function,)
    if name == "fget":
        return (Function(function.info, function.scope, function.defaults, function.cls),)
    return (Method(atom, name),)
