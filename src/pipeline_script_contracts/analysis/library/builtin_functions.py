"""Built-in functions: conversions and what needs no module of its own."""

from __future__ import annotations

import ast
from typing import Any

from .. import (
    conditions,
    mappings,
    strings,
)
from .. import expressions as expressions_module
from ..atoms import (
    NONE,
    Lib,
    Text,
    Value,
)
from ..interpreter import Interpreter
from ..patterns import Hole
from ..values import const, unknown
from . import conversions


def _str(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    return strings.to_text(interp, arguments.get(0, "object", default=const("")), node)


def _format(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    spec = arguments.get(1)
    if spec and spec != const(""):
        return unknown("a formatted value")
    return strings.to_text(interp, arguments.get(0), node)


def _number(name: str) -> Any:
    def run(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
        return conversions.to_number(name, arguments.get(0)) if arguments.positional else const(0)

    return run


def _bool(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    return (
        expressions_module.outcome_value(conditions.truth(interp, arguments.get(0)))
        if arguments.positional
        else const(False)
    )


def _print(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    return NONE


def _chr(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    return (Text((Hole("any", reason="a character"),)),)


def _object(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    return (Lib("builtins.object()"),)


def _system(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    return const("Linux")


MODELS = {
    "platform.system": _system,
    "builtins.str": _str,
    "builtins.format": _format,
    "builtins.repr": _chr,
    "builtins.int": _number("int"),
    "builtins.float": _number("float"),
    "builtins.bool": _bool,
    "builtins.dict": lambda interp, arguments, node: mappings.make_dict(interp, arguments, node),
    "builtins.print": _print,
    "builtins.chr": _chr,
    "builtins.object": _object,
}
