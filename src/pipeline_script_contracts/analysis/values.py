"""Making and joining values."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar

from .atoms import Atom, Const, Unknown, Value
from .widening import MAX_ATOMS, generalise


def unknown(reason: str) -> Value:
    """Gives the value that may be anything."""
    return (Unknown(reason),)


def unbound(name: str) -> str:
    """Says why a name is not known that nothing in sight binds: a script that nobody gives it fails there."""
    return f"where {name!r} comes from cannot be seen"


def const(value: Any, soft: bool = False) -> Value:
    """Gives the value that is one constant."""
    return (Const(value, soft),)


def has_unknown(value: Value) -> bool:
    """Tells whether a value may be anything."""
    return any(isinstance(atom, Unknown) for atom in value)


def join(left: Value, right: Value) -> Value:
    """Gives the value that is either of two."""
    if left is right or not right:
        return left
    if not left:
        return right
    if len(right) == 1:
        return left if right[0] in left else (*left, right[0]) if len(left) < MAX_ATOMS else generalise((*left, *right))
    if len(left) >= 8 and left == right:
        return left
    more = [atom for atom in right if atom not in left] if len(left) < 8 else list(right)
    if not more:
        return left
    both = tuple(dict.fromkeys((*left, *more))) if len(left) >= 8 or len(more) > 1 else (*left, *more)
    if len(both) == len(left):
        return left
    return both if len(both) <= MAX_ATOMS else generalise(both)


def join_all(values: Iterable[Value]) -> Value:
    """Gives the value that is any of several."""
    seen = dict.fromkeys(atom for value in values for atom in value)
    return tuple(seen) if len(seen) <= MAX_ATOMS else generalise(tuple(seen))


T = TypeVar("T", bound=Atom)


def atoms_of(value: Value, kind: type[T]) -> list[T]:
    """Gives the atoms of one kind."""
    return [atom for atom in value if isinstance(atom, kind)]
