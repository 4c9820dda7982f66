"""Strings and paths among the values: their text, the chain that led to them, and building them."""

from __future__ import annotations

from collections.abc import Iterable

from ..findings import ChainStep
from .atoms import Atom, Chain, Const, PathAtom, Text, Value
from .patterns import Hole, Part, Parts, normalise

MAX_CHAIN = 12


def is_string(atom: Atom) -> bool:
    """Tells whether an atom is a string, known or with holes."""
    kind = type(atom)
    return kind is Text or (kind is Const and isinstance(atom.value, str))  # type: ignore[attr-defined]


def parts_of(atom: Atom) -> Parts | None:
    """Gives the text of a string or path, or None where the atom is neither."""
    if isinstance(atom, PathAtom):
        atom = atom.text
    if isinstance(atom, Text):
        return atom.parts
    if isinstance(atom, Const):
        if isinstance(atom.value, str):
            return (atom.value,) if atom.value else ()
        if isinstance(atom.value, bytes):
            return (atom.value.decode("utf-8", "replace"),) if atom.value else ()
    return None


def holes_in(atom: Atom) -> list[Hole]:
    """Gives the holes in a string or path."""
    return [part for part in parts_of(atom) or () if isinstance(part, Hole)]


def chain_of(atom: Atom) -> Chain:
    """Gives the steps that led to a string or path."""
    if isinstance(atom, PathAtom):
        atom = atom.text
    return atom.via if isinstance(atom, (Const, Text)) else ()


def make_text(parts: Iterable[Part], soft: bool = False, via: Chain = ()) -> Const | Text:
    """Builds a string of text and holes."""
    flat = normalise(tuple(parts))
    if not flat:
        return Const("", soft, via)
    if len(flat) == 1 and isinstance(flat[0], str):
        return Const(flat[0], soft, via)
    return Text(flat, via)


def hole_text(kind: str, name: str = "", reason: str = "") -> Text:
    """Gives the string that is one hole."""
    return Text((Hole(kind, name, reason),))


def with_step(value: Value, step: ChainStep) -> Value:
    """Adds a step to the chain of every path-like string in a value."""
    if not any(map(pathlike, value)):
        return value
    return tuple(_stepped(atom, step) if pathlike(atom) else atom for atom in value)


def _stepped(atom: Atom, step: ChainStep) -> Atom:
    if isinstance(atom, PathAtom):
        text = _stepped(atom.text, step)
        assert isinstance(text, (Const, Text))
        return PathAtom(text)
    assert isinstance(atom, (Const, Text))
    if atom.via and atom.via[-1] == step:
        return atom
    via = (*atom.via[-MAX_CHAIN + 1 :], step)
    return Text(atom.parts, via) if isinstance(atom, Text) else Const(atom.value, atom.soft, via)


def pathlike(atom: Atom) -> bool:
    """Tells whether an atom may be used as a path: a path, a string with a slash, a string with a hole."""
    kind = type(atom)
    if kind is Const:
        return isinstance(atom.value, str) and "/" in atom.value  # type: ignore[attr-defined]
    return kind is Text or kind is PathAtom
