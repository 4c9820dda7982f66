"""Choices left to chance: any of the items may be drawn, and each may come to stand in any place."""

from __future__ import annotations

import ast
from typing import Any

from .. import expressions, iteration
from ..atoms import CONTENT, NONE, NOTHING, Atom, Const, Lib, Ref, TupleAtom, Value
from ..containers import ListState
from ..interpreter import DeadEnd, Interpreter
from ..values import join

_GENERATORS = ("random", "random.Random()", "random.SystemRandom()", "secrets", "secrets.SystemRandom()")
_NUMPY = ("numpy.random", "numpy.random.default_rng()", "numpy.random.RandomState()")
_SPLIT = "sklearn.model_selection.train_test_split"


def _is_sequence(interp: Interpreter, atom: Atom) -> bool:
    if isinstance(atom, Ref):
        return isinstance(interp.store.get(atom.obj, CONTENT), ListState)
    return isinstance(atom, TupleAtom) or (isinstance(atom, Const) and isinstance(atom.value, str))


def _drawn(interp: Interpreter, value: Value, name: str) -> Value:
    """Gives what one draw from a value may be; of what is no list, something of the library."""
    result: Value = NOTHING
    ends = 0
    for atom in value:
        if not _is_sequence(interp, atom):
            result = join(result, (Lib(f"{name}()"),))
        elif iteration.items_of(interp, (atom,)) == []:
            ends += 1
        else:
            result = join(result, iteration.element_of(interp, (atom,)))
    if value and ends == len(value):
        raise DeadEnd  # there is nothing to draw from
    return result or (Lib(f"{name}()"),)


def _choice(name: str) -> Any:
    """Models `choice(items)`, and `choice(items, size)`, which gives several."""

    def run(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
        drawn = _drawn(interp, arguments.get(0, "seq"), name)
        several = arguments.get(1, "size")
        return expressions.new_list(interp, None, drawn) if several and several != NONE else drawn

    return run


def _sample(name: str) -> Any:
    """Models `sample(items, k)` and `choices(items, k=k)`."""

    def run(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
        return expressions.new_list(interp, None, _drawn(interp, arguments.get(0, "population"), name))

    return run


def _mixed(interp: Interpreter, value: Value) -> ListState:
    items = iteration.items_of(interp, value)
    element = iteration.element_of(interp, value)
    return ListState(None, element) if items is None else ListState((element,) * len(items))


def _shuffle(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    """Mixes a list in place."""
    for atom in arguments.get(0, "x"):
        if isinstance(atom, Ref) and _is_sequence(interp, atom):
            interp.store.set(atom.obj, CONTENT, _mixed(interp, (atom,)))
    return NONE


def _parts(name: str, count: int) -> Any:
    """Models functions that mix sequences and give `count` parts of each; of one sequence in one part, just that."""

    def run(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
        given = arguments.positional
        if arguments.rest or not any(_is_sequence(interp, atom) for value in given for atom in value):
            return (Lib(f"{name}()"),)
        parts = [
            expressions.new_object(interp, "list", ListState(None, _drawn(interp, value, f"{name}()[]")))
            if any(_is_sequence(interp, atom) for atom in value)
            else (Lib(f"{name}()[]"),)
            for value in given
            for _ in range(count)
        ]
        return parts[0] if len(parts) == 1 else expressions.new_list(interp, parts)

    return run


MODELS = {
    **{f"{each}.choice": _choice(f"{each}.choice") for each in (*_GENERATORS, *_NUMPY)},
    **{f"{each}.{name}": _sample(f"{each}.{name}") for each in _GENERATORS for name in ("sample", "choices")},
    **{f"{each}.shuffle": _shuffle for each in (*_GENERATORS, *_NUMPY)},
    **{f"{each}.permutation": _parts(f"{each}.permutation", 1) for each in _NUMPY},
    "sklearn.utils.shuffle": _parts("sklearn.utils.shuffle", 1),
    _SPLIT: _parts(_SPLIT, 2),
}
