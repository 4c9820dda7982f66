"""The parsed content of a file: a dict from the moment that something is put into it under a name."""

from __future__ import annotations

import ast

from . import expressions, targets
from .atoms import Method, Unknown, Value
from .containers import DictState
from .interpreter import Interpreter
from .values import unknown

CONTENT_OF_FILE = "the content of a file"


def become_dict(interp: Interpreter, expression: ast.expr, value: Value) -> Value:
    """Gives a dict, of which nothing is known yet, in the place of a file's parsed content.

    Args:
        interp: The interpreter.
        expression: What names the content: from now on it names the dict.
        value: Its value.

    Returns:
        The dict, or the value as it was where it is anything else.
    """
    if not all(isinstance(atom, Unknown) and atom.reason == CONTENT_OF_FILE for atom in value):
        return value
    rest = unknown(CONTENT_OF_FILE)
    made = expressions.new_object(interp, "dict", DictState({}).set_unknown(rest, rest))
    if isinstance(expression, ast.Name):
        interp.rebind(expression.id, made)
    else:
        targets.assign(interp, expression, made)
    return made


def method_of_dict(interp: Interpreter, called: ast.Attribute, callee: Value) -> Value:
    """Gives the method of a dict in the place of that of a file's parsed content."""
    owner = tuple(atom.owner for atom in callee if isinstance(atom, Method))
    if len(owner) < len(callee):
        return callee
    return tuple(Method(atom, called.attr) for atom in become_dict(interp, called.value, owner))
