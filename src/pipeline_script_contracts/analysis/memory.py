"""Remembers what functions return, so that a call like an earlier one in all that it depends on is not run again."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

from .atoms import SERIALS, Bound, Function, Partial, Ref, TupleAtom, Value
from .garbage import Reachable
from .store import Cell, Key, Store

MAX_READS = 300
MAX_ENTRIES = 12


@dataclass(frozen=True)
class _Entry:
    reads: tuple[tuple[Key, Cell | None], ...]
    result: Value | None


class Memory:
    """Results of calls that change nothing but their own variables.

    Args:
        store: The cells that calls read.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._entries: dict[Hashable, list[_Entry]] = {}

    def begin(self) -> tuple[int, int]:
        """Begins to watch a call; gives what `remember` needs."""
        return len(self._store.log), next(SERIALS)

    def recall(self, call: Hashable) -> tuple[bool, Value | None]:
        """Looks for an earlier call.

        Args:
            call: The function and its arguments.

        Returns:
            Whether there is one whose outcome still holds, and what it returned (None when it never returned).
        """
        cells = self._store.cells
        for entry in self._entries.get(call, ()):
            for name, cell in entry.reads:
                current = cells.get(name)
                if current is not cell and current != cell:
                    break
            else:
                self._store.log.extend(entry.reads)
                return True, entry.result
        return False, None

    def remember(self, call: Hashable, began: tuple[int, int], made: Reachable, result: Value | None) -> None:
        """Remembers a call that has just ended, if it had no effect that another run would have to repeat.

        Args:
            call: The function and its arguments.
            began: What `begin` gave.
            made: What it changed and made.
            result: What it returned, None when it never returned.
        """
        position, serial = began
        entries = self._entries.setdefault(call, [])
        if len(entries) >= MAX_ENTRIES or made.older:
            return
        if result is not None and _is_fresh(result, serial):
            return
        reads: dict[Key, Cell | None] = {}
        for name, cell in self._store.log[position:]:
            if _is_older(name, serial):
                reads.setdefault(name, cell)
                if len(reads) > MAX_READS:
                    return
        entries.append(_Entry(tuple(reads.items()), result))


def _is_older(name: Key, serial: int) -> bool:
    """Tells whether a cell belongs to something that was there before the call."""
    owner = name[0]
    return isinstance(owner, str) or owner.serial < serial


def _is_fresh(value: Value, serial: int) -> bool:
    """Tells whether a value holds an object that the call itself made."""
    for atom in value:
        if isinstance(atom, Ref):
            if atom.obj.serial >= serial:
                return True
        elif isinstance(atom, TupleAtom):
            if any(_is_fresh(item, serial) for item in atom.items):
                return True
        elif isinstance(atom, Bound):
            if _is_fresh(atom.owner, serial):
                return True
        elif isinstance(atom, Function):
            if atom.scope.serial >= serial:
                return True
        elif isinstance(atom, Partial):
            return True
    return False
