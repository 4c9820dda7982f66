"""`match` statements."""

from __future__ import annotations

import ast

from . import attributes, classes, conditions, expressions, iteration, library, mappings, statements
from .atoms import NOTHING, ClassAtom, Lib, Value
from .interpreter import Interpreter
from .store import Changes
from .values import join, unknown


def run_match(interp: Interpreter, node: ast.Match) -> bool:
    """Runs a `match` statement: each case that may match, until one certainly does."""
    subject = expressions.evaluate(interp, node.subject)
    ways: list[Changes] = []
    open_end = True
    for case in node.cases:

        def run(case: ast.match_case = case) -> tuple[conditions.Outcome, bool]:
            outcome = _matches(interp, case.pattern, subject)
            if outcome[0] and case.guard is not None:
                guard = conditions.decide(interp, case.guard)
                outcome = (guard[0], outcome[1] or guard[1])
            return outcome, bool(outcome[0] and statements.run_block(interp, case.body))

        result, changes = interp.explore(run)
        if result is None:
            continue
        (may_match, may_fail), live = result
        if may_match and live and changes is not None:
            ways.append(changes)
        if may_match and not may_fail:
            open_end = False
            break
    if open_end:
        ways.append({})
    if ways:
        interp.store.merge(ways)
    return bool(ways)


def _matches(interp: Interpreter, pattern: ast.pattern, subject: Value) -> conditions.Outcome:
    """Tells whether a pattern may match and may fail, and binds its names."""
    if isinstance(pattern, ast.MatchValue):
        return conditions.compare(interp, subject, ast.Eq(), expressions.evaluate(interp, pattern.value))
    if isinstance(pattern, ast.MatchSingleton):
        return conditions.compare(interp, subject, ast.Is(), expressions.evaluate(interp, ast.Constant(pattern.value)))
    if isinstance(pattern, ast.MatchAs):
        outcome = _matches(interp, pattern.pattern, subject) if pattern.pattern is not None else (True, False)
        if pattern.name is not None:
            interp.bind(pattern.name, subject, pattern)
        return outcome
    if isinstance(pattern, ast.MatchOr):
        outcomes = [_matches(interp, each, subject) for each in pattern.patterns]
        return any(yes for yes, _ in outcomes), all(no for _, no in outcomes)
    if isinstance(pattern, ast.MatchSequence):
        return _sequence(interp, pattern, subject)
    if isinstance(pattern, ast.MatchMapping):
        for key, each in zip(pattern.keys, pattern.patterns, strict=True):
            value: Value = NOTHING
            for atom in subject:
                value = join(value, mappings.item(interp, atom, expressions.evaluate(interp, key), pattern))
            _matches(interp, each, value)
        if pattern.rest is not None:
            interp.bind(pattern.rest, subject, pattern)
        return conditions.EITHER
    assert isinstance(pattern, ast.MatchClass)
    return _class(interp, pattern, subject)


def _sequence(interp: Interpreter, pattern: ast.MatchSequence, subject: Value) -> conditions.Outcome:
    items = iteration.items_of(interp, subject)
    star = any(isinstance(each, ast.MatchStar) for each in pattern.patterns)
    if items is not None and not star:
        if len(items) != len(pattern.patterns):
            return (False, True)
        outcomes = [_matches(interp, each, part) for each, part in zip(pattern.patterns, items, strict=True)]
        return all(yes for yes, _ in outcomes), any(no for _, no in outcomes)
    if items is not None:
        return _around_star(interp, pattern.patterns, items)
    element = iteration.element_of(interp, subject) or unknown("an item")
    for each in pattern.patterns:
        if isinstance(each, ast.MatchStar):
            if each.name is not None:
                interp.bind(each.name, expressions.new_list(interp, None, element), each)
        else:
            _matches(interp, each, element)
    return conditions.EITHER


def _around_star(interp: Interpreter, patterns: list[ast.pattern], items: list[Value]) -> conditions.Outcome:
    """Matches known items with patterns of which one takes any number of them."""
    at = next(index for index, each in enumerate(patterns) if isinstance(each, ast.MatchStar))
    extra = len(items) - len(patterns) + 1
    if extra < 0:
        return (False, True)
    star = patterns[at]
    if isinstance(star, ast.MatchStar) and star.name is not None:
        interp.bind(star.name, expressions.new_list(interp, items[at : at + extra]), star)
    rest = zip([*patterns[:at], *patterns[at + 1 :]], [*items[:at], *items[at + extra :]], strict=True)
    outcomes = [_matches(interp, each, part) for each, part in rest]
    return all(yes for yes, _ in outcomes), any(no for _, no in outcomes)


def _class(interp: Interpreter, pattern: ast.MatchClass, subject: Value) -> conditions.Outcome:

    cls = expressions.evaluate(interp, pattern.cls)
    outcome = conditions.EITHER
    if len(cls) == 1 and isinstance(cls[0], (ClassAtom, Lib)):
        outcome = library.reflection.is_instance(interp, subject, cls)
        subject = tuple(atom for atom in subject if library.reflection.is_instance(interp, (atom,), cls)[0])
    if not outcome[0]:
        return outcome
    names = _positions(cls)
    for index, each in enumerate(pattern.patterns):
        part = attributes.load_attribute(interp, subject, names[index], pattern) if index < len(names) else subject
        _matches(interp, each, part)
    for name, each in zip(pattern.kwd_attrs, pattern.kwd_patterns, strict=True):
        _matches(interp, each, attributes.load_attribute(interp, subject, name, pattern))
    return outcome if not pattern.patterns and not pattern.kwd_patterns else (True, True)


def _positions(cls: Value) -> list[str]:
    """Gives the attributes that a class matches by position: the fields of a dataclass or named tuple, in order."""
    return list(classes.all_fields(cls[0].info)) if len(cls) == 1 and isinstance(cls[0], ClassAtom) else []
