"""Methods that only check: whatever object they are given, they change nothing and touch nothing outside it."""

from __future__ import annotations

import ast

from .scopes import ClassInfo
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


def only_checks(info: ClassInfo, function: ast.FunctionDef, depth: int = 0) -> bool:
    """Tells whether a method compares, raises and returns, and does nothing else.

    Args:
        info: The class of the objects.
        function: The method.
        depth: How many methods have called this one.

    Returns:
        False as soon as anything in it might be more than a check.
    """
    if depth > 3:
        return False
    for node in ast.walk(ast.Module(function.body, [])):
        if isinstance(node, (ast.Attribute, ast.Subscript)) and isinstance(node.ctx, _STORING):
            return False
        if isinstance(node, (ast.Global, ast.Nonlocal, ast.Import, ast.ImportFrom, ast.With, ast.Try, ast.Await)):
            return False
        if isinstance(node, ast.Call) and not _is_harmless(info, node.func, depth):
            return False
    return True


def _is_harmless(info: ClassInfo, function: ast.expr, depth: int) -> bool:
    if isinstance(function, ast.Name):
        return function.id in _HARMLESS or function.id.endswith("Error")
    if not isinstance(function, ast.Attribute):
        return False
    if isinstance(function.value, ast.Name) and function.value.id == "self":
        methods = [
            each
            for cls in info.mro
            for each in (cls.node.body if cls.node is not None else ())
            if isinstance(each, ast.FunctionDef) and each.name == function.attr
        ]
        return bool(methods) and all(only_checks(info, each, depth + 1) for each in methods)
    if isinstance(function.value, ast.Call) and ast.unparse(function.value) == "super()":
        return True  # a method of an ancestor, which has been looked at under its name
    return function.attr in _METHODS
