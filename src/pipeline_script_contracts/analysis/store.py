"""The state of the interpreted program: one set of cells with an undo log, so that branches cost what they change.

A cell is named by an owner (a scope or an object) and a key. `push` opens a branch; `pop` closes it, restores the
cells and gives back what the branch had changed; `merge` joins such changes into the current state.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from .atoms import SERIALS, UNDEFINED, Value
from .containers import DictState, ListState, join_states
from .scopes import Scope
from .values import join
from .widening import widened_value

if TYPE_CHECKING:
    from .garbage import Reachable

WHOLE = object()  # the cell of a scope that stands for all its others


class Version:
    """What all cells of a complete module or class hold: every change of one of them makes another version.

    Hardly anything changes there, so that whoever reads some of the cells needs to remember this one only.
    """

    __slots__ = ("read",)

    def __init__(self, owner: Any) -> None:
        self.read = ((owner, WHOLE), self, False)

    def other(self) -> Version:
        """Gives a version of its own for another state of the same scope."""
        return Version(self.read[0][0])


Key = tuple[Any, Any]
Cell = Value | ListState | DictState | Version
Changes = dict[Key, Cell | None]
EVER = float("inf")
MAX_HISTORY = 8  # values that a handler meets one by one; those after them are joined
IMPORT = "import"  # the owner under which the imports of modules stand in the log


class Way(Changes):
    """What a branch has changed, and when: objects and scopes are numbered in the order in which they are made.

    Attributes:
        begin: What has this number or a later one was made in the innermost branch of this way.
        end: What has this number or a later one was made after this way came to its end.
    """

    __slots__ = ("begin", "end")

    def __init__(self, begin: int) -> None:
        self.begin = begin
        self.end = next(SERIALS)


def _first_own(way: Changes, ways: list[Changes]) -> float:
    """Gives the number from which on an object that only this one of several ways knows is not there on the others."""
    begin, end = (way.begin, way.end) if isinstance(way, Way) else (EVER, EVER)
    first = 0.0
    for other in ways:
        if other is not way:
            its_begin, its_end = (other.begin, other.end) if isinstance(other, Way) else (-1, EVER)
            within = begin <= its_begin < end  # it went off from this one, and knows what was made before
            first = max(first, its_end if within else min(its_end, begin))
    return first


def _parted(ways: list[Changes], garbage: Collection[Any]) -> tuple[Iterable[Key], list[tuple[Key, Cell]]]:
    """Tells the cells that several ways may know from those of what one of them has made."""
    names: dict[Key, None] = {}
    made: list[tuple[Key, Cell]] = []
    for way in ways:
        first = _first_own(way, ways)
        for name, cell in way.items():
            owner = name[0]
            if type(owner) is str or owner.serial < first or cell is None:
                names[name] = None
            elif owner not in garbage:
                made.append((name, cell))
    return names, made


def join_cells(left: Cell | None, right: Cell | None) -> Cell | None:
    """Joins what a cell holds on two ways; None stands for a cell that is not there."""
    if type(left) is tuple and type(right) is tuple:
        return join(left, right)
    if isinstance(left, (DictState, ListState)) and isinstance(right, (DictState, ListState)):
        return join_states(left, right)
    for cell in (left, right):
        if type(cell) is Version:
            return cell.other()
    present = right if left is None else left
    return join(present, (UNDEFINED,)) if isinstance(present, tuple) else present


def widened(old: Cell, new: Cell) -> Cell:
    """Covers what a cell holds and what it may hold when a loop goes on changing it."""
    if isinstance(new, tuple):
        return widened_value(new)
    if isinstance(new, Version):
        return new
    if isinstance(new, ListState):
        return ListState(None, widened_value(new.element))
    if isinstance(old, DictState) and new.entries.keys() == old.entries.keys():
        entries = {
            key: value if value == old.entries[key] else widened_value(value) for key, value in new.entries.items()
        }
        return DictState(entries, new.certain, new.rest, new.rest_keys)
    return DictState({}, frozenset(), widened_value(new.element), widened_value(new.keys))


class Store:
    """The cells of scopes and objects."""

    def __init__(self) -> None:
        self.cells: dict[Key, Cell] = {}
        self._undo: list[Changes] = []
        self._begins: list[int] = []
        self._histories: list[dict[Key, list[Cell]]] = []
        self.log: list[tuple[Any, ...]] = []

    def get(self, owner: Any, key: Any) -> Any:
        """Gives the content of a cell, or None where there is none."""
        name = (owner, key)
        cell = self.cells.get(name)
        if type(owner) is Scope and owner.serial < 0:
            version = self.cells.get((owner, WHOLE))
            if type(version) is Version:
                self.log.append(version.read)
                return cell
        self.log.append((name, cell))
        return cell

    def of(self, owner: Any) -> list[Cell]:
        """Gives the contents of all cells of an owner."""
        found = [(name, cell) for name, cell in self.cells.items() if name[0] is owner]
        version = self.cells.get((owner, WHOLE))
        self.log.extend([version.read] if type(version) is Version else found)
        return [cell for _, cell in found if cell is not version]

    def set(self, owner: Any, key: Any, cell: Cell) -> None:
        """Changes a cell."""
        self.put((owner, key), cell)
        if type(owner) is Scope and owner.serial < 0 and (owner, WHOLE) in self.cells:
            self.put((owner, WHOLE), Version(owner))

    def complete(self, owner: Scope) -> None:
        """Takes a module or class for complete: from now on, what is read of it is its version."""
        self.put((owner, WHOLE), Version(owner))

    def put(self, name: Key, cell: Cell) -> None:
        """Changes a cell by its name, and no version with it."""
        if self._undo:
            top = self._undo[-1]
            if name not in top:
                top[name] = before = self.cells.get(name)
                self.log.append((name, before))
        self.cells[name] = cell
        for history in self._histories:
            values = history.setdefault(name, [])
            if not values or (values[-1] != cell and len(values) < MAX_HISTORY):
                values.append(cell)
            elif values[-1] != cell:
                values[-1] = join_cells(values[-1], cell) or cell

    @property
    def depth(self) -> int:
        """The number of open branches."""
        return len(self._undo)

    def push(self) -> None:
        """Opens a branch."""
        self._undo.append({})
        self._begins.append(next(SERIALS))

    def pop(self) -> Changes:
        """Closes the innermost branch: restores the cells and gives what had changed."""
        undo = self._undo.pop()
        cells = self.cells
        changes = Way(self._begins.pop())
        for name, old in undo.items():
            changes[name] = cells.get(name)
            if old is None:
                cells.pop(name, None)
            else:
                cells[name] = old
        return changes

    def commit(self, garbage: Collection[Any] = ()) -> None:
        """Closes the innermost branch and keeps what it changed: it is the only way on from here.

        Args:
            garbage: The owners whose cells nobody can reach any more.
        """
        undo = self._undo.pop()
        self._begins.pop()
        if garbage:
            kept: Changes = {}
            for name, old in undo.items():
                if name[0] in garbage:
                    self.cells.pop(name, None)
                else:
                    kept[name] = old
            undo = kept
        if self._undo and undo:
            around = self._undo[-1]
            if around:
                for name, old in undo.items():
                    around.setdefault(name, old)
            else:
                self._undo[-1] = undo

    def since(self, depth: int) -> Changes:
        """Gives what has changed since the branch at `depth` was opened, without closing anything."""
        changes = Way(self._begins[-1] if self._begins else 0)
        for undo in self._undo[depth:]:
            for name in undo:
                changes[name] = self.cells.get(name)
        return changes

    def merge(self, ways: list[Changes], garbage: Collection[Any] = (), widen: bool = False) -> bool:
        """Continues with the join of several ways.

        Args:
            ways: The changes of each way that goes on from here.
            garbage: The owners whose cells nobody can reach any more.
            widen: Replace values that still grow by one that covers them and what may follow.

        Returns:
            Whether any cell changed.
        """
        changed = False
        cells = self.cells
        first, *others = ways
        names: Iterable[Key] = first
        if others:
            names, made = _parted(ways, garbage)
            changed = bool(made)
            for name, cell in made:
                self.put(name, cell)
        for name in names:
            if name[0] in garbage:
                continue
            current = cells.get(name)
            joined: Cell | None = first.get(name, current)
            for way in others:
                other = way.get(name, current)
                if other is not joined:
                    joined = join_cells(joined, other)
            if joined is None or joined is current or joined == current:
                continue
            changed = True
            if widen and current is not None:
                joined = widened(current, joined)
            self.put(name, joined)
        return changed

    @contextmanager
    def alone(self) -> Iterator[list[Changes]]:
        """Opens a branch that is none of those around it, and gives these."""
        before = around, _, _ = self._undo, self._begins, self._histories
        self._undo, self._begins, self._histories = [{}], [next(SERIALS)], []
        try:
            yield around
        finally:
            self._undo, self._begins, self._histories = before

    def settle(self, around: list[Changes], made: Reachable, own: Any) -> list[Key]:
        """Keeps what has changed in a branch that stands alone, but what nobody can reach; gives the cells' names.

        Args:
            around: The branches around it: what was there before is theirs to restore.
            made: What was changed and made.
            own: The owner of cells that stay whatever becomes of those branches.
        """
        undo = self._undo[-1]
        if around:
            for name in made.older:
                if name[0] is not own:
                    around[-1].setdefault(name, undo[name])
        for owner in made.garbage:
            for name in made.fresh[owner]:
                self.cells.pop(name, None)
        return [name for name in undo if name in self.cells]

    def watch(self) -> None:
        """Begins to remember the values that cells take, for an exception handler."""
        self._histories.append({})

    def unwatch(self) -> dict[Key, list[Cell]]:
        """Ends it and gives what was remembered."""
        return self._histories.pop()
