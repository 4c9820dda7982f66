"""Hyperparameters that are still strings where a number is needed."""

from __future__ import annotations

import ast

from .atoms import Const, Text, Value
from .facts import HyperparameterUse
from .interpreter import Interpreter
from .patterns import Hole

_VIA = {"hyperparameter": "json", "argument": "argument"}


def raw_strings(value: Value) -> list[Hole]:
    """Gives the holes that stand for a whole, unconverted hyperparameter or argument."""
    holes = []
    for atom in value:
        if isinstance(atom, Text) and len(atom.parts) == 1:
            part = atom.parts[0]
            if isinstance(part, Hole) and part.kind in _VIA:
                holes.append(part)
    return holes


def used_as_number(interp: Interpreter, value: Value, node: ast.AST) -> None:
    """Records that a value is used as a number, where it is a string that SageMaker passes."""
    for hole in raw_strings(value):
        interp.record.hyperparameter(
            HyperparameterUse(hole.name, interp.place(node), as_number=True, via=_VIA[hole.kind])
        )


def is_number(value: Value) -> bool:
    """Tells whether a value certainly is a number."""
    return bool(value) and all(
        isinstance(atom, Const) and isinstance(atom.value, (int, float)) and not isinstance(atom.value, bool)
        for atom in value
    )


def check_arithmetic(interp: Interpreter, left: Value, operator: ast.operator, right: Value, node: ast.AST) -> None:
    """Looks for strings in arithmetic."""
    if isinstance(operator, (ast.Add, ast.Mult, ast.Mod)):
        if isinstance(operator, ast.Mod) and not is_number(left):
            return  # formatting
        if is_number(right):
            used_as_number(interp, left, node)
        if is_number(left):
            used_as_number(interp, right, node)
    elif isinstance(operator, ast.Div) and not is_number(left) and not is_number(right):
        return
    else:
        used_as_number(interp, left, node)
        used_as_number(interp, right, node)


def check_comparison(interp: Interpreter, left: Value, operator: ast.cmpop, right: Value, node: ast.AST) -> None:
    """Looks for strings compared with numbers."""
    if isinstance(operator, (ast.Lt, ast.LtE, ast.Gt, ast.GtE)):
        if is_number(right):
            used_as_number(interp, left, node)
        if is_number(left):
            used_as_number(interp, right, node)
