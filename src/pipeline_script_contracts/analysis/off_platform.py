"""Where a script has found that no training job runs it: `else` after `if os.environ.get("SM_MODEL_DIR")`."""

from __future__ import annotations

import ast

from . import conditions, expressions, meanings
from .atoms import Function
from .interpreter import Interpreter
from .platform import VARIABLES
from .written import dotted

_ALWAYS = frozenset(name for name in VARIABLES if name.startswith("SM_"))
_READERS = frozenset({"os.environ.get", "os.getenv"})
_LOOKS = frozenset({"os.path.exists", "os.path.isdir"})
_ROOT = "/opt/ml"
MAX_DEPTH = 3


def is_told(interp: Interpreter, test: ast.expr, holds: bool, depth: int = MAX_DEPTH) -> bool:
    """Tells whether a condition says, when it is true or false, that the script is not run by a training job.

    Args:
        interp: The interpreter.
        test: The condition.
        holds: Whether it is true or false here.
        depth: How many names and functions it may stand behind.

    Returns:
        True when a variable that training jobs always have is missing, or the folder of all that a job is given.
    """
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return is_told(interp, test.operand, not holds, depth)
    if isinstance(test, ast.BoolOp):
        return isinstance(test.op, ast.And) == holds and any(
            is_told(interp, each, holds, depth) for each in test.values
        )
    if isinstance(test, ast.Compare) and len(test.ops) == 1:
        return _is_missing(interp, test, holds)
    if isinstance(test, ast.Call):
        return not holds and _asks(interp, test, depth)
    if isinstance(test, (ast.Name, ast.Attribute)) and depth:
        meant = meanings.meaning(interp, test)
        named = isinstance(meant, (ast.Name, ast.Attribute))
        return meant is not None and not named and is_told(interp, meant, holds, depth - 1)
    return False


def _text(interp: Interpreter, node: ast.expr | None) -> object:
    return conditions.known_constant(expressions.evaluate_again(interp, node)) if node is not None else None


def _is_missing(interp: Interpreter, test: ast.Compare, holds: bool) -> bool:
    """Looks at `"SM_MODEL_DIR" in os.environ`."""
    found = holds if isinstance(test.ops[0], ast.In) else not holds
    return (
        isinstance(test.ops[0], (ast.In, ast.NotIn))
        and not found
        and dotted(interp.frame.scope.module, test.comparators[0]).endswith("environ")
        and _text(interp, test.left) in _ALWAYS
    )


def _asks(interp: Interpreter, call: ast.Call, depth: int) -> bool:
    """Tells whether a call asks for what every training job has: by itself, or as all that a function returns."""
    name = dotted(interp.frame.scope.module, call.func)
    first = call.args[0] if call.args else None
    if name == "bool" and first is not None:
        return is_told(interp, first, False, depth)
    if name in _READERS:
        return len(call.args) == 1 and _text(interp, first) in _ALWAYS
    if name in _LOOKS:
        return _text(interp, first) == _ROOT
    if isinstance(call.func, ast.Attribute) and call.func.attr in ("exists", "is_dir") and not call.args:
        made = call.func.value
        return isinstance(made, ast.Call) and [_text(interp, each) for each in made.args] == [_ROOT]
    if not isinstance(call.func, ast.Name) or call.args or call.keywords or not depth:
        return False
    for atom in expressions.evaluate_again(interp, call.func):
        if not isinstance(atom, Function):
            continue
        body = atom.info.node.body
        last = body[-1] if isinstance(body, list) and len(body) <= 2 else None
        if isinstance(last, ast.Return) and last.value is not None and atom.info.module is interp.frame.scope.module:
            return is_told(interp, last.value, False, depth - 1)
    return False
