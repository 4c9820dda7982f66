"""Statements. Each returns whether the code after it runs."""

from __future__ import annotations

import ast
from collections.abc import Callable
from itertools import repeat
from typing import Any

from . import (
    absent_variables,
    calls,
    classes,
    conditions,
    contexts,
    deletion,
    environment,
    expressions,
    functions,
    imports,
    matching,
    messages,
    off_platform,
    operators,
    targets,
)
from .atoms import CAUGHT, NONE, ClassAtom, Lib, Value
from .interpreter import DeadEnd, Frame, Interpreter
from .loops import run_for, run_while
from .scopes import ModuleInfo
from .store import Changes, join_cells
from .values import unknown
from .written import dotted


def run_block(interp: Interpreter, body: list[ast.stmt]) -> bool:
    """Runs statements one after another until one of them does not let the next run."""
    return all(map(run_statement, repeat(interp), body))


def run_statement(interp: Interpreter, node: ast.stmt) -> bool:
    """Runs one statement."""
    interp.tick()
    try:
        return STATEMENTS[type(node)](interp, node)
    except DeadEnd:
        return False


def _expression(interp: Interpreter, node: ast.Expr) -> bool:
    if not isinstance(node.value, ast.Constant):
        around, interp.discarded = interp.discarded, node.value
        try:
            expressions.evaluate(interp, node.value)
        finally:
            interp.discarded = around
    return True


def _assign(interp: Interpreter, node: ast.Assign) -> bool:
    value = expressions.evaluate(interp, node.value)
    for target in node.targets:
        targets.assign(interp, target, value)
    return True


def _annotated(interp: Interpreter, node: ast.AnnAssign) -> bool:
    if node.value is not None:
        targets.assign(interp, node.target, expressions.evaluate(interp, node.value))
    return True


def _augmented(interp: Interpreter, node: ast.AugAssign) -> bool:

    operators.augmented(interp, node)
    return True


def _return(interp: Interpreter, node: ast.Return) -> bool:
    frame = interp.frame
    value = expressions.evaluate(interp, node.value) if node.value is not None else NONE
    store = interp.store
    frame.returns.append((value, None if store.depth == frame.depth + 1 else store.since(frame.depth)))
    return False


def _if(interp: Interpreter, node: ast.If) -> bool:
    may_be_true, may_be_false = conditions.decide(interp, node.test)
    if may_be_true and not may_be_false:
        return _main_block(interp, node) if _is_main_test(node.test) else run_block(interp, node.body)
    if may_be_false and not may_be_true:
        return run_block(interp, node.orelse)
    return branch(interp, [lambda: _way(interp, node, True), lambda: _way(interp, node, False)])


def _way(interp: Interpreter, node: ast.If, holds: bool) -> bool:
    """Runs what follows where a condition is true, or false."""
    body = node.body if holds else node.orelse
    replaced: frozenset[str] = frozenset()
    if body and interp.reads_of_variables:
        absent_variables.note_replacement(interp, node.test, holds, body)
        replaced = absent_variables.replaceable(interp, node.test, holds)
    conditions.refine(interp, node.test, holds)
    if not body:
        return True
    exits = _exits(interp.frame)
    record, before = interp.record, interp.record.off_platform
    record.off_platform = before or off_platform.is_told(interp, node.test, holds)
    try:
        live = interp.on_some_ways(lambda: run_block(interp, body))
    finally:
        record.off_platform = before
    if not live and interp.reads_of_variables and _exits(interp.frame) == exits:
        absent_variables.note_end(interp, node.test, holds, replaced)
    return live


def branch(interp: Interpreter, runs: list[Callable[[], bool]]) -> bool:
    """Runs alternatives from the same state and continues with the join of those that come to an end."""
    ways: list[Changes] = []
    *others, last = runs
    for run in others:
        live, changes = interp.explore(run)
        if live and changes is not None:
            ways.append(changes)
    if not ways:
        return interp.venture(last)
    live, changes = interp.explore(last)
    if live and changes is not None:
        ways.append(changes)
    interp.store.merge(ways)
    return True


def _is_main_test(test: ast.expr) -> bool:
    return any(isinstance(node, ast.Name) and node.id == "__name__" for node in ast.walk(test))


def _main_block(interp: Interpreter, node: ast.If) -> bool:
    before, interp.phase = interp.phase, "main"
    try:
        return run_block(interp, node.body)
    finally:
        interp.phase = before


def _with(interp: Interpreter, node: ast.With | ast.AsyncWith) -> bool:

    entered: list[tuple[Value, ast.expr]] = []
    guards = 0
    for item in node.items:
        value = expressions.evaluate(interp, item.context_expr)
        bound, caught = contexts.enter(interp, value, item.context_expr)
        entered.append((value, item.context_expr))
        if caught is not None:
            interp.frame.catches.append(caught)
            guards += 1
        if item.optional_vars is not None:
            targets.assign(interp, item.optional_vars, bound)
    try:
        if guards:
            live = branch(interp, [lambda: run_block(interp, node.body), lambda: True])
        else:
            live = run_block(interp, node.body)
    finally:
        del interp.frame.catches[len(interp.frame.catches) - guards :]
    for value, expression in reversed(entered):
        contexts.leave(interp, value, expression)
    return live


def _try(interp: Interpreter, node: ast.Try) -> bool:
    store, frame = interp.store, interp.frame
    variables = len(interp.reads_of_variables)
    caught = frozenset(name for handler in node.handlers for name in _caught(handler))
    frame.catches.append(
        caught | {environment.ENDS} if all(_ends(frame.scope.module, each) for each in node.handlers) else caught
    )
    store.watch()
    try:
        live, changes = interp.explore(lambda: run_block(interp, node.body))
    finally:
        history = store.unwatch()
        frame.catches.pop()
    ways: list[Changes] = []
    if live and changes is not None:
        way = _continue(interp, changes, node.orelse)
        if way is not None:
            ways.append(way)
    interrupted: Changes = {}
    for name, values in history.items():
        cell: Any = store.cells.get(name)
        for value in values:
            cell = join_cells(cell, value)
        interrupted[name] = cell
    exits, handled = _exits(frame), 0
    for handler in node.handlers:
        way = _handle(interp, interrupted, handler)
        if way is not None:
            ways.append(way)
        handled += way is not None
    if len(interp.reads_of_variables) > variables:
        absent_variables.note_handler(interp, node, variables, ends=handled == 0 and _exits(frame) == exits)
    if ways:
        store.merge(ways)
        return run_block(interp, node.finalbody) if node.finalbody else True
    if node.finalbody:
        store.push()
        store.merge([interrupted] if interrupted else [{}])
        run_block(interp, node.finalbody)
        store.pop()
    return False


def _exits(frame: Frame) -> int:
    """Counts the ways out of the statements that run: returns, and ends of loops and of their rounds."""
    return len(frame.returns) + sum(len(loop.breaks) + len(loop.continues) for loop in frame.loops)


def _continue(interp: Interpreter, changes: Changes, body: list[ast.stmt]) -> Changes | None:
    """Runs a body after some changes and gives the changes of both."""

    def run() -> bool:
        interp.store.merge([changes])
        return run_block(interp, body)

    live, after = interp.explore(run)
    return after if live else None


def _handle(interp: Interpreter, interrupted: Changes, handler: ast.ExceptHandler) -> Changes | None:
    def run() -> bool:
        if interrupted:
            interp.store.merge([interrupted])
        if handler.type is not None:
            expressions.evaluate(interp, handler.type)
        if handler.name:
            interp.bind(handler.name, unknown(CAUGHT), handler)
        return run_block(interp, handler.body)

    interp.frame.catches.append(frozenset(_caught(handler)))  # what a handler tries instead is optional as well
    live, changes = interp.explore(run)
    interp.frame.catches.pop()
    return changes if live else None


def _caught(handler: ast.ExceptHandler) -> list[str]:
    if handler.type is None:
        return ["*"]
    names = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return [
        name.id if isinstance(name, ast.Name) else name.attr if isinstance(name, ast.Attribute) else "*"
        for name in names
    ]


def _ends(module: ModuleInfo, handler: ast.ExceptHandler) -> bool:
    """Tells whether a handler passes the exception on, or ends the program."""
    last = handler.body[-1]
    called = dotted(module, last.value.func) if isinstance(last, ast.Expr) and isinstance(last.value, ast.Call) else ""
    return called in ("sys.exit", "exit", "os._exit") or isinstance(last, ast.Raise)


def _raise(interp: Interpreter, node: ast.Raise) -> bool:
    for part in (node.exc, node.cause):
        if isinstance(part, ast.Call):
            _make_exception(interp, part)
        elif part is not None:
            expressions.evaluate(interp, part)
    return False


def _make_exception(interp: Interpreter, node: ast.Call) -> None:
    """Evaluates the arguments of an exception, where anything happens then, and follows what its class does."""
    callee = expressions.evaluate(interp, node.func)
    atom = callee[0] if len(callee) == 1 else None
    keeps = isinstance(atom, ClassAtom) and messages.only_keeps(interp, atom.info)
    silent = (keeps or isinstance(atom, Lib)) and _is_message(interp, node)
    arguments = calls.Arguments() if silent else calls.evaluate_arguments(interp, node)
    if not keeps:
        calls.call(interp, callee, arguments, node)


def _is_message(interp: Interpreter, node: ast.Call) -> bool:
    """Tells whether the arguments of an exception call nothing but what makes texts and counts."""
    key = ("message", node)
    if key not in interp.infos:
        called = [
            each.func for part in (*node.args, *node.keywords) for each in ast.walk(part) if isinstance(each, ast.Call)
        ]
        rest = [each for each in called if not (isinstance(each, ast.Attribute) and each.attr in messages.TEXT_METHODS)]
        names = frozenset(each.id for each in rest if isinstance(each, ast.Name))
        interp.infos[key] = names if all(isinstance(each, ast.Name) for each in rest) else None
    names = interp.infos[key]
    return names is not None and all(
        name in messages.TEXT_FUNCTIONS and interp.lookup(name) == (Lib(f"builtins.{name}"),) for name in names
    )


def _assert(interp: Interpreter, node: ast.Assert) -> bool:
    may_be_true, _ = conditions.decide(interp, node.test)
    if interp.reads_of_variables:
        absent_variables.note_end(interp, node.test, False, absent_variables.replaceable(interp, node.test, False))
    return may_be_true and conditions.refine(interp, node.test, True)


def _break(interp: Interpreter, node: ast.Break) -> bool:
    for loop in interp.frame.loops[-1:]:  # outside of a loop, Python refuses the file
        loop.breaks.append(interp.store.since(loop.depth))
    return False


def _continue_loop(interp: Interpreter, node: ast.Continue) -> bool:
    for loop in interp.frame.loops[-1:]:
        loop.continues.append(interp.store.since(loop.depth + 1))
    return False


def _function(interp: Interpreter, node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:

    functions.define(interp, node)
    return True


def _class(interp: Interpreter, node: ast.ClassDef) -> bool:

    classes.define_class(interp, node)
    return True


def _delete(interp: Interpreter, node: ast.Delete) -> bool:
    for target in node.targets:
        deletion.delete(interp, target)
    return True


def _match(interp: Interpreter, node: ast.Match) -> bool:

    return matching.run_match(interp, node)


def _import(interp: Interpreter, node: ast.Import) -> bool:
    imports.run_import(interp, node)
    return True


def _import_from(interp: Interpreter, node: ast.ImportFrom) -> bool:
    imports.run_import_from(interp, node)
    return True


def _nothing(_interp: Interpreter, _node: ast.stmt) -> bool:
    return True


STATEMENTS: dict[type[ast.stmt], Callable[[Interpreter, Any], bool]] = {
    ast.Expr: _expression,
    ast.Assign: _assign,
    ast.AnnAssign: _annotated,
    ast.AugAssign: _augmented,
    ast.Return: _return,
    ast.If: _if,
    ast.For: run_for,
    ast.AsyncFor: run_for,
    ast.While: run_while,
    ast.With: _with,
    ast.AsyncWith: _with,
    ast.Try: _try,
    ast.TryStar: _try,
    ast.Raise: _raise,
    ast.Assert: _assert,
    ast.Break: _break,
    ast.Continue: _continue_loop,
    ast.FunctionDef: _function,
    ast.AsyncFunctionDef: _function,
    ast.ClassDef: _class,
    ast.Delete: _delete,
    ast.Match: _match,
    ast.Import: _import,
    ast.ImportFrom: _import_from,
    ast.Global: _nothing,
    ast.Nonlocal: _nothing,
    ast.Pass: _nothing,
}
