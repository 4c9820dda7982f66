"""Expressions."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from . import (
    absent_variables,
    attributes,
    calls,
    comprehensions,
    conditions,
    environment,
    functions,
    iteration,
    mappings,
    numbers,
    operators,
    strings,
    subscripts,
    targets,
)
from .atoms import BOOL, CONTENT, FALSE, NONE, NOTHING, TRUE, Const, Document, Lib, Obj, Ref, TupleAtom, Value
from .containers import DictState, ListState, key_of
from .interpreter import Interpreter
from .texts import hole_text
from .values import const, join, unknown


def evaluate(interp: Interpreter, node: ast.expr) -> Value:
    """Evaluates an expression.

    Args:
        interp: The interpreter.
        node: The expression.

    Returns:
        What it may be.

    Raises:
        DeadEnd: Its evaluation never ends.
    """
    return EXPRESSIONS[type(node)](interp, node)


def new_object(interp: Interpreter, kind: str, state: ListState | DictState | None, info: Any = None) -> Value:
    """Makes an object and gives a reference to it."""
    obj = Obj(kind, info=info)
    if state is not None:
        interp.store.set(obj, CONTENT, state)
    return (Ref(obj),)


def new_list(interp: Interpreter, items: list[Value] | None, rest: Value = NOTHING) -> Value:
    """Makes a list of known items, or of any number of `rest`."""
    return new_object(interp, "list", ListState(None if items is None else tuple(items), rest))


def outcome_value(outcome: tuple[bool, bool]) -> Value:
    """Gives the bool of a condition's outcome."""
    return BOOL if all(outcome) else TRUE if outcome[0] else FALSE


def evaluate_again(interp: Interpreter, node: ast.expr) -> Value:
    """Evaluates an expression that has been evaluated already; gives nothing where that may change something."""
    changing = (ast.Call, ast.NamedExpr, ast.Await, ast.Yield, ast.YieldFrom)
    return NOTHING if any(isinstance(each, changing) for each in ast.walk(node)) else evaluate(interp, node)


def _constant(interp: Interpreter, node: ast.Constant) -> Value:
    value = interp.constants.get(node)
    if value is None:
        value = interp.constants[node] = (Const(node.value),)
    return value


def _name(interp: Interpreter, node: ast.Name) -> Value:
    return interp.lookup(node.id)


def _attribute(interp: Interpreter, node: ast.Attribute) -> Value:

    return attributes.load_attribute(interp, evaluate(interp, node.value), node.attr, node)


def _call(interp: Interpreter, node: ast.Call) -> Value:

    return calls.evaluate_call(interp, node)


def _sequence(interp: Interpreter, nodes: list[ast.expr]) -> tuple[list[Value] | None, Value]:
    """Evaluates the items of a display; gives None and the join of all when their number is not known."""
    items: list[Value] = []
    rest: Value = NOTHING
    exact = True
    arguments_open = interp.record.arguments_open
    for each in nodes:
        if isinstance(each, ast.Starred):
            inner = evaluate(interp, each.value)
            known = iteration.items_of(interp, inner)
            if known is None:
                exact = False
                rest = join(rest, iteration.element_of(interp, inner))
            else:
                items.extend(known)
        else:
            items.append(evaluate(interp, each))
    if exact:
        return items, NOTHING
    for item in items:
        rest = join(rest, item)
    if Lib("sys.executable") in rest:  # the command line of a launcher: this script's arguments, handed on as they are
        interp.record.arguments_open = arguments_open
    return None, rest


def _list(interp: Interpreter, node: ast.List) -> Value:
    return new_list(interp, *_sequence(interp, node.elts))


def _set(interp: Interpreter, node: ast.Set) -> Value:
    items, rest = _sequence(interp, node.elts)
    return new_object(interp, "set", ListState(None if items is None else tuple(items), rest))


def _tuple(interp: Interpreter, node: ast.Tuple) -> Value:
    items, rest = _sequence(interp, node.elts)
    return (TupleAtom(items),) if items is not None else new_list(interp, None, rest)


def _dict(interp: Interpreter, node: ast.Dict) -> Value:
    state = DictState({})
    for key, each in zip(node.keys, node.values, strict=True):
        value = evaluate(interp, each)
        state = merge_mapping(interp, state, value) if key is None else put(state, evaluate(interp, key), value)
    return new_object(interp, "dict", state)


def put(state: DictState, key: Value, value: Value) -> DictState:
    """Sets a key that may be one of several."""
    keys = [key_of(atom) for atom in key]
    if len(keys) == 1 and keys[0] is not None:
        return state.set(keys[0], value)
    for atom, each in zip(key, keys, strict=True):
        state = state.maybe(each, value) if each is not None else state.set_unknown((atom,), value)
    return state


def merge_mapping(interp: Interpreter, state: DictState, value: Value) -> DictState:
    """Adds the entries of another mapping, as `{**other}` and `update(other)` do."""
    for atom in value:
        other = mappings.mapping_state(interp, atom)
        if environment.is_environment(atom):
            state = DictState(state.entries, frozenset(), join(state.rest, (atom,)), unknown("the name of a variable"))
            continue
        if other is None:
            if isinstance(atom, Const) and atom.value is None:
                continue
            state = state.set_unknown(unknown("a key of a mapping that is not known"), (atom,))
            if isinstance(atom, Document):
                state = state.set_unknown(unknown("a hyperparameter"), unknown("a hyperparameter"))
            continue
        for key, each in other.entries.items():
            certain = len(value) == 1 and key in other.certain
            state = state.set(key, each) if certain else state.maybe(key, each)
        if other.rest:
            state = state.set_unknown(other.rest_keys, other.rest)
    return state


def _conditional(interp: Interpreter, node: ast.IfExp) -> Value:

    yes, no = conditions.decide(interp, node.test)
    if not no:
        return evaluate(interp, node.body)
    if not yes:
        return evaluate(interp, node.orelse)

    def side(holds: bool, branch: ast.expr) -> Value:
        if interp.reads_of_variables:
            other = node.orelse if holds else node.body
            absent_variables.note_fallback(interp, node.test, holds, branch, ast.unparse(other))
        conditions.refine(interp, node.test, holds)
        return interp.on_some_ways(lambda: evaluate(interp, branch))

    result = interp.either([lambda: side(True, node.body), lambda: side(False, node.orelse)])
    absent_variables.note_default(interp, node)
    return result


def _compare(interp: Interpreter, node: ast.Compare) -> Value:

    left = evaluate(interp, node.left)
    yes, no = True, False
    for operator, each in zip(node.ops, node.comparators, strict=True):
        right = evaluate(
            interp,
            environment.whose_keys(interp.frame.scope.module, each)
            if isinstance(operator, (ast.In, ast.NotIn))
            else each,
        )
        numbers.check_comparison(interp, left, operator, right, node)
        outcome = conditions.compare(interp, left, operator, right)
        yes, no = yes and outcome[0], no or outcome[1]
        left = right
    return outcome_value((yes, no))


def _lambda(interp: Interpreter, node: ast.Lambda) -> Value:

    return (functions.make_function(interp, node),)


def _f_string(interp: Interpreter, node: ast.JoinedStr) -> Value:

    result: Value = const("")
    for part in node.values:
        if isinstance(part, ast.Constant):
            piece: Value = (Const(part.value),)
        else:
            assert isinstance(part, ast.FormattedValue)
            piece = strings.to_text(interp, evaluate(interp, part.value), part)
            if part.format_spec is not None:
                spec = evaluate(interp, part.format_spec)

                piece = strings.formatted(interp, piece, spec, part)
            elif part.conversion == ord("r"):
                piece = tuple(
                    Const(repr(atom.value), atom.soft)
                    if isinstance(atom, Const)
                    else hole_text("any", reason="a representation")
                    for atom in piece
                )
        result = strings.concatenate(result, piece)
    return result


def _named(interp: Interpreter, node: ast.NamedExpr) -> Value:

    value = evaluate(interp, node.value)
    targets.assign(interp, node.target, value)
    return value


def _await(interp: Interpreter, node: ast.Await) -> Value:
    return evaluate(interp, node.value)


def _yield(interp: Interpreter, node: ast.Yield) -> Value:
    value = evaluate(interp, node.value) if node.value is not None else NONE
    frame = interp.frame
    frame.yields = join(frame.yields or NOTHING, value)
    return unknown("a value sent to a generator")


def _yield_from(interp: Interpreter, node: ast.YieldFrom) -> Value:

    frame = interp.frame
    frame.yields = join(frame.yields or NOTHING, iteration.element_of(interp, evaluate(interp, node.value)))
    return unknown("the result of a generator")


def _subscript(interp: Interpreter, node: ast.Subscript) -> Value:

    return subscripts.load_subscript(interp, node)


def _slice(interp: Interpreter, node: ast.Slice) -> Value:
    for part in (node.lower, node.upper, node.step):
        if part is not None:
            evaluate(interp, part)
    return unknown("a slice")


def _starred(interp: Interpreter, node: ast.Starred) -> Value:
    return evaluate(interp, node.value)


def _operator(interp: Interpreter, node: Any) -> Value:

    return operators.run_operator(interp, node)


def _comprehension(interp: Interpreter, node: Any) -> Value:

    return comprehensions.run_comprehension(interp, node)


EXPRESSIONS: dict[type[ast.expr], Callable[[Interpreter, Any], Value]] = {
    ast.Constant: _constant,
    ast.Name: _name,
    ast.Attribute: _attribute,
    ast.Call: _call,
    ast.List: _list,
    ast.Set: _set,
    ast.Tuple: _tuple,
    ast.Dict: _dict,
    ast.IfExp: _conditional,
    ast.Compare: _compare,
    ast.Lambda: _lambda,
    ast.JoinedStr: _f_string,
    ast.FormattedValue: lambda interp, node: evaluate(interp, node.value),
    ast.NamedExpr: _named,
    ast.Await: _await,
    ast.Yield: _yield,
    ast.YieldFrom: _yield_from,
    ast.Subscript: _subscript,
    ast.Slice: _slice,
    ast.Starred: _starred,
    ast.BinOp: _operator,
    ast.UnaryOp: _operator,
    ast.BoolOp: _operator,
    ast.ListComp: _comprehension,
    ast.SetComp: _comprehension,
    ast.DictComp: _comprehension,
    ast.GeneratorExp: _comprehension,
}
