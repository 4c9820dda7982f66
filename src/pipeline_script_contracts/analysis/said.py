"""Values that are only said, in the message of an exception, by `print` or by a logger: no setting of the script."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from ..findings import Location
from .facts import Analysis, EnvRead
from .recorder import location_of
from .scopes import ModuleInfo
from .words import words

_LOGS = frozenset(words("critical debug error exception fatal info log print warn warning"))
_PARTS = (ast.JoinedStr, ast.FormattedValue, ast.BinOp, ast.BoolOp, ast.IfExp, ast.Tuple, ast.keyword)


def telling(analysis: Analysis, reads: list[EnvRead]) -> list[EnvRead]:
    """Gives the reads that tell a variable's default: not those that are only said in a message, unless all are."""
    if len({str(read.default) for read in reads}) < 2 or analysis.unreached is None:
        return reads
    messages = said(analysis.unreached.modules)
    return [read for read in reads if (read.place.filename, read.place.location) not in messages] or reads


def said(modules: Iterable[ModuleInfo]) -> frozenset[tuple[str, Location]]:
    """Gives the file and the beginning of each call whose value is only said."""
    return frozenset(
        (module.text, location_of(call))
        for module in modules
        if module.tree is not None
        for statement in ast.walk(module.tree)
        for message in _messages(statement)
        for call in _calls_in(message)
    )


def _messages(statement: ast.AST) -> list[ast.expr]:
    """Gives what a statement says."""
    if isinstance(statement, ast.Assert):
        return [statement.msg] if statement.msg is not None else []
    call = statement.exc if isinstance(statement, ast.Raise) else getattr(statement, "value", None)
    if not isinstance(call, ast.Call) or not (isinstance(statement, ast.Raise) or _logs(statement, call)):
        return []
    return [*call.args, *(each.value for each in call.keywords)]


def _logs(statement: ast.AST, call: ast.Call) -> bool:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    return isinstance(statement, ast.Expr) and name in _LOGS


def _calls_in(message: ast.AST) -> Iterable[ast.Call]:
    """Gives the calls whose values stand in a message, not those that are given to another call first."""
    if isinstance(message, ast.Call):
        yield message
    elif isinstance(message, _PARTS):
        for part in ast.iter_child_nodes(message):
            yield from _calls_in(part)
