"""Conversions between types: `int()`, `float()`, `str()`, `Path()`, and those that a pydantic field makes."""

from __future__ import annotations

from typing import Any

from .. import paths
from ..atoms import BOOL, NOTHING, Atom, Const, PathAtom, Text, Unknown, Value
from ..interpreter import Interpreter
from ..patterns import Hole
from ..texts import is_string, parts_of
from ..values import join, unknown

NUMBER = "a number that is not known"
_NUMBERS: dict[str, Any] = {"int": int, "float": float, "complex": complex}


def to_number(name: str, value: Value) -> Value:
    """Gives `int(value)` or `float(value)`."""
    result: Value = NOTHING
    for atom in value:
        if isinstance(atom, Const) and not isinstance(atom.value, type(None)):
            try:
                result = join(result, (Const(_NUMBERS[name](atom.value), atom.soft),))
            except (TypeError, ValueError, OverflowError):
                result = join(result, unknown("a number that cannot be read"))
        else:
            asked = name_asked_for(atom)
            result = join(result, unknown(f"{NUMBER}: {asked}" if asked else NUMBER))
    return result or unknown(NUMBER)


def name_asked_for(atom: Atom) -> str:
    """Gives the hyperparameter, or the key of a document, that an atom is the value of, or the number of it."""
    if isinstance(atom, Unknown):
        return atom.reason.removeprefix(NUMBER)[2:] if atom.reason.startswith(NUMBER) else ""
    hole = atom.parts[0] if isinstance(atom, Text) and len(atom.parts) == 1 else None
    return hole.name if isinstance(hole, Hole) and hole.kind in ("hyperparameter", "any") else ""


def convert(interp: Interpreter, annotation: str, value: Value) -> Value:
    """Gives what a pydantic field of a type makes of a value."""
    if "Path" in annotation:
        return to_path(value)
    base = annotation.replace(" | None", "").replace("Optional[", "").rstrip("]")
    if base in _NUMBERS:
        return to_number(base, value) if not _has_none(value) else value
    if base == "bool":
        return BOOL if any(isinstance(atom, Text) for atom in value) else value
    return value


def _has_none(value: Value) -> bool:
    return any(isinstance(atom, Const) and atom.value is None for atom in value)


def to_path(value: Value) -> Value:
    """Makes paths of strings, leaves the rest."""
    return tuple(
        PathAtom(paths.clean(atom))
        if isinstance(atom, (Const, Text)) and is_string(atom) and parts_of(atom) is not None
        else atom
        for atom in value
    )
