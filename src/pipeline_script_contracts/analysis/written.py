"""The names that source code is written with, told as what they are imported as."""

from __future__ import annotations

import ast
import copy

from .scopes import ModuleInfo


def dotted(module: ModuleInfo, node: ast.AST) -> str:
    """Gives the dotted name of an expression, with what is imported under another name by its own.

    After `from pydantic import field_validator as check`, `check` is `pydantic.field_validator`.

    Args:
        module: The module that the expression stands in.
        node: The expression.

    Returns:
        The name; empty where the expression is neither a name nor an attribute of one.
    """
    if isinstance(node, ast.Name):
        return module.imported.get(node.id, node.id)
    if isinstance(node, ast.Attribute):
        owner = dotted(module, node.value)
        return f"{owner}.{node.attr}" if owner else ""
    return ""


def last_name(module: ModuleInfo, node: ast.AST) -> str:
    """Gives the last part of the dotted name of an expression."""
    return dotted(module, node).rpartition(".")[2]


def annotation(module: ModuleInfo, node: ast.expr) -> str:
    """Gives the text of an annotation, with what is imported under another name by its own."""
    other = {name for name, whole in module.imported.items() if whole.rpartition(".")[2] != name}
    if not any(isinstance(each, ast.Name) and each.id in other for each in ast.walk(node)):
        return ast.unparse(node)
    return ast.unparse(_OwnNames(module).visit(copy.deepcopy(node)))


class _OwnNames(ast.NodeTransformer):
    def __init__(self, module: ModuleInfo) -> None:
        self.module = module

    def visit_Name(self, node: ast.Name) -> ast.Name:
        return ast.copy_location(ast.Name(last_name(self.module, node), node.ctx), node)
