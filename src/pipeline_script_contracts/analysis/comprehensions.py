"""Comprehensions: run like loops in a scope of their own."""

from __future__ import annotations

import ast
from collections.abc import Callable
from functools import partial

from . import conditions, expressions, iteration, targets
from .atoms import NOTHING, Value
from .containers import DictState, ListState
from .interpreter import DeadEnd, Interpreter
from .scopes import Scope
from .values import join

MAX_UNROLL = 64
Comprehension = ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp


class _Results:
    """What a comprehension gives: items, and whether their number is known."""

    def __init__(self) -> None:
        self.items: list[tuple[Value, Value]] = []
        self.exact = True


def run_comprehension(interp: Interpreter, node: Comprehension) -> Value:
    """Evaluates a comprehension."""
    outer = interp.frame.scope
    names = _bound_names(interp, node)
    first = expressions.evaluate(interp, node.generators[0].iter)
    scope = Scope("comprehension", outer.module, outer, names)
    results = _Results()
    interp.frame.scope = scope
    try:
        _generate(interp, node, 0, first, results)
    finally:
        interp.frame.scope = outer
    if isinstance(node, ast.DictComp):
        state = DictState({})
        for key, value in results.items:
            state = expressions.put(state, key, value) if results.exact else state.set_unknown(key, value)
        return expressions.new_object(interp, "dict", state)
    kind = "set" if isinstance(node, ast.SetComp) else "list"
    if results.exact:
        return expressions.new_object(interp, kind, ListState(tuple(value for _, value in results.items)))
    rest: Value = NOTHING
    for _, value in results.items:
        rest = join(rest, value)
    return expressions.new_object(interp, kind, ListState(None, rest))


def _bound_names(interp: Interpreter, node: Comprehension) -> frozenset[str]:
    """Gives the names that a comprehension binds."""
    key = ("bound names", node)
    if key not in interp.infos:
        targets_of = [each for generator in node.generators for each in ast.walk(generator.target)]
        interp.infos[key] = frozenset(each.id for each in targets_of if isinstance(each, ast.Name))
    names: frozenset[str] = interp.infos[key]
    return names


def _generate(interp: Interpreter, node: Comprehension, depth: int, iterable: Value, results: _Results) -> None:
    generator = node.generators[depth]
    items = iteration.items_of(interp, iterable)
    if items is None or len(items) > MAX_UNROLL or len(results.items) > 400:
        results.exact = False
        element = iteration.element_of(interp, iterable)
        items = [element] if element else []
    for item in items:
        _in_branch(interp, partial(_one, interp, node, depth, generator, item, results))


def _in_branch(interp: Interpreter, run: Callable[[], bool]) -> None:
    """Runs one item; if that never ends, nothing comes of it."""
    certain, changes = interp.explore(run)
    if changes is None:
        raise DeadEnd
    interp.store.merge([changes] if certain else [{}, changes])


def _one(
    interp: Interpreter,
    node: Comprehension,
    depth: int,
    generator: ast.comprehension,
    item: Value,
    results: _Results,
) -> bool:
    """Runs one item and tells whether it certainly passes the conditions."""
    interp.tick()
    targets.assign(interp, generator.target, item)
    certain = True
    for test in generator.ifs:
        yes, no = conditions.decide(interp, test)
        if not yes:
            return False
        if no:
            results.exact = certain = False
        conditions.refine(interp, test, True)
    if depth + 1 < len(node.generators):
        _generate(interp, node, depth + 1, expressions.evaluate(interp, node.generators[depth + 1].iter), results)
    elif isinstance(node, ast.DictComp):
        results.items.append((expressions.evaluate(interp, node.key), expressions.evaluate(interp, node.value)))
    else:
        results.items.append((NOTHING, expressions.evaluate(interp, node.elt)))
    return certain
