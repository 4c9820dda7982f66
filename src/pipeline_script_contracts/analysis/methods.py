"""Methods of the values that the analyser models itself."""

from __future__ import annotations

import ast
from typing import Any

from . import (
    classes,
    descriptors,
    expressions,
    fields,
    library,
    mappings,
    own_methods,
    pathlib_model,
    sequences,
    strings,
)
from . import library as library_module
from .atoms import (
    CONTENT,
    NONE,
    Atom,
    ClassAtom,
    Const,
    Document,
    Function,
    Handle,
    Lib,
    PathAtom,
    Ref,
    Super,
    Text,
    TupleAtom,
    Unknown,
    Value,
)
from .containers import DictState, ListState
from .facts import HyperparameterUse
from .interpreter import Interpreter
from .texts import hole_text
from .values import unknown


def call_method(interp: Interpreter, owner: Atom, name: str, arguments: Any, node: ast.AST) -> Value:
    """Calls a method.

    Args:
        interp: The interpreter.
        owner: Whose method it is.
        name: Its name.
        arguments: The arguments (`calls.Arguments`).
        node: The call.

    Returns:
        What it may return.
    """
    if name in own_methods.SPECIAL:
        result = own_methods.special(interp, owner, name, arguments, node)
        if result is not None:
            return result
    if isinstance(owner, PathAtom):
        return pathlib_model.path_method(interp, owner, name, arguments, node)
    if isinstance(owner, Text) or (isinstance(owner, Const) and isinstance(owner.value, str)):
        return strings.string_method(
            interp, owner, name, arguments.positional, arguments.keywords, join_rest(arguments), node
        )
    if isinstance(owner, Const):
        return _constant_method(owner, name)
    if isinstance(owner, Ref):
        return _object_method(interp, owner, name, arguments, node)
    if isinstance(owner, TupleAtom):
        return unknown(f"tuple.{name}")
    if isinstance(owner, Handle):
        return _file_method(interp, owner, name, arguments, node)
    if isinstance(owner, Document):
        return _document_method(interp, owner, name, arguments, node)
    if isinstance(owner, ClassAtom):
        return _class_method(interp, owner, name, arguments, node)
    if isinstance(owner, Super):
        return _super_method(interp, owner, name, arguments, node)
    if isinstance(owner, Function) and name == "__get__":
        return descriptors.bind(interp, owner, arguments, node)

    reason = owner.reason if isinstance(owner, Unknown) else f"a method {name!r} that is not known"
    return library.call_unseen_method(interp, name, arguments, node, reason)


def join_rest(arguments: Any) -> Value:
    """Gives what unpacked arguments of unknown number may be."""
    return (*arguments.rest, *arguments.rest_keywords)


def _constant_method(owner: Const, name: str) -> Value:
    if name == "decode" and isinstance(owner.value, bytes):
        try:
            return (Const(owner.value.decode(), owner.soft),)
        except UnicodeDecodeError:
            return unknown("bytes that are not UTF-8")
    return unknown(f"{type(owner.value).__name__}.{name}")


_DUNDERS = {"__setattr__": "builtins.setattr", "__getattribute__": "builtins.getattr"}


def _object_method(interp: Interpreter, owner: Ref, name: str, arguments: Any, node: ast.AST) -> Value:

    if name in _DUNDERS:
        return library_module.models()[_DUNDERS[name]](interp, arguments.after((owner,)), node)
    state = interp.store.get(owner.obj, CONTENT)
    modelled = library.object_method(interp, owner, name, arguments, node)
    if modelled is not None:
        return modelled
    if isinstance(state, DictState) and owner.obj.kind != "namespace":
        return mappings.dict_method(interp, owner, name, arguments, node)
    if isinstance(state, ListState):
        return sequences.list_method(interp, owner, name, arguments, node)
    if owner.obj.cls is not None:
        result = fields.field_method(interp, owner, name, arguments, node)
        if result is not None:
            return result

        return library.call_unseen_method(interp, name, arguments, node, f"method {name!r} of {owner.obj.cls.name}")
    return library.call_library(interp, f"{owner.obj.kind}().{name}", arguments, node)


def _file_method(interp: Interpreter, owner: Handle, name: str, arguments: Any, node: ast.AST) -> Value:

    if name in ("read", "readline", "readlines", "getvalue"):
        return library_module.files.content_of(owner)
    if name == "__enter__":
        return (owner,)
    if name in ("writelines", "close", "flush", "seek") or (name == "write" and "zip" not in owner.sink):
        if name.startswith("write"):
            library_module.documents.note_settings(interp, owner.path, arguments.get(0), node)
        return NONE

    if owner.sink in ("open", "Path.open"):
        return (Lib(f"io.{name}()"),)
    return library.call_library(interp, f"{owner.sink}().{name}", arguments, node)


def _document_method(interp: Interpreter, owner: Document, name: str, arguments: Any, node: ast.AST) -> Value:

    if name in ("get", "pop", "setdefault"):
        return mappings.item(interp, owner, arguments.get(0), node, default=arguments.get(1, default=NONE))
    if name in ("copy",):
        return (owner,)
    if name in ("items", "values", "keys"):
        interp.record.hyperparameter(HyperparameterUse("*", interp.place(node), via=owner.via))

        any_text: Value = (hole_text("any", reason="a hyperparameter"),)
        return expressions.new_list(interp, None, (TupleAtom([any_text, any_text]),) if name == "items" else any_text)
    return NONE if name in ("update", "clear") else unknown(f"a hyperparameter mapping's {name}")


def _class_method(interp: Interpreter, owner: ClassAtom, name: str, arguments: Any, node: ast.AST) -> Value:

    result = fields.class_field_method(interp, owner, name, arguments, node)
    if result is not None:
        return result
    base = next((each for each in owner.info.library if not each.startswith(("builtins.", "abc.", "typing."))), None)
    if base is not None:
        return library.call_library(interp, f"{base}.{name}", arguments, node)
    return library.call_unseen_method(interp, name, arguments, node, f"{name!r} of class {owner.info.name}")


def _super_method(interp: Interpreter, owner: Super, name: str, arguments: Any, node: ast.AST) -> Value:
    """`super().__init__(...)` where the base is a library's."""
    target = owner.owner[0] if owner.owner else None
    if isinstance(target, Ref) and isinstance(interp.store.get(target.obj, CONTENT), (DictState, ListState)):
        return own_methods.call_own(interp, owner.owner, name, arguments, node)
    if name == "__init__" and isinstance(target, Ref):
        info = target.obj.cls
        if info is not None and info.flavour in ("pydantic", "dataclass", "settings"):
            classes.fill_fields(interp, info, target.obj, arguments, node)
            return NONE
        base = next((each for each in owner.cls.library if not each.startswith(("builtins.", "abc.", "typing."))), None)
        if base is not None:
            library.call_library(interp, base, arguments, node)
        return NONE
    if name == "__new__":
        return unknown("an object made by __new__")
    return unknown(f"super().{name}")
