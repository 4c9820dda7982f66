"""Operators: arithmetic on strings, paths, lists and numbers, and `and`/`or`."""

from __future__ import annotations

import ast
import operator as op
from typing import Any

from . import (
    attributes,
    calls,
    conditions,
    environment,
    expressions,
    iteration,
    mappings,
    numbers,
    paths,
    sequences,
    strings,
    targets,
)
from . import expressions as expressions_module
from .atoms import CONTENT, NOTHING, Atom, Const, EnumMember, Lib, PathAtom, Ref, Text, TupleAtom, Unknown, Value
from .containers import DictState, ListState
from .interpreter import DeadEnd, Interpreter
from .texts import chain_of, is_string, make_text, parts_of, pathlike
from .values import has_unknown, join, unknown

_NUMERIC: dict[type[ast.AST], Any] = {
    ast.Add: op.add,
    ast.Sub: op.sub,
    ast.Mult: op.mul,
    ast.Div: op.truediv,
    ast.FloorDiv: op.floordiv,
    ast.Mod: op.mod,
    ast.BitAnd: op.and_,
    ast.BitOr: op.or_,
    ast.BitXor: op.xor,
    ast.LShift: op.lshift,
    ast.RShift: op.rshift,
    ast.Pow: op.pow,
}
_METHODS: dict[type[ast.operator], str] = {
    ast.Add: "add",
    ast.Sub: "sub",
    ast.Mult: "mul",
    ast.Div: "truediv",
    ast.Mod: "mod",
    ast.BitOr: "or",
    ast.BitAnd: "and",
    ast.RShift: "rshift",
    ast.LShift: "lshift",
    ast.FloorDiv: "floordiv",
}
_UNARY: dict[type[ast.unaryop], Any] = {ast.USub: op.neg, ast.UAdd: op.pos, ast.Invert: op.invert}
MAX_PAIRS = 256


def run_operator(interp: Interpreter, node: ast.BinOp | ast.UnaryOp | ast.BoolOp) -> Value:
    """Evaluates an operator."""
    if isinstance(node, ast.BoolOp):
        return _boolean(interp, node, node.values)
    if isinstance(node, ast.UnaryOp):
        return _unary(interp, node)
    pending: list[ast.BinOp] = [node]
    while isinstance(pending[-1].left, ast.BinOp):  # a long sum is deep on its left; take it step by step
        pending.append(pending[-1].left)
    value = expressions_module.evaluate(interp, pending[-1].left)
    for each in reversed(pending):
        value = binary(interp, value, each.op, expressions_module.evaluate(interp, each.right), each)
    return value


def augmented(interp: Interpreter, node: ast.AugAssign) -> None:
    """Runs `target op= value`."""
    current = expressions_module.evaluate(interp, _as_load(node.target))
    value = expressions_module.evaluate(interp, node.value)
    name = f"__i{_METHODS.get(type(node.op))}__"
    method = attributes.find_method(interp, current[0], name) if len(current) == 1 else None
    if method is not None:
        targets.assign(interp, node.target, calls.call(interp, method, calls.Arguments([value]), node))
        return
    if isinstance(node.op, ast.Add) and _extended_in_place(interp, current, value):
        return
    targets.assign(interp, node.target, binary(interp, current, node.op, value, node))


def _as_load(target: ast.Name | ast.Attribute | ast.Subscript) -> ast.expr:
    """Gives the expression that reads a target."""
    if isinstance(target, ast.Name):
        return ast.copy_location(ast.Name(target.id, ast.Load()), target)
    if isinstance(target, ast.Attribute):
        return ast.copy_location(ast.Attribute(target.value, target.attr, ast.Load()), target)
    return ast.copy_location(ast.Subscript(target.value, target.slice, ast.Load()), target)


def _extended_in_place(interp: Interpreter, current: Value, value: Value) -> bool:
    """Runs `items += more` on a list, which all its holders see."""
    obj = current[0].obj if len(current) == 1 and isinstance(current[0], Ref) else None
    if obj is None or obj.kind == "set" or not isinstance(interp.store.get(obj, CONTENT), ListState):
        return False
    sequences.extend(interp, obj, value)
    return True


def _unary(interp: Interpreter, node: ast.UnaryOp) -> Value:

    value = expressions_module.evaluate(interp, node.operand)
    if isinstance(node.op, ast.Not):
        yes, no = conditions.truth(interp, value)
        return expressions_module.outcome_value((no, yes))
    numbers.used_as_number(interp, value, node)
    result: Value = NOTHING
    for atom in value:
        if isinstance(atom, Const) and (isinstance(atom.value, (int, float)) or not atom.soft):
            try:
                result = join(result, (Const(_UNARY[type(node.op)](atom.value), atom.soft),))
            except TypeError as error:
                raise DeadEnd from error
        else:
            result = join(result, unknown("arithmetic on a value that is not known"))
    return result


def _boolean(interp: Interpreter, node: ast.BoolOp, operands: list[ast.expr]) -> Value:
    """Evaluates `a and b`, `a or b`: gives one of the operands."""
    left = expressions_module.evaluate(interp, operands[0])
    if len(operands) == 1:
        return left
    is_or = isinstance(node.op, ast.Or)
    yes, no = conditions.truth(interp, left)
    if (is_or and not no) or (not is_or and not yes):
        return left

    def rest() -> Value:
        conditions.refine(interp, operands[0], not is_or)
        return _boolean(interp, node, operands[1:])

    if not (yes and no):
        right = rest()
    else:
        explored, changes = interp.explore(lambda: interp.on_some_ways(rest))
        interp.store.merge([{}, changes] if changes is not None else [{}])
        right = explored or NOTHING
    if is_or and right:
        fallback = environment.with_fallback(interp, left, right)
        if fallback is not None:
            return fallback
    kept = tuple(atom for atom in left if conditions.truth(interp, (atom,))[0 if is_or else 1])
    if is_or:
        kept = tuple(atom for atom in kept if not _is_none(atom))
    return join(kept, right) if kept or right else left


def _is_none(atom: Atom) -> bool:
    return isinstance(atom, Const) and atom.value is None


def binary(interp: Interpreter, left: Value, operator: ast.operator, right: Value, node: ast.AST) -> Value:
    """Applies a binary operator to values."""
    numbers.check_arithmetic(interp, left, operator, right, node)
    if isinstance(operator, ast.Add) and _all_text(left) and _all_text(right):
        return strings.concatenate(left, right)
    if len(left) > 1:
        left = tuple(atom for atom in left if not _is_none(atom)) or left
    if len(left) * len(right) > MAX_PAIRS:
        return unknown("one of many values")
    result: Value = NOTHING
    for a in left:
        for b in right:
            try:
                result = join(result, _binary_atoms(interp, a, operator, b, node))
            except DeadEnd:
                continue
    if not result:
        raise DeadEnd
    return result


def _all_text(value: Value) -> bool:
    return bool(value) and all(is_string(atom) for atom in value)


def _binary_atoms(interp: Interpreter, a: Atom, operator: ast.operator, b: Atom, node: ast.AST) -> Value:

    if isinstance(a, EnumMember) and a.cls.text_enum and isinstance(operator, (ast.Add, ast.Mod)):
        return binary(interp, a.value, operator, (b,), node)
    if isinstance(b, EnumMember) and b.cls.text_enum and isinstance(operator, ast.Add) and is_string(a):
        return binary(interp, (a,), operator, b.value, node)
    if isinstance(operator, ast.Div) and isinstance(a, Lib) and pathlike(b):  # its class decides what comes of it
        return (PathAtom(make_text((strings.hole_for(a), "/", *(parts_of(b) or ())), True, chain_of(b))),)
    if isinstance(operator, ast.Div) and (isinstance(a, PathAtom) or isinstance(b, PathAtom)):
        return paths.join_path(interp, [(a,), (b,)], node, "/")
    if isinstance(operator, ast.Mod) and isinstance(a, (Const, Text)) and is_string(a):
        if isinstance(a, Const):
            return strings.percent(interp, a.value, (b,), node)
        return unknown("a format string that is not known")
    if isinstance(a, Const) and isinstance(b, Const):
        return _constants(a, operator, b)
    overloaded = _overloaded(interp, a, operator, b, node)
    if overloaded is not None:
        return overloaded
    if isinstance(operator, ast.Add):
        if is_string(a) or is_string(b):
            other = b if is_string(a) else a
            if not isinstance(other, (Unknown, Text, Const, Lib)):
                return unknown("an addition to a string")
            return strings.concatenate((a,), (b,))
        if isinstance(a, TupleAtom) and isinstance(b, TupleAtom):
            return (TupleAtom([*a.items, *b.items]),)
    return _containers(interp, a, operator, b)


def _constants(a: Const, operator: ast.operator, b: Const) -> Value:
    x, y = a.value, b.value
    if isinstance(operator, (ast.Pow, ast.LShift, ast.Mult)) and _is_large(x, y):
        return unknown("a large number")
    function = _NUMERIC.get(type(operator))
    if function is None:
        return unknown("an operator that is not modelled")
    try:
        return (Const(function(x, y), a.soft or b.soft, a.via or b.via),)
    except (TypeError, ValueError, ArithmeticError, MemoryError) as error:
        if a.soft or b.soft:
            return unknown("arithmetic that may fail")
        raise DeadEnd from error


def _is_large(x: Any, y: Any) -> bool:
    sizes = [
        len(each) if isinstance(each, (str, bytes)) else abs(each) if isinstance(each, (int, float)) else 0
        for each in (x, y)
    ]
    if isinstance(x, (str, bytes)) or isinstance(y, (str, bytes)):
        return sizes[0] * sizes[1] > 4096
    return max(sizes) > 10_000


def _overloaded(interp: Interpreter, a: Atom, operator: ast.operator, b: Atom, node: ast.AST) -> Value | None:
    """Calls `__add__`, `__truediv__`, ... of an object of the analysed code."""
    name = _METHODS.get(type(operator))
    for owner, other, prefix in ((a, b, ""), (b, a, "r")):
        if name and isinstance(owner, Ref) and owner.obj.cls is not None:
            method = attributes.find_method(interp, owner, f"__{prefix}{name}__")
            if method is not None:
                return calls.call(interp, method, calls.Arguments([(other,)]), node)
    return None


def _containers(interp: Interpreter, a: Atom, operator: ast.operator, b: Atom) -> Value:

    if isinstance(operator, (ast.Add, ast.BitOr)) and isinstance(a, Ref) and isinstance(b, (Ref, TupleAtom)):
        first = interp.store.get(a.obj, CONTENT)
        if isinstance(first, ListState):
            mine, others = iteration.items_of(interp, (a,)), iteration.items_of(interp, (b,))
            if mine is not None and others is not None:
                return expressions_module.new_list(interp, [*mine, *others])
            return expressions_module.new_list(interp, None, join(first.element, iteration.element_of(interp, (b,))))
        second = mappings.mapping_state(interp, b)
        if isinstance(first, DictState) and second is not None:
            return expressions_module.new_object(interp, "dict", expressions.merge_mapping(interp, first, (b,)))
    if isinstance(operator, ast.Mult) and isinstance(a, Ref) and isinstance(b, Const):
        return expressions_module.new_list(interp, None, iteration.element_of(interp, (a,)))
    if isinstance(a, Lib):
        return (a,)
    if isinstance(b, Lib):
        return (b,)
    return unknown("an operation on values that are not known") if has_unknown((a, b)) else unknown("an operation")
