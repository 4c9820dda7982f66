"""What a call made and nobody can reach once it has returned: its state need not be carried on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import is_dataclass
from typing import Any

from .atoms import (
    CONTENT,
    Bound,
    ClassAtom,
    Const,
    Document,
    EnumMember,
    Function,
    Handle,
    Lib,
    Method,
    ModuleAtom,
    Partial,
    PathAtom,
    Ref,
    Super,
    Text,
    TupleAtom,
    Undefined,
    Unknown,
    Value,
)
from .containers import DictState, ListState, MemberKey
from .scopes import ClassInfo, Scope
from .store import Changes, Key, Version


class Reachable:
    """The scopes and objects, of those made since a moment, that can be reached.

    Args:
        ways: The changes of each way on which they were made.
        serial: The moment: what has this serial or a later one is new.

    Attributes:
        fresh: The cells of what was made, by owner.
        owners: What has been found to be reachable.
    """

    def __init__(self, ways: Iterable[Changes], serial: int) -> None:
        self.serial = serial
        self.ways = list(ways)
        self.fresh: dict[Any, list[Key]] = {}
        self.older: list[Key] = []
        self.owners: set[Any] = set()
        self._pending: list[Any] = []
        names = self.ways[0] if len(self.ways) == 1 else dict.fromkeys(name for way in self.ways for name in way)
        fresh = self.fresh
        for name in names:
            owner = name[0]
            if type(owner) is str or owner.serial < serial:
                self.older.append(name)
            elif owner in fresh:
                fresh[owner].append(name)
            else:
                fresh[owner] = [name]

    def mark(self, *roots: Any) -> None:
        """Finds what can be reached from values and from the older cells that were changed."""
        pending = self._pending
        pending.extend(roots)
        for name in self.older:
            for way in self.ways:
                pending.append(way.get(name))
        while pending:
            self._visit(pending.pop())

    def add(self, value: Value) -> None:
        """Counts a container that has just been made of what can be reached as reachable, too."""
        for atom in value:
            if isinstance(atom, Ref):
                self.owners.add(atom.obj)
                self.fresh[atom.obj] = [(atom.obj, CONTENT)]

    @property
    def garbage(self) -> set[Any]:
        """What was made and cannot be reached."""
        return self.fresh.keys() - self.owners

    def _keep(self, owner: Any) -> None:
        if owner in self.owners:
            return
        self.owners.add(owner)
        for name in self.fresh.get(owner, ()):
            for way in self.ways:
                if name in way:
                    self._pending.append(way[name])

    def _visit(self, each: Any) -> None:
        kind = type(each)
        if kind in _LEAVES:
            return
        pending = self._pending
        if kind is tuple or kind is list:
            pending.extend(each)
        elif kind is Ref:
            obj = each.obj
            if obj.serial >= self.serial and obj not in self.owners:
                self._keep(obj)
                pending.append(obj.cls)
                if obj.info is not None and type(obj.info) is not set:
                    pending.append(obj.info)
        elif kind is ListState:
            pending.append(each.rest)
            if each.items is not None:
                pending.extend(each.items)
        elif kind is DictState:
            pending.extend(each.entries.values())
            pending.append(each.rest)
            pending.append(each.rest_keys)
            pending.extend(key.member for key in each.entries if type(key) is MemberKey)
        elif kind is TupleAtom:
            pending.extend(each.items)
        elif kind is Function:
            self._scope(each.scope)
            pending.extend(each.defaults.values())
            pending.append(each.cls)
        elif kind is Bound:
            pending.append(each.function)
            pending.append(each.owner)
        elif kind in _OTHERS:
            pending.extend(getattr(each, name) for name in _OTHERS[kind])
        elif kind is ClassInfo:
            if each.scope.serial >= self.serial and each.scope not in self.owners:
                self._scope(each.scope)
                pending.extend(each.mro)
                pending.extend(each.bases)
                pending.extend(each.members.values())
        elif kind is dict:
            pending.extend(each.values())
        elif is_dataclass(each):
            pending.extend(vars(each).values())
        elif hasattr(kind, "__slots__"):  # the arguments of a call
            pending.extend(getattr(each, name) for name in kind.__slots__)

    def _scope(self, scope: Scope | None) -> None:
        while scope is not None and scope.serial >= self.serial:
            self._keep(scope)
            scope = scope.parent


_LEAVES = frozenset({Const, Text, PathAtom, Unknown, Lib, Undefined, ModuleAtom, Document, Version, str, type(None)})
_OTHERS: dict[type, tuple[str, ...]] = {
    ClassAtom: ("info",),
    EnumMember: ("cls", "value"),
    Method: ("owner",),
    Partial: ("function", "positional", "keywords"),
    Handle: ("path",),
    Super: ("cls", "owner"),
}
