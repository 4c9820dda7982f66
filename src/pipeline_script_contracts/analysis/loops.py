"""Loops: over known items one by one, otherwise to a bounded fixpoint."""

from __future__ import annotations

import ast
from collections.abc import Callable
from functools import partial

from . import conditions, expressions, iteration, statements, targets
from .atoms import Value
from .interpreter import Interpreter, Loop
from .store import Changes

MAX_UNROLL = 64
MAX_UNROLLED_IN_ALL = 1500
MAX_ROUNDS = 3


def run_for(interp: Interpreter, node: ast.For | ast.AsyncFor) -> bool:
    """Runs a `for` loop."""
    iterable = expressions.evaluate(interp, node.iter)
    items = iteration.items_of(interp, iterable)
    if items is not None and len(items) <= MAX_UNROLL:
        count = interp.unrolled.get(node, 0) + len(items)
        if count <= MAX_UNROLLED_IN_ALL:
            interp.unrolled[node] = count
            return _run(interp, node, lambda loop: _each(interp, node, loop, items))
    element = iteration.element_of(interp, iterable)
    if not element:
        return _run(interp, node, lambda loop: True)
    return _run(interp, node, lambda loop: _rounds(interp, node, loop, lambda: _bind(interp, node, element)))


def run_while(interp: Interpreter, node: ast.While) -> bool:
    """Runs a `while` loop."""
    return _run(interp, node, lambda loop: _while(interp, node, loop))


def _bind(interp: Interpreter, node: ast.For | ast.AsyncFor, value: Value) -> bool:
    targets.assign(interp, node.target, value)
    return True


def _with_item(interp: Interpreter, node: ast.For | ast.AsyncFor, item: Value) -> bool:
    return _bind(interp, node, item) and statements.run_block(interp, node.body)


def _run(interp: Interpreter, node: ast.For | ast.AsyncFor | ast.While, body: Callable[[Loop], bool]) -> bool:
    """Runs a loop in a branch of its own and joins the ways out of it."""
    store = interp.store
    loop = Loop(store.depth)

    def run() -> bool:
        interp.frame.loops.append(loop)
        try:
            exhausted = body(loop)
        finally:
            interp.frame.loops.pop()
        return exhausted and statements.run_block(interp, node.orelse)

    live, changes = interp.explore(run)
    ways = list(loop.breaks)
    if live and changes is not None:
        ways.append(changes)
    if ways:
        store.merge(ways)
    return bool(ways)


def _iteration(interp: Interpreter, loop: Loop, body: Callable[[], bool]) -> list[Changes]:
    """Runs one iteration and gives the ways to the next."""
    loop.continues = []
    live, changes = interp.explore(body)
    ways = loop.continues
    loop.continues = []
    if live and changes is not None:
        ways.append(changes)
    return ways


def _each(interp: Interpreter, node: ast.For | ast.AsyncFor, loop: Loop, items: list[Value]) -> bool:

    for item in items:
        ways = _iteration(interp, loop, partial(_with_item, interp, node, item))
        if not ways:
            return False
        interp.store.merge(ways)
    return True


def _rounds(
    interp: Interpreter, node: ast.For | ast.AsyncFor | ast.While, loop: Loop, begin: Callable[[], bool]
) -> bool:
    """Runs the body until the state at its head no longer changes, widening what keeps changing."""
    for number in range(MAX_ROUNDS):
        ways = _iteration(interp, loop, lambda: begin() and statements.run_block(interp, node.body))
        if not ways:
            break
        if not interp.store.merge([{}, *ways], widen=number > 0):
            break
    return True


def _while(interp: Interpreter, node: ast.While, loop: Loop) -> bool:

    for _ in range(MAX_UNROLL):
        interp.tick()
        may_be_true, may_be_false = conditions.decide(interp, node.test)
        if not may_be_true:
            return True
        if may_be_false:
            _rounds(interp, node, loop, lambda: _holds(interp, node.test))
            return _ends(interp, node.test)
        if isinstance(node.test, ast.Constant):
            _rounds(interp, node, loop, lambda: True)
            return False
        ways = _iteration(interp, loop, lambda: statements.run_block(interp, node.body))
        if not ways:
            return False
        interp.store.merge(ways)
    _rounds(interp, node, loop, lambda: True)
    return True


def _holds(interp: Interpreter, test: ast.expr) -> bool:
    may_be_true, _ = conditions.decide(interp, test)
    return may_be_true and conditions.refine(interp, test, True)


def _ends(interp: Interpreter, test: ast.expr) -> bool:
    _, may_be_false = conditions.decide(interp, test)
    return may_be_false and conditions.refine(interp, test, False)
