"""The interpreter: its state, its stack, names, and the order in which things run.

Statements, expressions, calls and classes are in modules of their own that are handed the interpreter.
"""

from __future__ import annotations

import ast
import builtins
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from ..findings import ChainStep, Location
from . import recorder as recording
from .atoms import NOTHING, UNDEFINED, Const, Lib, ModuleAtom, Value
from .facts import EnvRead, Place
from .garbage import Reachable
from .recorder import Recorder
from .scopes import ClassInfo, FunctionInfo, ModuleInfo, Scope
from .sources import Sources
from .store import IMPORT, Changes, Store
from .texts import pathlike, with_step
from .values import atoms_of, const, join, unbound, unknown

BUILTINS = frozenset(dir(builtins))
CODE_FOLDER = "/opt/ml/code"
MAX_DEPTH = 70
R = TypeVar("R")


class DeadEnd(Exception):  # noqa: N818 - not an error: nothing runs after this point
    """The code after this point does not run."""


class BudgetExhaustedError(Exception):
    """The analysis took as many steps as it may."""


class Loop:
    """A loop that is being run: the states in which it was left or continued."""

    __slots__ = ("breaks", "continues", "depth")

    def __init__(self, depth: int) -> None:
        self.depth = depth
        self.breaks: list[Changes] = []
        self.continues: list[Changes] = []
        self.depth = depth


class Frame:
    """One activation of a function, class body or module."""

    __slots__ = ("catches", "cls", "depth", "function", "guards", "loops", "owner", "returns", "scope", "yields")

    def __init__(self, scope: Scope, depth: int, function: FunctionInfo | None = None) -> None:
        self.scope = scope
        self.depth = depth
        self.function = function
        self.cls: ClassInfo | None = None
        self.owner: Value = NOTHING
        self.returns: list[tuple[Value, Changes | None]] = []
        self.loops: list[Loop] = []
        self.yields: Value | None = None
        self.catches: list[frozenset[str]] = []
        self.guards: set[str] = set()


class Interpreter:
    """Runs a script on abstract values.

    Args:
        sources: The local modules.
        recorder: Takes the facts.
        budget: The most steps to take.
    """

    def __init__(self, sources: Sources, recorder: Recorder, budget: int) -> None:
        self.sources = sources
        self.record = recorder
        self.budget = budget
        self.steps = 0
        self.store = Store()
        self.frames: list[Frame] = []
        self.phase = "import"
        self.deferred: list[tuple[Value, str, ast.AST]] = []
        self.unrolled: dict[ast.AST, int] = {}
        self.flags_defined: dict[str, Value] = {}
        self.active: dict[FunctionInfo, int] = {}
        self.widened: set[FunctionInfo] = set()
        self.imagined: set[ClassInfo] = set()
        self.memory = sources.part.memory
        self.memory.bind(self.store, recorder, sources.find, self.import_again)
        sources.on_own = recorder.taint
        self.undecided = 0  # conditions that may go either way, below which the running code lies
        self.reads_of_variables: list[EnvRead] = []
        self.infos = sources.part.infos
        self.chain_steps: dict[tuple[str, str, ast.AST], ChainStep] = sources.part.chain_steps
        self.constants: dict[ast.Constant, Value] = sources.part.constants
        self.pinned: list[Any] = []
        self.cwd: Value = const("")
        self.current: ast.AST = ast.Pass()
        self.discarded: ast.AST = ast.Pass()  # the expression whose value nobody takes

    # -- stack and places ---------------------------------------------------------------------------------

    @property
    def frame(self) -> Frame:
        """The innermost activation."""
        return self.frames[-1]

    @property
    def filename(self) -> str:
        """The file whose code runs."""
        return self.frames[-1].scope.module.text

    def place(self, node: ast.AST) -> Place:
        """Gives the place of a node of the running code."""
        return self.record.place(self.filename, node, self.phase)

    def step(self, text: str, node: ast.AST) -> ChainStep:
        """Gives the chain step at a node of the running code."""
        key = (text, self.filename, node)
        step = self.chain_steps.get(key)
        if step is None:
            step = self.chain_steps[key] = recording.step(*key)
        return step

    def tick(self) -> None:
        """Counts a step.

        Raises:
            BudgetExhaustedError: No step is left.
        """
        self.steps += 1
        if self.steps > self.budget:
            raise BudgetExhaustedError

    @property
    def caught(self) -> frozenset[str]:
        """The names of the exceptions that the innermost activation handles here."""
        return frozenset().union(*self.frames[-1].catches)

    def catches(self, *names: str) -> bool:
        """Tells whether an exception of one of these names would be handled in this activation or the one around."""
        wanted = {"*", "Exception", "BaseException", *names}
        return any(wanted & caught for frame in self.frames[-2:] for caught in frame.catches)

    # -- branches -----------------------------------------------------------------------------------------

    def explore(self, run: Callable[[], R]) -> tuple[R | None, Changes | None]:
        """Runs something in a branch of its own.

        Args:
            run: What to run.

        Returns:
            Its result and its changes, the latter None when it does not come to an end.
        """
        self.store.push()
        result: R | None = None
        live = True
        try:
            result = run()
        except DeadEnd:
            live = False
        finally:
            changes = self.store.pop()
        return result, changes if live else None

    def on_some_ways(self, run: Callable[[], R]) -> R:
        """Runs what lies below a condition that may go either way."""
        self.undecided += 1
        try:
            return run()
        finally:
            self.undecided -= 1

    def venture(self, run: Callable[[], bool]) -> bool:
        """Runs the last of several alternatives, when none before it came to an end: its changes stay, if it does.

        Args:
            run: What to run; it tells whether the code after it runs.

        Returns:
            Whether it came to an end.
        """
        self.store.push()
        live = False
        try:
            live = run()
        finally:
            if live:
                self.store.commit()
            else:
                self.store.pop()
        return live

    def either(self, runs: list[Callable[[], Value]]) -> Value:
        """Runs alternatives from the same state and continues with the join of their states and values.

        Args:
            runs: The alternatives.

        Returns:
            What any of them gives.

        Raises:
            DeadEnd: None of them comes to an end.
        """
        ways: list[Changes] = []
        result: Value = NOTHING
        for run in runs:
            value, changes = self.explore(run)
            if changes is not None:
                ways.append(changes)
                result = join(result, value or NOTHING)
        if not ways:
            raise DeadEnd
        self.store.merge(ways)
        return result

    # -- names --------------------------------------------------------------------------------------------

    def lookup(self, name: str) -> Value:
        """Gives the value of a name."""
        frame_scope = self.frames[-1].scope
        scope: Scope | None = frame_scope
        found: Value = NOTHING
        while scope is not None:
            outer = scope.globals.get(name)
            if outer == "global":
                scope = scope.module.scope
            elif outer == "nonlocal" or (scope.kind == "class" and scope is not frame_scope):
                scope = scope.parent
                continue
            if scope.names is None or name in scope.names:
                own = scope is frame_scope and scope.names is not None
                cell = self.store.cells.get((scope, name)) if own else self.store.get(scope, name)
                if cell is not None:
                    assert isinstance(cell, tuple)
                    if (len(cell) == 1 and cell[0] is not UNDEFINED) or UNDEFINED not in cell:
                        return join(found, cell) if found else cell
                    found = join(found, tuple(atom for atom in cell if atom is not UNDEFINED))
                if scope.names is not None:
                    return found or unknown(f"{name!r} is used where it is not assigned")
            scope = scope.parent
        for library in reversed(frame_scope.module.stars):
            if name in _star_names(library):
                return join(found, (Lib(f"{library}.{name}"),))
        if name in BUILTINS:
            return join(found, (Lib(f"builtins.{name}"),))
        if found:
            return found
        for library in reversed(frame_scope.module.stars):
            if library.partition(".")[0] not in sys.stdlib_module_names:
                return (Lib(f"{library}.{name}"),)
        return unknown(unbound(name))

    def scope_of(self, name: str) -> Scope:
        """Gives the scope that an assignment to a name goes to."""
        scope = self.frames[-1].scope
        outer = scope.globals.get(name)
        if outer == "global":
            return scope.module.scope
        if outer == "nonlocal":
            parent = scope.parent
            while parent is not None:
                if parent.names is not None and name in parent.names:
                    return parent
                parent = parent.parent
        if scope.kind == "comprehension" and scope.names is not None and name not in scope.names:
            while scope.kind == "comprehension" and scope.parent is not None:
                scope = scope.parent
        return scope

    def bind(self, name: str, value: Value, node: ast.AST) -> None:
        """Assigns to a name."""
        if any(map(pathlike, value)):
            value = with_step(value, self.step(name, node))
        self.store.set(self.scope_of(name), name, value)

    def rebind(self, name: str, value: Value) -> None:
        """Gives another value to a name, wherever it is defined."""
        scope: Scope | None = self.scope_of(name)
        while scope is not None and scope.names is not None and name not in scope.names:
            scope = scope.parent
        if scope is not None:
            self.store.set(scope, name, value)

    # -- modules ------------------------------------------------------------------------------------------

    def run_module(self, module: ModuleInfo) -> None:
        """Runs the body of a module, once."""
        if module.is_main:
            if module.state == "new":
                module.state = "loading"
                self._run_body(module)
                module.state = "loaded"
            return
        self.store.log.append(((IMPORT, module), module))
        if module.state != "new":
            return
        phase = self.phase
        self.phase = "import" if phase == "serving" else phase
        try:
            self._import(module)
        finally:
            self.phase = phase

    def import_again(self, module: ModuleInfo) -> bool:
        """Imports a module that was imported for another script, or tells that its name means another one here."""
        if self.sources.find(module.name) is not module:
            return False
        self.run_module(module)
        return True

    def _import(self, module: ModuleInfo) -> None:
        """Runs the body of a module on its own: whatever branch imports it, from then on it is there."""
        caught = self.caught
        store, record = self.store, self.record
        log, events, taints = store.log, record.log, record.taints
        store.log, record.log = [], []
        module.state = "loading"
        try:
            if self.memory.recall_module(module, self.phase, caught):
                return
            module.stars.clear()
            began = self.memory.begin()
            pinned = len(self.pinned)
            with store.alone() as around:
                self._run_body(module)
                self._complete(module)
                changes = store.since(0)
                made = Reachable([changes], began.serial)
                made.mark(*self.pinned[pinned:])
                names = store.settle(around, made, module.scope)
            for owner in made.owners:
                owner.serial = -1
            self.memory.remember_module(module, self.phase, caught, began, names)
        finally:
            module.state = "loaded"
            store.log, record.log, record.taints = log, events, taints

    def _complete(self, module: ModuleInfo) -> None:
        """Takes a module that has just run, and its classes, for complete; to a package its submodules are added."""
        for owner in dict.fromkeys(owner for owner, _ in self.store.since(0)):
            if type(owner) is Scope and (owner.kind == "class" or (owner is module.scope and not module.is_package)):
                self.store.complete(owner)

    def _run_body(self, module: ModuleInfo) -> None:
        from . import statements  # the parts know the interpreter; it looks them up when it runs

        frame = Frame(module.scope, self.store.depth)
        self.frames.append(frame)
        try:
            name = "__main__" if module.is_main else module.name
            self.store.set(module.scope, "__name__", const(name))
            source = ChainStep("__file__", str(module.path), Location())
            self.store.set(module.scope, "__file__", (Const(self.runtime_path(module.path), via=(source,)),))
            self.store.set(module.scope, "__package__", const(module.package))
            self.store.set(module.scope, "__doc__", const(None))
            if module.tree is None:
                self.record.unresolved(
                    "any", f"import {module.name}", f"{module.path.name} cannot be analysed", self.place(ast.Pass())
                )
            else:
                statements.run_block(self, module.tree.body)
                self._run_deferred()
        finally:
            self.frames.pop()

    def _run_deferred(self) -> None:
        """Follows the functions that decorators of a library registered, when their module is complete."""
        from . import escapes

        while self.deferred:
            value, why, node = self.deferred.pop()
            escapes.escape(self, value, why, node)

    def runtime_path(self, path: Path) -> str:
        """Gives where a source file lies in the container."""
        for folder in (self.sources.folder, *self.sources.roots):
            try:
                return f"{CODE_FOLDER}/{path.relative_to(folder).as_posix()}"
            except ValueError:
                continue
        return f"{CODE_FOLDER}/{path.name}"

    def import_module(self, name: str, node: ast.AST) -> Value:
        """Imports a module by its dotted name and gives it.

        Args:
            name: The dotted name.
            node: The import.

        Returns:
            The local module, or the library.
        """
        from . import imports

        prefix = ""
        module: ModuleInfo | None = None
        for piece in name.split("."):
            parent = module
            prefix = f"{prefix}.{piece}" if prefix else piece
            module = self.sources.find(prefix)
            if module is None:
                if parent is None:
                    imports.record_import(self, name, node)
                    return (Lib(name),)
                return unknown(f"module {name!r} is not found in {parent.path.parent}")
            self.run_module(module)
            if parent is not None and self.store.get(parent.scope, piece) is None:
                self.store.set(parent.scope, piece, (ModuleAtom(module),))
        assert module is not None
        return (ModuleAtom(module),)


@cache
def _star_names(library: str) -> frozenset[str]:
    """Gives what `from library import *` binds, for modules of the standard library that are loaded anyway."""
    module = sys.modules.get(library) if library.partition(".")[0] in sys.stdlib_module_names else None
    public = [name for name in vars(module) if not name.startswith("_")] if module is not None else []
    return frozenset(getattr(module, "__all__", public))


def strings_in(value: Value) -> list[str]:
    """Gives the constant strings of a value."""
    return [atom.value for atom in atoms_of(value, Const) if isinstance(atom.value, str)]
