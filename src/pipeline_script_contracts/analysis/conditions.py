"""Conditions: whether they may be true and may be false, and what they tell about names when they are."""

from __future__ import annotations

import ast
import re
from typing import Any

from . import attributes, environment, expressions, library, meanings
from .atoms import (
    CONTENT,
    ClassAtom,
    Const,
    EnumMember,
    Function,
    Lib,
    ModuleAtom,
    PathAtom,
    Ref,
    Text,
    TupleAtom,
    Undefined,
    Value,
)
from .containers import DictState, ListState, key_of
from .interpreter import DeadEnd, Interpreter
from .texts import hole_text, parts_of

Outcome = tuple[bool, bool]
EITHER: Outcome = (True, True)
_NAMED = re.compile(r"\w+|[\w.]+\(\w+=\)")  # steps of a value that is given names, and nothing else
OLDEST_PYTHON = [3, 8]


def truth(interp: Interpreter, value: Value) -> Outcome:
    """Tells whether a value may be true and may be false."""
    yes = no = False
    for atom in value:
        outcome = _truth_of(interp, atom)
        yes, no = yes or outcome[0], no or outcome[1]
    return (yes, no) if value else EITHER


def _truth_of(interp: Interpreter, atom: object) -> Outcome:
    if isinstance(atom, Const):
        return ((True, False) if _is_joined(atom) else EITHER) if atom.soft else (bool(atom.value), not atom.value)
    if isinstance(atom, Text):
        return (True, False) if any(isinstance(part, str) for part in atom.parts) else EITHER
    if isinstance(atom, (PathAtom, Function, ClassAtom, ModuleAtom, EnumMember)):
        return (True, False)
    if isinstance(atom, TupleAtom):
        return (bool(atom.items), not atom.items)
    if isinstance(atom, Ref):
        state = interp.store.get(atom.obj, CONTENT)
        if isinstance(state, ListState) and state.items is not None and atom.obj.kind == "list":
            return (bool(state.items), not state.items)
        if isinstance(state, DictState) and (state.is_exact or state.certain):
            return (bool(state.certain), not state.certain)
        if atom.obj.kind == "instance" and not atom.obj.cls.library:
            own = any(attributes.find_method(interp, atom, name) is not None for name in ("__bool__", "__len__"))
            return EITHER if own else (True, False)
    return EITHER


def _is_joined(atom: Const) -> bool:
    """Tells whether a text is of a path that was joined from parts, of which only some are set from outside."""
    steps = [step.text for step in atom.via]
    if not isinstance(atom.value, str) or "/" not in steps:
        return False
    since = steps[len(steps) - steps[::-1].index("/") :]
    return all(_NAMED.fullmatch(step) for step in since)


def decide(interp: Interpreter, test: ast.expr) -> Outcome:
    """Evaluates a condition and tells whether it may be true and may be false."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        yes, no = decide(interp, test.operand)
        return no, yes
    if isinstance(test, ast.BoolOp):
        return _decide_all(interp, test.values, isinstance(test.op, ast.And))
    return truth(interp, expressions.evaluate(interp, test))


def _decide_all(interp: Interpreter, tests: list[ast.expr], is_and: bool) -> Outcome:
    """Decides `a and b and c`, or the same with `or`: the rest is evaluated only where it matters."""
    yes, no = decide(interp, tests[0])
    if len(tests) == 1:
        return yes, no
    goes_on, stops = (yes, no) if is_and else (no, yes)
    if not goes_on:
        return yes, no

    def rest() -> Outcome:
        refine(interp, tests[0], is_and)
        return _decide_all(interp, tests[1:], is_and)

    if not stops:
        return rest()
    outcome, changes = interp.explore(lambda: interp.on_some_ways(rest))
    interp.store.merge([{}, changes] if changes is not None else [{}])
    later = outcome if outcome is not None else (False, False)
    return (later[0], True) if is_and else (True, later[1])


def refine(interp: Interpreter, test: ast.expr, holds: bool) -> bool:
    """Narrows names by what a condition says about them.

    Args:
        interp: The interpreter.
        test: The condition.
        holds: Whether it is true or false here.

    Returns:
        Always True, so that it can stand in front of what runs next.
    """
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return refine(interp, test.operand, not holds)
    if isinstance(test, ast.BoolOp):
        if isinstance(test.op, ast.And) == holds:
            for each in test.values:
                refine(interp, each, holds)
        return True
    if isinstance(test, ast.NamedExpr):
        return refine(interp, test.target, holds)
    if isinstance(test, ast.Compare) and len(test.ops) == 1:
        _refine_comparison(interp, test, holds)
    elif isinstance(test, ast.Call):
        _refine_type(interp, test, holds)
        _refine_affix(interp, test, holds)
    elif isinstance(test, (ast.Name, ast.Attribute)):
        question = meanings.question(interp, test)
        if question is not None and isinstance(question.left, ast.Constant):
            _refine_comparison(interp, question, holds)
        _narrow(interp, test, lambda atom: _truth_of(interp, atom)[0 if holds else 1], replace=holds)
    return True


def _refine_type(interp: Interpreter, test: ast.Call, holds: bool) -> None:
    """Narrows by `isinstance(name, classes)`."""
    if not (isinstance(test.func, ast.Name) and test.func.id == "isinstance" and len(test.args) == 2):
        return
    target = test.args[0]
    if isinstance(target, (ast.Name, ast.Attribute)):
        classes = expressions.evaluate(interp, test.args[1])
        is_instance = library.reflection.is_instance
        _narrow(interp, target, lambda atom: is_instance(interp, (atom,), classes)[0 if holds else 1])


def _refine_affix(interp: Interpreter, test: ast.Call, holds: bool) -> None:
    """Narrows by `name.endswith(".tar.gz")` and `name.startswith(("a", "b"))`."""
    function = test.func
    if not (
        isinstance(function, ast.Attribute) and function.attr in ("endswith", "startswith") and len(test.args) == 1
    ):
        return
    given = expressions.evaluate_again(interp, test.args[0])
    items = given[0].items if len(given) == 1 and isinstance(given[0], TupleAtom) else [given]
    affixes = tuple(text for item in items if isinstance(text := known_constant(item), str))
    if isinstance(function.value, (ast.Name, ast.Attribute)) and len(affixes) == len(items):
        at_end = function.attr == "endswith"
        _narrow(interp, function.value, lambda atom: _has_affix(atom, at_end, affixes)[0 if holds else 1])


def known_constant(value: Value) -> object:
    """Gives the constant that a value is for certain; `...` where it may be anything else."""
    atom = value[0] if len(value) == 1 else None
    return atom.value if isinstance(atom, Const) and not atom.soft else ...


def _has_affix(atom: object, at_end: bool, affixes: tuple[str, ...]) -> Outcome:
    """Tells whether a text may and may not begin, or end, with one of some texts; a default is taken as it is."""
    parts = parts_of(atom) if isinstance(atom, (Const, Text)) else None
    part = (parts[-1] if at_end else parts[0]) if parts else None
    if not isinstance(part, str):
        return EITHER
    if part.endswith(affixes) if at_end else part.startswith(affixes):
        return (True, False)
    return (len(parts or ()) > 1 and any(len(affix) > len(part) for affix in affixes), True)


def _refine_comparison(interp: Interpreter, test: ast.Compare, holds: bool) -> None:
    left, operator, right = test.left, test.ops[0], test.comparators[0]
    if isinstance(operator, (ast.In, ast.NotIn)):
        if isinstance(operator, ast.In) == holds:
            environment.guard(interp, right, left)
        return
    if not isinstance(operator, (ast.Is, ast.IsNot, ast.Eq, ast.NotEq)):
        return
    equal = isinstance(operator, (ast.Is, ast.Eq)) == holds
    if isinstance(left, ast.NamedExpr):
        left = left.target
    if isinstance(left, (ast.Name, ast.Attribute)):
        wanted = (
            right.value
            if isinstance(right, ast.Constant)
            else known_constant(expressions.evaluate_again(interp, right))
        )
        if wanted is ...:
            return
        _narrow(interp, left, lambda atom: _may_equal(atom, wanted) if equal else _may_differ(atom, wanted))


def _may_equal(atom: object, wanted: Any) -> bool:
    if isinstance(atom, Const):
        return bool(atom.value == wanted) or (atom.soft and wanted is not None)
    return not isinstance(atom, (PathAtom, Ref, TupleAtom, Function, ClassAtom)) and not (
        isinstance(atom, Text) and wanted is None
    )


def _may_differ(atom: object, wanted: Any) -> bool:
    return not (isinstance(atom, Const) and atom.value == wanted and (not atom.soft or wanted is None))


def _narrow(interp: Interpreter, target: ast.Name | ast.Attribute, keep: Any, replace: bool = False) -> None:
    """Drops the atoms that the condition rules out.

    An empty default that is true has been replaced from outside: it is not that default.
    """
    if isinstance(target, ast.Name):
        scope = interp.scope_of(target.id)
        owners: list[tuple[Any, str]] = [(scope, target.id)]
    else:
        if not isinstance(target.value, ast.Name):
            return
        base = interp.lookup(target.value.id)
        if len(base) != 1 or not isinstance(base[0], Ref):
            return
        owners = [(base[0].obj, target.attr)]
    for owner, name in owners:
        cell = interp.store.get(owner, name)
        if not isinstance(cell, tuple):
            continue
        if replace and any(_is_empty_default(atom) for atom in cell):
            filled = tuple(
                hole_text("any", reason=f"{name} as set from outside") if _is_empty_default(atom) else atom
                for atom in cell
            )
            interp.store.set(owner, name, filled)
            continue
        if len(cell) < 2:
            continue
        kept = tuple(atom for atom in cell if isinstance(atom, Undefined) or keep(atom))
        if kept and len(kept) < len(cell):
            interp.store.set(owner, name, kept)


def _is_empty_default(atom: object) -> bool:
    return isinstance(atom, Const) and atom.soft and atom.value == ""


def compare(interp: Interpreter, left: Value, operator: ast.cmpop, right: Value) -> Outcome:
    """Compares two values and tells whether the comparison may be true and may be false."""
    yes = no = False
    for a in left:
        for b in right:
            try:
                outcome = _compare_atoms(interp, a, operator, b)
            except DeadEnd:
                continue
            yes, no = yes or outcome[0], no or outcome[1]
            if yes and no:
                return EITHER
    if left and right and not (yes or no):
        raise DeadEnd
    return (yes, no) if left and right else EITHER


_OPERATORS: dict[type[ast.cmpop], Any] = {
    ast.Eq: lambda a, b: a == b,
    ast.NotEq: lambda a, b: a != b,
    ast.Lt: lambda a, b: a < b,
    ast.LtE: lambda a, b: a <= b,
    ast.Gt: lambda a, b: a > b,
    ast.GtE: lambda a, b: a >= b,
    ast.In: lambda a, b: a in b,
    ast.NotIn: lambda a, b: a not in b,
}


def _compare_atoms(interp: Interpreter, a: Any, operator: ast.cmpop, b: Any) -> Outcome:
    if isinstance(operator, (ast.Is, ast.IsNot)):
        outcome = _identity(a, b)
        return outcome if isinstance(operator, ast.Is) else (outcome[1], outcome[0])
    if isinstance(operator, (ast.In, ast.NotIn)) and not isinstance(b, Const):
        outcome = _membership(interp, a, b)
        return outcome if isinstance(operator, ast.In) else (outcome[1], outcome[0])
    if isinstance(a, EnumMember) and isinstance(b, EnumMember) and isinstance(operator, (ast.Eq, ast.NotEq)):
        same = a == b
        return (same, not same) if isinstance(operator, ast.Eq) else (not same, same)
    if isinstance(a, EnumMember) and a.cls.text_enum and len(a.value) == 1:
        a = a.value[0]
    if isinstance(b, EnumMember) and b.cls.text_enum and len(b.value) == 1:
        b = b.value[0]
    if isinstance(a, Lib) and a.name.startswith("sys.version_info") and isinstance(b, TupleAtom):
        return _version(operator, b)
    if not (isinstance(a, Const) and isinstance(b, Const)):
        return _compare_paths(a, operator, b)
    if None in (a.value, b.value) and isinstance(operator, (ast.Eq, ast.NotEq)):
        outcome = _identity(a, b)
        return outcome if isinstance(operator, ast.Eq) else (outcome[1], outcome[0])
    if a.soft or b.soft:
        return EITHER
    try:
        result = bool(_OPERATORS[type(operator)](a.value, b.value))
    except TypeError as error:
        raise DeadEnd from error
    return result, not result


def _version(operator: ast.cmpop, b: TupleAtom) -> Outcome:
    """Compares the running Python with a version: one that no container is older than is decided."""
    numbers = [item[0].value for item in b.items if len(item) == 1 and isinstance(item[0], Const)]
    if len(numbers) == len(b.items) and all(isinstance(number, int) for number in numbers) and numbers <= OLDEST_PYTHON:
        return (True, False) if isinstance(operator, (ast.Gt, ast.GtE)) else (False, True)
    return EITHER


def _compare_paths(a: Any, operator: ast.cmpop, b: Any) -> Outcome:
    if isinstance(a, PathAtom) and isinstance(b, PathAtom) and isinstance(operator, (ast.Eq, ast.NotEq)):
        known = isinstance(a.text, Const) and isinstance(b.text, Const) and not (a.text.soft or b.text.soft)
        if known:
            same = parts_of(a) == parts_of(b)
            return (same, not same) if isinstance(operator, ast.Eq) else (not same, same)
    return EITHER


def _identity(a: Any, b: Any) -> Outcome:
    if not (isinstance(a, Const) or isinstance(b, Const)):
        return EITHER
    if isinstance(a, Const) and isinstance(b, Const):
        if a.value is None or b.value is None:
            one, other = (a, b) if b.value is None else (b, a)
            if one.value is None:
                return EITHER if one.soft or other.soft else (True, False)
            return (False, True)
        if a.soft or b.soft:
            return EITHER
        same = a.value is b.value or a.value == b.value
        return same, not same
    other = b if isinstance(a, Const) else a
    if isinstance(other, (Text, PathAtom, Ref, TupleAtom, Function, ClassAtom, ModuleAtom, EnumMember)):
        return (False, True)
    return EITHER


def _membership(interp: Interpreter, a: Any, b: Any) -> Outcome:
    """Decides `a in b` for a container."""
    if environment.is_environment(b):
        environment.probe(interp, a)
        return EITHER
    if isinstance(a, Const) and a.soft:
        return EITHER
    if isinstance(b, TupleAtom):
        return _among(interp, a, list(b.items))
    if not isinstance(b, Ref):
        return EITHER
    state = interp.store.get(b.obj, CONTENT)
    if isinstance(state, ListState) and state.items is not None:
        return _among(interp, a, list(state.items))
    key = key_of(a)
    if isinstance(state, DictState) and key is not None:
        if key in state.certain:
            return (True, False)
        if key not in state.entries and not state.rest and not state.rest_keys:
            return (False, True)
    return EITHER


def _among(interp: Interpreter, a: Any, items: list[Value]) -> Outcome:
    outcomes = [compare(interp, (a,), ast.Eq(), item) for item in items]
    if any(outcome == (True, False) for outcome in outcomes):
        return (True, False)
    if all(outcome == (False, True) for outcome in outcomes):
        return (False, True)
    return EITHER
