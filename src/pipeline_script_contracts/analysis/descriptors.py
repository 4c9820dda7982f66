"""The descriptor protocol: class attributes that are asked when they are read or set, and functions bound by hand."""

from __future__ import annotations

import ast
from typing import Any

from . import attributes, calls
from .atoms import Atom, Bound, ClassAtom, Const, Function, Ref, Value
from .interpreter import Interpreter
from .scopes import ClassInfo
from .values import const

_SETTERS = "data descriptors"


def announce(interp: Interpreter, info: ClassInfo, node: ast.ClassDef) -> None:
    """Tells the objects in a class body their names, and notes which of them are asked before the object is."""
    setters = {name for cls in info.mro[1:] for name in cls.info.get(_SETTERS, ())}
    targets = [
        target
        for each in node.body
        for target in (each.targets if isinstance(each, ast.Assign) else [getattr(each, "target", None)])
    ]
    for name in [target.id for target in targets if isinstance(target, ast.Name)]:
        for atom in attributes.class_attribute(interp, info, name) or ():
            if isinstance(atom, Ref) and atom.obj.cls is not None:
                hook = attributes.find_method(interp, atom, "__set_name__")
                if hook is not None:
                    calls.call(interp, hook, calls.Arguments([(ClassAtom(info),), const(name)]), node)
                if attributes.find_method(interp, atom, "__set__") is not None:
                    setters.add(name)
    if setters:
        info.info[_SETTERS] = setters


def comes_first(info: ClassInfo, name: str) -> bool:
    """Tells whether a class attribute is asked even where the object has an attribute of its own by this name."""
    return name in info.info.get(_SETTERS, ())


def read(interp: Interpreter, atom: Atom, instance: Value, cls: ClassInfo, node: ast.AST) -> Value | None:
    """Asks a class attribute for what it gives; None where it gives itself."""
    if not isinstance(atom, Ref) or atom.obj.cls is None:
        return None
    getter = attributes.find_method(interp, atom, "__get__")
    if getter is None:
        return None
    return calls.call(interp, getter, calls.Arguments([instance, (ClassAtom(cls),)]), node)


def write(interp: Interpreter, atom: Atom, instance: Value, value: Value, node: ast.AST) -> bool:
    """Hands what is assigned to a class attribute that takes it; tells whether it does."""
    if not isinstance(atom, Ref) or atom.obj.cls is None:
        return False
    setter = attributes.find_method(interp, atom, "__set__")
    if setter is not None:
        calls.call(interp, setter, calls.Arguments([instance, value]), node)
    return setter is not None


def bind(interp: Interpreter, function: Function, arguments: Any, node: ast.AST) -> Value:
    """Calls `function.__get__(instance, owner)`."""
    owner = arguments.get(0, "instance")
    if function.binding == "property":
        return calls.call(interp, (Bound(function, owner),), calls.Arguments([]), node)
    if function.binding == "class":
        return (Bound(function, arguments.get(1, "owner") or owner),)
    if function.binding == "static" or any(isinstance(atom, Const) and atom.value is None for atom in owner):
        return (function,)
    return (Bound(function, owner),)
