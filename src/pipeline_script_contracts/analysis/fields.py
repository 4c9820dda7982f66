"""Methods that dataclasses, pydantic models and named tuples bring along."""

from __future__ import annotations

import ast
from typing import Any

from . import calls, classes, expressions, iteration, library, mappings, paths
from .atoms import ClassAtom, Const, Obj, Ref, Value
from .containers import DictState, key_value, text_key
from .facts import HyperparameterUse
from .interpreter import Interpreter
from .scopes import ClassInfo
from .texts import hole_text
from .values import unknown

_DUMPS = frozenset({"model_dump", "dict", "_asdict", "to_dict", "asdict"})
_JSON_DUMPS = frozenset({"model_dump_json", "json", "to_json"})
_VALIDATES = frozenset({"model_validate", "parse_obj", "from_dict", "model_construct", "construct", "_make"})
_COPIES = frozenset({"model_copy", "copy", "_replace", "replace"})
FLAVOURS = ("pydantic", "dataclass", "settings", "namedtuple")


def note_all_fields(interp: Interpreter, owner: Ref, node: ast.AST) -> None:
    """Records that all fields of an object are used at once."""
    for cls in owner.obj.cls.mro:
        if cls.flavour in FLAVOURS:
            interp.record.hyperparameter(HyperparameterUse("*", interp.place(node), raw=False, via=cls.qualified))


def dump(interp: Interpreter, owner: Ref, node: ast.AST) -> Value:
    """Gives the fields of an object as a dict."""
    note_all_fields(interp, owner, node)
    return expressions.new_object(interp, "dict", mappings.attributes_state(interp, owner))


def field_method(interp: Interpreter, owner: Ref, name: str, arguments: Any, node: ast.AST) -> Value | None:
    """Calls a method of an object with fields, or gives None where it is none of those."""
    if owner.obj.cls.flavour not in FLAVOURS:
        return None
    if name in _DUMPS:
        return dump(interp, owner, node)
    if name in _JSON_DUMPS:
        note_all_fields(interp, owner, node)
        return (hole_text("any", reason="an object as JSON"),)
    if name in _COPIES:
        return copy(interp, owner, arguments)
    return None


def copy(interp: Interpreter, owner: Ref, arguments: Any) -> Value:
    """Gives a copy of an object with some fields changed."""
    obj = Obj("instance", owner.obj.cls, set(owner.obj.info or ()))
    for name in obj.info:
        cell = interp.store.get(owner.obj, name)
        if cell is not None:
            interp.store.set(obj, name, cell)
    changes = {name: value for name, value in arguments.keywords.items() if name not in ("update", "deep")}
    for atom in arguments.keywords.get("update", ()):
        state = mappings.mapping_state(interp, atom)
        for key, value in state.entries.items() if state is not None else ():
            each = key_value(key)
            if isinstance(each, Const) and isinstance(each.value, str):
                changes[each.value] = value
    for name, value in changes.items():
        obj.info.add(name)
        interp.store.set(obj, name, value)
    return (Ref(obj),)


def class_field_method(interp: Interpreter, owner: ClassAtom, name: str, arguments: Any, node: ast.AST) -> Value | None:
    """Calls a class method of a class with fields, or gives None where it is none of those."""
    if owner.info.flavour not in FLAVOURS:
        return None
    if name in _VALIDATES:
        unpacked = calls.Arguments()
        for value in arguments.positional[:1]:
            if name == "_make":
                unpacked.positional = iteration.items_of(interp, value) or []
            else:
                calls.unpack_mapping(interp, value, unpacked)
        for key, value in arguments.keywords.items():
            unpacked.keywords.setdefault(key, value)
        return classes.instantiate(interp, owner.info, unpacked, node)
    if name in ("model_validate_json", "parse_raw", "parse_file", "from_json"):
        if name == "parse_file":
            paths.touch(interp, "read", arguments.get(0, "path"), f"{owner.info.name}.parse_file", node)
        loaded = _parsed(interp, arguments.get(0))
        unpacked = calls.Arguments()
        calls.unpack_mapping(interp, loaded, unpacked)
        return classes.instantiate(interp, owner.info, unpacked, node)
    return None


def table_of_fields(interp: Interpreter, info: ClassInfo) -> Value | None:
    """Gives the fields of a dataclass by name, or None where the class is none or some of it cannot be seen."""
    if info.flavour != "dataclass" or info.unseen:
        return None
    names = dict.fromkeys(each for cls in reversed(info.mro) for each in cls.fields)
    entries = {text_key(each): unknown("what a dataclass knows of a field") for each in names}
    return expressions.new_object(interp, "dict", DictState(entries, frozenset(entries)))


def _parsed(interp: Interpreter, value: Value) -> Value:

    return library.documents.parsed(interp, value) if value else unknown("text that is not known")
