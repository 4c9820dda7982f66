"""Built-in functions that take or give iterables."""

from __future__ import annotations

import ast
from typing import Any

from .. import (
    calls,
    conditions,
    expressions,
    iteration,
    sequences,
)
from .. import expressions as expressions_module
from .. import numbers as numbers_module
from ..atoms import (
    BOOL,
    NONE,
    NOTHING,
    Bound,
    Const,
    Function,
    Lib,
    Ref,
    TupleAtom,
    Value,
)
from ..containers import DictState, ListState
from ..interpreter import DeadEnd, Interpreter
from ..values import const, join, unknown

MAX_RANGE = 64
MAX_BOUND = 1_000_000


def _len(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    value = arguments.get(0)
    if len(value) == 1:
        items = iteration.items_of(interp, value)
        if items is not None and not (isinstance(value[0], Const) and value[0].soft):
            return const(len(items))
    return unknown("a length")


def _range(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    bounds = []
    for value in arguments.positional:
        numbers_module.used_as_number(interp, value, node)
        if len(value) == 1 and isinstance(value[0], Const) and isinstance(value[0].value, int) and not value[0].soft:
            bounds.append(value[0].value)
    small = bounds and all(abs(bound) < MAX_BOUND for bound in bounds) and bounds[2:] != [0]
    if small and len(bounds) == len(arguments.positional) and not arguments.rest:
        numbers = range(*bounds)
        if len(numbers) <= MAX_RANGE:
            return (TupleAtom([(Const(each),) for each in numbers]),)
    return expressions_module.new_list(interp, None, unknown("a number of a range"))


def _sequence(kind: str) -> Any:
    def run(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
        if not arguments.positional:
            return (TupleAtom([]),) if kind == "tuple" else expressions_module.new_object(interp, kind, ListState())
        items = iteration.items_of(interp, arguments.get(0))
        if kind == "tuple" and items is not None:
            return (TupleAtom(items),)
        if items is not None:
            return expressions_module.new_object(interp, kind, ListState(tuple(items)))
        return expressions_module.new_object(
            interp, "list" if kind == "tuple" else kind, ListState(None, iteration.element_of(interp, arguments.get(0)))
        )

    return run


def _sorted(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    value = arguments.get(0, "iterable")
    _key_call(interp, arguments, value, node)
    items = iteration.items_of(interp, value)
    if items is None:
        return expressions_module.new_list(interp, None, iteration.element_of(interp, value))
    return expressions_module.new_list(interp, sequences.in_order(items, arguments))


def _key_call(interp: Interpreter, arguments: Any, value: Value, node: ast.AST) -> None:
    key = arguments.keywords.get("key")
    if key and any(isinstance(atom, (Function, Bound)) for atom in key):
        calls.call(interp, key, calls.Arguments([iteration.element_of(interp, value) or unknown("an item")]), node)


def _reversed(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    items = iteration.items_of(interp, arguments.get(0))
    if items is None:
        return expressions_module.new_list(interp, None, iteration.element_of(interp, arguments.get(0)))
    return expressions_module.new_list(interp, items[::-1])


def _enumerate(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    items = iteration.items_of(interp, arguments.get(0, "iterable"))
    start = arguments.get(1, "start", default=const(0))
    first = start[0].value if len(start) == 1 and isinstance(start[0], Const) else None
    if items is not None and isinstance(first, int):
        return expressions_module.new_list(
            interp, [(TupleAtom([const(first + index), item]),) for index, item in enumerate(items)]
        )
    element = iteration.element_of(interp, arguments.get(0, "iterable"))
    return expressions_module.new_list(
        interp, None, (TupleAtom([unknown("a number"), element]),) if element else NOTHING
    )


def _zip(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    columns = [iteration.items_of(interp, value) for value in arguments.positional]
    if columns and all(column is not None for column in columns) and not arguments.rest:
        rows = zip(*[column for column in columns if column is not None], strict=False)
        return expressions_module.new_list(interp, [(TupleAtom(row),) for row in rows])
    elements = [iteration.element_of(interp, value) for value in arguments.positional]
    if not all(elements):
        return expressions_module.new_list(interp, [])
    return expressions_module.new_list(interp, None, (TupleAtom(elements),))


def _map(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    function, *sources = arguments.positional or [arguments.rest]
    if arguments.rest:  # `map(f, *columns)`: how many there are is not known
        given = calls.Arguments([], {}, iteration.element_of(interp, arguments.rest) or unknown("an item"))
        result, changes = interp.explore(lambda: calls.call(interp, function, given, node))
        interp.store.merge([{}, changes] if changes is not None else [{}])
        return expressions_module.new_list(interp, None, result or NOTHING)
    columns = [iteration.items_of(interp, value) for value in sources]
    if all(column is not None and len(column) <= MAX_RANGE for column in columns):
        rows = zip(*[column for column in columns if column is not None], strict=False)
        return expressions_module.new_list(
            interp, [calls.call(interp, function, calls.Arguments(list(row)), node) for row in rows]
        )
    elements = [iteration.element_of(interp, value) for value in sources]
    if not all(elements):
        return expressions_module.new_list(interp, [])
    result, changes = interp.explore(lambda: calls.call(interp, function, calls.Arguments(elements), node))
    interp.store.merge([{}, changes] if changes is not None else [{}])
    return expressions_module.new_list(interp, None, result or NOTHING)


def _filter(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    function, source = arguments.get(0), arguments.get(1)
    items = iteration.items_of(interp, source)
    kept: list[Value] = []
    exact = items is not None and len(items) <= MAX_RANGE
    each = items if items is not None and exact else [iteration.element_of(interp, source)]
    for item in each:
        if not item:
            continue
        if all(isinstance(atom, Const) and atom.value is None for atom in function):
            yes, no = conditions.truth(interp, item)
        else:
            yes, no = conditions.truth(interp, calls.call(interp, function, calls.Arguments([item]), node))
        exact = exact and not (yes and no)
        if yes:
            kept.append(item)
    if exact:
        return expressions_module.new_list(interp, kept)
    rest: Value = NOTHING
    for item in kept:
        rest = join(rest, item)
    return expressions_module.new_list(interp, None, rest)


def _next(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    element = iteration.element_of(interp, arguments.get(0))
    items = iteration.items_of(interp, arguments.get(0))
    default: Value = arguments.get(1, default=NOTHING)
    if items and isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.GeneratorExp):
        return items[0]
    if items == []:
        if not default:
            raise DeadEnd
        return default
    return join(element, default) or unknown("the next item")


def _extreme(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    """`max` and `min`: one of the items."""
    if len(arguments.positional) == 1:
        _key_call(interp, arguments, arguments.get(0), node)
        result = iteration.element_of(interp, arguments.get(0))
    else:
        result = NOTHING
        for value in arguments.positional:
            numbers_module.used_as_number(interp, value, node)
            result = join(result, value)
    return join(result, arguments.keywords.get("default", NOTHING)) or unknown("an item")


def _sum(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    """`sum(lists, [])` gives the items of all of them; another sum is a number."""
    start = arguments.get(1, "start")
    if not any(isinstance(atom, (Ref, TupleAtom)) for atom in start):
        return (Lib("builtins.sum()"),)
    items = iteration.items_of(interp, arguments.get(0))
    parts = items if items is not None else [iteration.element_of(interp, arguments.get(0))]
    every: Value = iteration.element_of(interp, start)
    for part in parts:
        every = join(every, iteration.element_of(interp, part))
    return expressions_module.new_list(interp, None, every)


def _any_all(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    return BOOL


def _iter(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    return (
        arguments.get(0)
        if len(arguments.positional) == 1
        else expressions_module.new_list(interp, None, unknown("an item"))
    )


def _from_keys(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    """`dict.fromkeys(keys, value)`."""
    state = DictState({})
    value = arguments.get(1, default=NONE)
    keys = iteration.items_of(interp, arguments.get(0))
    if keys is None:
        element = iteration.element_of(interp, arguments.get(0))
        return expressions.new_object(interp, "dict", state.set_unknown(element, value) if element else state)
    for key in keys:
        state = expressions.put(state, key, value)
    return expressions.new_object(interp, "dict", state)


MODELS = {
    "builtins.len": _len,
    "builtins.range": _range,
    "builtins.list": _sequence("list"),
    "builtins.tuple": _sequence("tuple"),
    "builtins.set": _sequence("set"),
    "builtins.frozenset": _sequence("set"),
    "builtins.dict.fromkeys": _from_keys,
    "builtins.sorted": _sorted,
    "builtins.reversed": _reversed,
    "builtins.enumerate": _enumerate,
    "builtins.zip": _zip,
    "builtins.map": _map,
    "builtins.filter": _filter,
    "builtins.next": _next,
    "builtins.iter": _iter,
    "builtins.max": _extreme,
    "builtins.min": _extreme,
    "builtins.sum": _sum,
    "builtins.any": _any_all,
    "builtins.all": _any_all,
}
