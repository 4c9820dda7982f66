"""Names that stand for a question: `has_token = "TOKEN" in os.environ`, and later `if has_token:`."""

from __future__ import annotations

import ast

from .interpreter import Interpreter


def question(interp: Interpreter, test: ast.Name | ast.Attribute) -> ast.Compare | None:
    """Gives the `"NAME" in mapping` that a name or an attribute stands for.

    Args:
        interp: The interpreter.
        test: The name, in a condition.

    Returns:
        The question, where it is the only thing that the module binds to the name.
    """
    value = meaning(interp, test)
    asks = isinstance(value, ast.Compare) and len(value.ops) == 1 and isinstance(value.ops[0], (ast.In, ast.NotIn))
    return value if isinstance(value, ast.Compare) and asks else None


def meaning(interp: Interpreter, test: ast.Name | ast.Attribute) -> ast.expr | None:
    """Gives the expression that a name or an attribute stands for, where the module binds nothing else to the name."""
    scope = interp.scope_of(test.id) if isinstance(test, ast.Name) else interp.frame.scope
    key = ("questions", scope.module)
    if key not in interp.infos:
        interp.infos[key] = _meanings(scope.module.tree or ast.Pass())
    found: ast.expr | None = interp.infos[key].get(test.id if isinstance(test, ast.Name) else test.attr)
    return found


def _meanings(tree: ast.AST) -> dict[str, ast.expr]:
    bound: dict[str, int] = {}
    meant: dict[str, ast.expr] = {}
    for node in ast.walk(tree):
        if isinstance(node, (ast.Name, ast.Attribute)) and isinstance(node.ctx, ast.Store):
            name = _name(node)
            bound[name] = bound.get(name, 0) + 1
        elif isinstance(node, ast.arg):
            bound[node.arg] = bound.get(node.arg, 0) + 2
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], (ast.Name, ast.Attribute)):
            meant[_name(node.targets[0])] = node.value
    return {name: value for name, value in meant.items() if bound.get(name) == 1}


def _name(node: ast.Name | ast.Attribute) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr
