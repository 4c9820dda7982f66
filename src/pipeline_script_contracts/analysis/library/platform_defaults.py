"""Arguments that the platform gives a default: no step has to pass them."""

from __future__ import annotations

import ast

from ..atoms import Value
from ..interpreter import Interpreter
from ..platform import HYPERPARAMETER_PREFIX, is_platform_variable
from ..texts import chain_of

MAX_NAMES = 3


def is_platform_default(interp: Interpreter, default: Value, node: ast.AST, known: bool = False) -> bool:
    """Tells whether the default of an argument is, or is worked out from, a variable that the platform sets.

    Args:
        interp: The interpreter.
        default: The default.
        node: The call that declares the argument.
        known: Whether there is a constant for the case that a hyperparameter asked for is not given.
    """
    for atom in default:
        for step in chain_of(atom):
            if step.text.startswith("os.environ[") and is_platform_variable(step.text[12:-2]):
                return True
    if not isinstance(node, ast.Call):
        return False
    written = [*node.args, *(each.value for each in node.keywords if each.arg == "default")]
    return any(_tells_of_platform(interp, each, MAX_NAMES, known) for each in written)


def _tells_of_platform(interp: Interpreter, written: ast.expr, depth: int, known: bool) -> bool:
    """Tells whether an expression takes its value from the platform; what is only asked for decides nothing."""
    left: list[ast.AST] = [written]
    while left:
        each = left.pop()
        if depth < MAX_NAMES and isinstance(each, ast.Constant) and each.value == "SM_HPS":
            continue  # what is taken out of all hyperparameters is one of them
        if isinstance(each, ast.Compare) and isinstance(each.ops[0], (ast.In, ast.NotIn)):
            continue
        asked = each.test if isinstance(each, ast.IfExp) else None
        left += [child for child in ast.iter_child_nodes(each) if child is not asked]
        if isinstance(each, ast.Constant):
            if known and isinstance(each.value, str) and each.value.startswith(HYPERPARAMETER_PREFIX):
                continue
            if isinstance(each.value, str) and each.value.startswith(("SM_", "SAGEMAKER_")):
                return True
        elif isinstance(each, ast.Name) and depth:
            if each.id in ("sagemaker_training", "sagemaker_containers"):
                return True
            for value in _assigned(interp).get(each.id, ()):
                if _tells_of_platform(interp, value, depth - 1, known):
                    return True
    return False


def _assigned(interp: Interpreter) -> dict[str, list[ast.expr]]:
    """Gives what is assigned to each name anywhere in the module that runs."""
    module = interp.frame.scope.module
    key = ("assigned", module)
    if key not in interp.infos:
        found: dict[str, list[ast.expr]] = {}
        for each in ast.walk(module.tree) if module.tree is not None else ():
            if isinstance(each, ast.Assign):
                for target in each.targets:
                    if isinstance(target, ast.Name):
                        found.setdefault(target.id, []).append(each.value)
        interp.infos[key] = found
    result: dict[str, list[ast.expr]] = interp.infos[key]
    return result
