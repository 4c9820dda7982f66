"""Methods that only check: whatever object they are given, they change nothing and touch nothing outside it."""

from __future__ import annotations

import ast

from .atoms import Function
from .interpreter import Interpreter
from .scopes import ClassInfo, FunctionNode, ModuleInfo
from .words import words

_HARMLESS = frozenset(
    words(
        """abs all any bool dict enumerate float frozenset getattr hasattr int isinstance issubclass len list max min
        range repr reversed round set sorted str sum super tuple type zip"""
    )
)
_METHODS = frozenset(
    words(
        """count endswith format get index isdigit isidentifier issubset items join keys lower lstrip rstrip split
        startswith strip title union upper values"""
    )
)
_STORING = ast.Store | ast.Del


def only_checks(interp: Interpreter, info: ClassInfo, cls: ClassInfo, function: ast.FunctionDef) -> bool:
    """Tells whether a method compares, raises and returns, and does nothing else.

    Args:
        interp: The interpreter.
        info: The class of the objects.
        cls: The class in whose body the method stands.
        function: The method.

    Returns:
        False as soon as anything in it might be more than a check.
    """
    return _only_checks(interp, info, cls.module, function, 0)


def _only_checks(
    interp: Interpreter, info: ClassInfo | None, module: ModuleInfo, function: FunctionNode, depth: int
) -> bool:
    """Tells the same of a method or function of a module; `info` is the class of what `self` stands for, if any."""
    if depth > 3 or not isinstance(function, ast.FunctionDef):
        return False
    every = list(ast.walk(ast.Module(function.body, [])))
    bound = {node.id for node in every if isinstance(node, ast.Name) and isinstance(node.ctx, _STORING)}
    bound |= {argument.arg for argument in ast.walk(function.args) if isinstance(argument, ast.arg)}
    for node in every:
        if isinstance(node, (ast.Attribute, ast.Subscript)) and isinstance(node.ctx, _STORING):
            return False
        if isinstance(node, (ast.Global, ast.Nonlocal, ast.Import, ast.ImportFrom, ast.With, ast.Try, ast.Await)):
            return False
        if isinstance(node, ast.Call):
            called = node.func
            if isinstance(called, ast.Name):
                harmless = called.id in _HARMLESS or called.id.endswith("Error")
                if not harmless and (called.id in bound or not _is_check(interp, module, called.id, depth)):
                    return False
            elif not _is_harmless(interp, info, called, depth):
                return False
    return True


def _is_check(interp: Interpreter, module: ModuleInfo, name: str, depth: int) -> bool:
    """Tells whether a name of a module is a function that only checks."""
    cell = interp.store.get(module.scope, name)
    if not isinstance(cell, tuple) or len(cell) != 1:
        return False
    atom = cell[0]
    return isinstance(atom, Function) and _only_checks(interp, None, atom.info.module, atom.info.node, depth + 1)


def _is_harmless(interp: Interpreter, info: ClassInfo | None, function: ast.expr, depth: int) -> bool:
    if not isinstance(function, ast.Attribute):
        return False
    if info is not None and isinstance(function.value, ast.Name) and function.value.id == "self":
        methods = [
            (cls, each)
            for cls in info.mro
            for each in (cls.node.body if cls.node is not None else ())
            if isinstance(each, ast.FunctionDef) and each.name == function.attr
        ]
        return bool(methods) and all(_only_checks(interp, info, cls.module, each, depth + 1) for cls, each in methods)
    if info is not None and isinstance(function.value, ast.Call) and ast.unparse(function.value) == "super()":
        return True  # a method of an ancestor, which has been looked at under its name
    return function.attr in _METHODS
