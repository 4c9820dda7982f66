"""Remembers what functions and modules do, so that what was done before under the same conditions is not run again.

An entry says what was read, and what stood there; what was changed and made; what was returned; and which facts were
recorded. It holds where everything read is as it was, up to the identity of objects. Within one script the facts are
recorded already; for another script they are recorded again.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any

from .atoms import SERIALS, ModuleAtom, Obj, Value
from .garbage import Reachable
from .likeness import Likeness, is_mobile, shape
from .recorder import Recorder, in_phase
from .scopes import ModuleInfo, Scope
from .store import IMPORT, WHOLE, Cell, Key, Store

MAX_READS = 3000
MAX_MADE = 300  # cells: to make as many again is no single step
MAX_ENTRIES = 16
FEW_EVENTS = 32
Event = tuple[Any, ...]
Read = tuple[Any, Any, bool]


class _Entry:
    """One run of a function or module.

    Attributes:
        given: The arguments.
        reads: What was read, in order, with what was found; an import stands as `(IMPORT, scope)` with its module.
        writes: The older cells that were changed, with what they hold afterwards.
        made: The objects that were made and can still be reached, with their cells.
        result: What was returned, None when it never returned.
        events: The facts that were recorded.
        script: The number of the script for which it ran, or was last repeated.
        shared: Whether it may be repeated for another script.
        caught: Whether exceptions were caught around the call.
        phase: The phase in which it ran.
        phases: Those for which its facts are recorded in that script.
    """

    __slots__ = (
        "caught",
        "events",
        "given",
        "made",
        "phase",
        "phases",
        "reads",
        "result",
        "script",
        "shared",
        "writes",
    )

    def __init__(self, given: tuple[Value, ...], script: int, caught: frozenset[str], phase: str) -> None:
        self.given = given
        self.reads: list[Read] = []
        self.writes: list[tuple[Key, Cell]] = []
        self.made: dict[Obj, list[tuple[Any, Cell]]] = {}
        self.result: Value | None = None
        self.events: tuple[Event, ...] = ()
        self.script = script
        self.shared = False
        self.caught = caught
        self.phase = phase
        self.phases = {phase}


class Began:
    """Where a call began: positions in the logs, and the serial of whatever is made from then on."""

    __slots__ = ("events", "log", "serial", "taints")

    def __init__(self, log: int, events: int, taints: int) -> None:
        self.log = log
        self.events = events
        self.taints = taints
        self.serial = next(SERIALS)


class Memory:
    """What has been run before, for all scripts of one session.

    Attributes:
        script: The number of the script that is looked at.
    """

    def __init__(self) -> None:
        self._entries: dict[Hashable, list[_Entry]] = {}
        self.script = 0

    def bind(
        self,
        store: Store,
        recorder: Recorder,
        find: Callable[[str], ModuleInfo | None],
        import_again: Callable[[ModuleInfo], bool],
    ) -> None:
        """Begins with another script.

        Args:
            store: The cells that calls read and change.
            recorder: Takes the facts.
            find: Finds a local module.
            import_again: Imports a module, or tells that its name means another one.
        """
        self.script += 1
        self._store = store
        self._recorder = recorder
        self._find = find
        self._import = import_again

    def begin(self) -> Began:
        """Begins to watch a call; gives what `remember` needs."""
        return Began(len(self._store.log), len(self._recorder.log), self._recorder.taints)

    @staticmethod
    def key(function: Hashable, values: tuple[Value, ...]) -> Hashable:
        """Gives what a call must have in common with an earlier one."""
        return function, tuple(map(shape, values))

    def recall(
        self, key: Hashable, given: tuple[Value, ...], caught: frozenset[str], phase: str
    ) -> tuple[bool, Value | None]:
        """Looks for an earlier call, and repeats what it did.

        Args:
            key: What `key` gave.
            given: The arguments.
            caught: The exceptions that are caught around the call.
            phase: The phase in which it stands.

        Returns:
            Whether there is one whose outcome still holds, and what it returned (None when it never returned).
        """
        for entry in reversed(self._entries.get(key, [])):
            here = entry.script == self.script and phase in entry.phases
            if not here and not (entry.shared and entry.caught == caught):
                continue
            likeness = Likeness(not here)
            if not all(map(likeness.values, entry.given, given)):
                continue
            found = self._holds(entry, likeness)
            if found is None or not (here or self._recorder.same_counts(entry.events, likeness)):
                continue
            if self._repeat(entry, likeness, found, here, phase):
                return True, None if entry.result is None else likeness.renamed(entry.result)
        return False, None

    def _holds(self, entry: _Entry, likeness: Likeness) -> list[Read] | None:
        """Compares what an entry read with what is there; gives what is read now, None at a difference."""
        cells = self._store.cells
        now = likeness.now
        strict = likeness.strict
        found: list[Read] = []
        for name, cell, mobile in entry.reads:
            owner = name[0]
            if owner is IMPORT:
                if not self._import(cell):
                    return None
                continue
            if type(owner) is Obj and owner.serial >= 0:
                other = now.get(owner)
                if other is None:
                    if strict or not likeness.objects(owner, owner):
                        return None
                elif other is not owner:
                    name = (other, name[1])
            current = cells.get(name)
            if mobile or (strict and current is not cell):
                same = likeness.cells(cell, current)
            else:
                same = current is cell or current == cell
            if not same and not self._is_same_submodule(name, cell, current):
                return None
            found.append((name, current, mobile))
        return found

    def _is_same_submodule(self, name: Key, cell: Any, current: Any) -> bool:
        """Tells whether a package only has, or had, a submodule already that whoever reads it imports otherwise."""
        owner, key = name
        if type(owner) is not Scope or owner.kind != "module" or not owner.module.is_package:
            return False
        known: Any = cell if current is None else current if cell is None else ()
        if len(known) != 1 or type(known[0]) is not ModuleAtom or known[0].info.name != f"{owner.module.name}.{key}":
            return False
        return current is not None or self._import(known[0].info)

    def _repeat(self, entry: _Entry, likeness: Likeness, found: list[Read], here: bool, phase: str) -> bool:
        now = likeness.now
        for obj in entry.made:
            now[obj] = Obj(obj.kind, obj.cls, set(obj.info) if obj.info is not None else None)
        try:
            writes = [self._renamed(likeness, name, cell) for name, cell in entry.writes]
            made = [
                ((now[obj], key), likeness.renamed(cell)) for obj, state in entry.made.items() for key, cell in state
            ]
            if entry.result is not None:
                likeness.renamed(entry.result)
        except KeyError:
            return False
        store = self._store
        store.log.extend(found)
        for (owner, key), cell in (*writes, *made):
            if key is not WHOLE:
                store.set(owner, key, cell)
            if type(owner) is Obj and type(owner.info) is set and type(key) is str:
                owner.info.add(key)
        for name, cell in writes:
            if name[1] is WHOLE:
                store.put(name, cell)
        if here:
            self._recorder.log.extend(entry.events)
        else:
            events = entry.events
            if entry.phase != phase:
                events = tuple(tuple(in_phase(each, entry.phase, phase) for each in event) for event in events)
            self._recorder.repeat(events, likeness)
            entry.phases = {*entry.phases, phase} if entry.script == self.script else {phase}
            entry.script = self.script
        if not entry.shared:
            self._recorder.taints += 1
        return True

    @staticmethod
    def _renamed(likeness: Likeness, name: Key, cell: Cell) -> tuple[Key, Cell]:
        owner = name[0]
        if type(owner) is Obj and owner.serial >= 0:
            name = (likeness.now[owner], name[1])
        return name, likeness.renamed(cell)

    def remember(
        self,
        key: Hashable,
        given: tuple[Value, ...],
        began: Began,
        made: Reachable,
        result: Value | None,
        caught: frozenset[str],
        phase: str,
    ) -> None:
        """Remembers a call that has just ended.

        Args:
            key: What `key` gave.
            given: The arguments.
            began: What `begin` gave.
            made: What it changed and made.
            result: What it returned, None when it never returned.
            caught: The exceptions that are caught around the call.
            phase: The phase in which it stands.
        """
        entries = self._entries.setdefault(key, [])
        store = self._store
        reads = self._reads(began)
        events = self._events(began)
        if len(reads) > MAX_READS or sum(len(made.fresh.get(owner, ())) for owner in made.owners) > MAX_MADE:
            return
        if not all(type(owner) is Obj and (owner.info is None or type(owner.info) is set) for owner in made.owners):
            return
        entry = _Entry(given, self.script, caught, phase)
        entry.reads = reads
        cells = store.cells
        entry.writes = [(name, cells[name]) for name in made.older if name in cells]
        for owner in made.owners:
            entry.made[owner] = [(name[1], cells[name]) for name in made.fresh.get(owner, ()) if name in cells]
        entry.result = result
        entry.events = events
        entry.shared = self._recorder.taints == began.taints
        entries.append(entry)
        if len(entries) > MAX_ENTRIES:
            del entries[0]

    def _reads(self, began: Began) -> list[Read]:
        """Gives what a call read of what was there before, once each, and leaves that in the log for those around."""
        log = self._store.log
        serial = began.serial
        reads: dict[Any, Read] = {}
        for item in log[began.log :]:
            name = item[0]
            if name in reads:
                continue
            owner = name[0]
            if type(owner) is str or owner.serial < serial:
                reads[name] = item if len(item) == 3 else (name, item[1], is_mobile(item[1]))
        result = list(reads.values())
        log[began.log :] = result
        return result

    def _events(self, began: Began) -> tuple[Event, ...]:
        """Gives the facts that a call recorded, once each: calls that were repeated in it recorded theirs again."""
        log = self._recorder.log
        events = tuple(log[began.events :])
        if len(events) > FEW_EVENTS:
            events = tuple({id(each): each for each in events}.values())
            log[began.events :] = events
        return events

    # -- modules ------------------------------------------------------------------------------------------

    def recall_module(self, module: ModuleInfo, phase: str, caught: frozenset[str]) -> bool:
        """Repeats what an earlier run of a module did, for another script.

        Args:
            module: The module.
            phase: The phase in which it would run.
            caught: The exceptions that are caught around its import.

        Returns:
            Whether there was such a run.
        """
        for entry in self._entries.get((module, phase, caught), ()):
            if module.partial or not entry.shared:
                continue
            likeness = Likeness(True)
            found = self._holds(entry, likeness)
            if found is None or not self._recorder.same_counts(entry.events, likeness):
                continue
            cells = self._store.cells
            for name, cell in entry.writes:
                owner = name[0]
                if type(owner) is str or (
                    owner is not module.scope and type(owner) is Scope and owner.kind == "module"
                ):
                    self._store.put(name, cell)
                else:
                    cells[name] = cell
            entry.script = self.script
            self._recorder.repeat(entry.events, likeness)
            return True
        return False

    def remember_module(
        self, module: ModuleInfo, phase: str, caught: frozenset[str], began: Began, names: list[Key]
    ) -> None:
        """Remembers the run of a module that has just ended.

        Args:
            module: The module.
            phase: The phase in which it ran.
            caught: The exceptions that are caught around its import.
            began: What `begin` gave.
            names: The cells that it changed.
        """
        entries = self._entries.setdefault((module, phase, caught), [])
        entry = _Entry((), self.script, caught, phase)
        if len(entries) >= MAX_ENTRIES:
            return
        entry.reads = self._reads(began)
        for (owner, name), cell, _ in entry.reads:
            if not isinstance(owner, Scope) or owner.kind != "module" or owner.module.state != "loading":
                continue
            if owner.module is not module and not self._is_submodule(owner.module, name, cell):
                owner.module.partial = module.partial = True  # which of them is imported first makes a difference
        cells = self._store.cells
        entry.writes = [(name, cells[name]) for name in names if name in cells]
        entry.events = self._events(began)
        entry.shared = self._recorder.taints == began.taints
        entries.append(entry)

    def _is_submodule(self, package: ModuleInfo, name: str, cell: Cell | None) -> bool:
        if isinstance(cell, tuple):
            return all(isinstance(atom, ModuleAtom) for atom in cell)
        return self._find(f"{package.name}.{name}") is not None
