"""The functions of the module `operator` that compute what an operator does."""

from __future__ import annotations

import ast
from typing import Any

from .. import deletion, operators, own_methods, subscripts, targets
from ..atoms import NONE, Value
from ..interpreter import Interpreter


def _binary(operator: ast.operator) -> Any:
    def run(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
        return operators.binary(interp, arguments.get(0), operator, arguments.get(1), node)

    return run


def _in_place(operator: ast.operator) -> Any:
    def run(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
        return own_methods.in_place(interp, arguments.get(0), operator, arguments.get(1), node)

    return run


def _get_item(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    return subscripts.get_item(interp, arguments.get(0), arguments.get(1), node)


def _set_item(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    owner = arguments.get(0)
    for atom in owner:
        targets.put_item(interp, atom, arguments.get(1), arguments.get(2), len(owner) == 1, node)
    return NONE


def _delete_item(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    owner = arguments.get(0)
    for atom in owner:
        deletion.delete_item(interp, atom, arguments.get(1), len(owner) == 1, node)
    return NONE


MODELS = {
    **{f"operator.{name.strip('_')}": _binary(each) for name, each in own_methods.OPERATORS.items()},
    **{f"operator.i{name.strip('_')}": _in_place(each) for name, each in own_methods.OPERATORS.items()},
    "operator.or_": _binary(ast.BitOr()),
    "operator.and_": _binary(ast.BitAnd()),
    "operator.concat": _binary(ast.Add()),
    "operator.iconcat": _in_place(ast.Add()),
    "operator.getitem": _get_item,
    "operator.setitem": _set_item,
    "operator.delitem": _delete_item,
}
