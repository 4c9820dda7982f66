"""Parsing JSON and YAML: what matters is whether it is SageMaker's hyperparameters."""

from __future__ import annotations

import ast
import json
from typing import Any

from .. import expressions
from ..containers import DictState, text_key
from ..interpreter import Interpreter
from ..patterns import Hole
from ..values import NOTHING, Const, Document, Handle, Lib, Text, Value, const, join, unknown
from . import files

MAX_LITERAL = 20_000


def parsed(interp: Interpreter, value: Value) -> Value:
    """Gives what parsing a text gives."""
    result: Value = NOTHING
    for atom in value:
        if isinstance(atom, Lib) and atom.name == "io.hyperparameters":
            result = join(result, (Document("hyperparameters"),))
        elif isinstance(atom, Text) and _is_hyperparameters_variable(atom):
            result = join(result, (Document("hyperparameters", "env"),))
        elif isinstance(atom, Text) and _is_one(atom, "hyperparameter"):
            result = join(result, unknown("a parsed hyperparameter"))
        elif isinstance(atom, Const) and isinstance(atom.value, str) and len(atom.value) <= MAX_LITERAL:
            result = join(result, _literal(interp, atom))
        else:
            result = join(result, unknown("the content of a file"))
    return result


def _is_one(atom: Text, kind: str) -> bool:
    return len(atom.parts) == 1 and isinstance(atom.parts[0], Hole) and atom.parts[0].kind == kind


def _is_hyperparameters_variable(atom: Text) -> bool:
    return _is_one(atom, "env") and isinstance(atom.parts[0], Hole) and atom.parts[0].name == "SM_HPS"


def _literal(interp: Interpreter, atom: Const) -> Value:
    try:
        return literal_value(interp, json.loads(atom.value), atom.soft)
    except (ValueError, RecursionError):
        return unknown("text that is not JSON")


def literal_value(interp: Interpreter, data: Any, soft: bool = False) -> Value:
    """Gives the value of plain data."""
    if isinstance(data, dict):
        state = DictState({})
        for key, each in data.items():
            state = state.set(text_key(str(key)), literal_value(interp, each, soft))
        return expressions.new_object(interp, "dict", state)
    if isinstance(data, list | tuple):
        return expressions.new_list(interp, [literal_value(interp, each, soft) for each in data])
    return const(data, soft)


def _load(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    result: Value = NOTHING
    for atom in arguments.get(0, "fp", "stream", "s"):
        if isinstance(atom, Handle):
            found: Value = (
                (Document("hyperparameters"),)
                if files.is_hyperparameters(atom.path)
                else unknown("the content of a file")
            )
            result = join(result, found)
        else:
            result = join(result, parsed(interp, (atom,)))
    return result or unknown("the content of a file")


def _loads(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    return parsed(interp, arguments.get(0, "s", "stream")) or unknown("text that is not known")


def _dumps(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    return (Text((Hole("any", reason="a serialised object"),)),)


MODELS = {
    "json.load": _load,
    "json.loads": _loads,
    "json.dumps": _dumps,
    "yaml.safe_load": _load,
    "yaml.load": _load,
    "yaml.full_load": _load,
    "ast.literal_eval": _loads,
    "pickle.load": lambda interp, arguments, node: unknown("an unpickled object"),
}
