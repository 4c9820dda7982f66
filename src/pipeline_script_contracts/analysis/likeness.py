"""Compares what an earlier call met with what is there now, up to the identity of objects, and renames accordingly."""

from __future__ import annotations

from typing import Any

from .atoms import (
    Bound,
    Const,
    Function,
    Handle,
    Method,
    Obj,
    Partial,
    PathAtom,
    Ref,
    Super,
    Text,
    TupleAtom,
    Unknown,
    Value,
)
from .containers import DictState, ListState
from .patterns import Hole
from .store import Cell


class Likeness:
    """A one-to-one relation between the objects that an earlier call met and those that are there now.

    Args:
        strict: Compare also what atoms are not compared by: the chains that led to strings, and the reasons why
            something is not known. Facts repeated for another script must be told as they would be found there.
    """

    def __init__(self, strict: bool) -> None:
        self.strict = strict
        self.now: dict[Obj, Obj] = {}
        self._taken: set[Obj] = set()

    def cells(self, earlier: Cell | None, current: Cell | None) -> bool:
        """Tells whether two cells hold the same, and takes the objects in them for the same from now on."""
        if type(earlier) is not type(current):
            return False
        if isinstance(earlier, tuple):
            assert isinstance(current, tuple)
            return self.values(earlier, current)
        if isinstance(earlier, ListState):
            assert isinstance(current, ListState)
            if earlier.items is None or current.items is None:
                return earlier.items is current.items and self.values(earlier.rest, current.rest)
            return len(earlier.items) == len(current.items) and all(map(self.values, earlier.items, current.items))
        if isinstance(earlier, DictState):
            assert isinstance(current, DictState)
            return (
                list(earlier.entries) == list(current.entries)
                and earlier.certain == current.certain
                and all(map(self.values, earlier.entries.values(), current.entries.values()))
                and self.values(earlier.rest, current.rest)
                and self.values(earlier.rest_keys, current.rest_keys)
            )
        return earlier is current

    def values(self, earlier: Value, current: Value) -> bool:
        """Tells the same of two values."""
        return len(earlier) == len(current) and all(map(self._atoms, earlier, current))

    def objects(self, earlier: Obj, current: Obj) -> bool:
        """Tells whether two objects may be taken for the same, and does so."""
        if earlier.serial < 0 or current.serial < 0:
            return earlier is current
        known = self.now.get(earlier)
        if known is not None:
            return known is current
        if current in self._taken or (earlier is not current and not _alike(earlier, current)):
            return False
        self.now[earlier] = current
        self._taken.add(current)
        return True

    def _atoms(self, a: Any, b: Any) -> bool:
        kind = type(a)
        if kind is not type(b):
            return False
        if kind is Ref:
            return self.objects(a.obj, b.obj)
        if kind is Const or kind is Text:
            return bool(a == b) and (not self.strict or (a.via == b.via and _reasons(a) == _reasons(b)))
        if kind is PathAtom:
            return self._atoms(a.text, b.text)
        if kind is TupleAtom:
            return len(a.items) == len(b.items) and all(map(self.values, a.items, b.items))
        if kind is Bound:
            return a.function == b.function and self.values(a.owner, b.owner)
        if kind is Method:
            return a.name == b.name and self._atoms(a.owner, b.owner)
        if kind is Unknown:
            return not self.strict or a.reason == b.reason
        if kind is Handle:
            return a.writes == b.writes and a.sink == b.sink and self.values(a.path, b.path)
        if kind is Super:
            return a.cls is b.cls and self.values(a.owner, b.owner)
        if kind is Partial:
            return (
                self.values(a.function, b.function)
                and len(a.positional) == len(b.positional)
                and all(map(self.values, a.positional, b.positional))
                and [name for name, _ in a.keywords] == [name for name, _ in b.keywords]
                and all(self.values(x, y) for (_, x), (_, y) in zip(a.keywords, b.keywords, strict=True))
            )
        return bool(a == b)

    def renamed(self, cell: Any) -> Any:
        """Gives a cell or value of the earlier call with the objects that are there now.

        Raises:
            KeyError: It holds an object that has no counterpart.
        """
        kind = type(cell)
        if kind is tuple:
            return tuple(map(self.renamed, cell))
        if kind is ListState:
            items = None if cell.items is None else tuple(self.renamed(item) for item in cell.items)
            return ListState(items, self.renamed(cell.rest))
        if kind is DictState:
            entries = {key: self.renamed(value) for key, value in cell.entries.items()}
            return DictState(entries, cell.certain, self.renamed(cell.rest), self.renamed(cell.rest_keys))
        if kind is Ref:
            obj = cell.obj
            return cell if obj.serial < 0 and obj not in self.now else Ref(self.now[obj])
        if kind is TupleAtom:
            return TupleAtom(self.renamed(item) for item in cell.items)
        if kind is Bound:
            return Bound(cell.function, self.renamed(cell.owner))
        if kind is Method:
            return Method(self.renamed(cell.owner), cell.name)
        if kind is Handle:
            return Handle(self.renamed(cell.path), cell.writes, cell.sink)
        if kind is Super:
            return Super(cell.cls, self.renamed(cell.owner))
        if kind is Partial:
            keywords = tuple((name, self.renamed(value)) for name, value in cell.keywords)
            return Partial(self.renamed(cell.function), tuple(map(self.renamed, cell.positional)), keywords)
        return cell


def _alike(a: Obj, b: Obj) -> bool:
    if a.kind != b.kind or a.cls is not b.cls:
        return False
    if type(a.info) is set:
        return type(b.info) is set and b.info <= a.info
    return bool(a.info == b.info)


def _reasons(atom: Const | Text) -> list[str]:
    return [part.reason for part in atom.parts if isinstance(part, Hole)] if isinstance(atom, Text) else []


def is_mobile(cell: Any) -> bool:
    """Tells whether a cell or value holds an object that is not part of a module: another may stand in its place."""
    kind = type(cell)
    if kind is tuple:
        for atom in cell:
            inner = type(atom)
            if inner is Ref:
                if atom.obj.serial >= 0:
                    return True
            elif inner in _HOLDERS and any(map(is_mobile, _HOLDERS[inner](atom))):
                return True
        return False
    if kind is ListState:
        return is_mobile(cell.rest) or (cell.items is not None and any(map(is_mobile, cell.items)))
    if kind is DictState:
        return is_mobile(cell.rest) or is_mobile(cell.rest_keys) or any(map(is_mobile, cell.entries.values()))
    return False


_HOLDERS: dict[type, Any] = {
    TupleAtom: lambda atom: atom.items,
    Bound: lambda atom: (atom.owner,),
    Method: lambda atom: ((atom.owner,),),
    Handle: lambda atom: (atom.path,),
    Super: lambda atom: (atom.owner,),
    Partial: lambda atom: (atom.function, *atom.positional, *(value for _, value in atom.keywords)),
    Function: lambda atom: atom.defaults.values(),
}


def shape(value: Value) -> tuple[Any, ...]:
    """Gives what values must have in common to be compared at all: everything but the identity of objects."""
    result: list[Any] = []
    for atom in value:
        kind = type(atom)
        if kind is Ref:
            obj = atom.obj  # type: ignore[attr-defined]
            result.append(atom if obj.serial < 0 else (obj.kind, obj.cls))
        elif kind is TupleAtom:
            result.append((TupleAtom, *map(shape, atom.items)))  # type: ignore[attr-defined]
        elif kind is Bound:
            result.append((atom.function, shape(atom.owner)))  # type: ignore[attr-defined]
        elif kind is Method or kind is Handle or kind is Super or kind is Partial:
            result.append(kind)
        else:
            result.append(atom)
    return tuple(result)
