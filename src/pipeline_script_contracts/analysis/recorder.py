"""Collects facts, each once, with the place where it was found."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..findings import ChainStep, Location
from .atoms import Chain, Function
from .facts import Analysis, Argument, EnvRead, HyperparameterUse, ImportUse, PathUse, Place, Unresolved
from .likeness import Likeness
from .patterns import Pattern


def location_of(node: ast.AST) -> Location:
    """Gives where a node begins."""
    return Location(getattr(node, "lineno", 1), getattr(node, "col_offset", 0) + 1)


def end_of(node: ast.AST) -> Location:
    """Gives where a node ends."""
    return Location(getattr(node, "end_lineno", None) or 1, (getattr(node, "end_col_offset", None) or 0) + 1)


class Recorder:
    """The facts of one analysis while it runs.

    Args:
        script: The script.
    """

    def __init__(self, script: Path) -> None:
        self.analysis = Analysis(script)
        self.log: list[tuple[Any, ...]] = []
        self._places: dict[tuple[ast.AST, str, str], Place] = {}
        self.taints = 0
        self.off_platform = False  # what runs now is not run by a training job
        self._counts: dict[object, int] = {}
        self._seen: set[object] = set()
        self._env: dict[object, int] = {}
        self._arguments: dict[object, int] = {}

    @property
    def arguments_open(self) -> str:
        """Why there may be more arguments than those listed; empty when the list is complete."""
        return self.analysis.arguments_open

    @arguments_open.setter
    def arguments_open(self, reason: str) -> None:
        self.taint()
        self.analysis.arguments_open = reason

    def close_arguments(self) -> None:
        """Notes that the script fails for an argument that its parser does not know."""
        self.taint()
        self.analysis.arguments_closed = True

    def choose_command(self) -> None:
        """Notes that a word of the command line chooses one of several things to do."""
        self.taint()
        self.analysis.commands = True

    def taint(self) -> None:
        """Notes that what runs now depends on, or changes, what is not kept track of: it is not repeated elsewhere."""
        self.taints += 1

    def once_more(self, key: object, limit: int = 1) -> bool:
        """Tells whether something that is done a limited number of times for a script is to be done, and counts it."""
        before = self._counts.get(key, 0)
        self.log.append(("count", key, before, limit))
        if before >= limit:
            return False
        self._counts[key] = before + 1
        return True

    def same_counts(self, events: Iterable[tuple[Any, ...]], likeness: Likeness) -> bool:
        """Tells whether what was counted had been done as often when these facts were recorded first."""
        seen = set()
        for event in events:
            if event[0] == "count" and event[1] not in seen:
                seen.add(event[1])
                key = _renamed_key(event[1], likeness)
                if (self._counts.get(key, 0) if key is not None else 0) != event[2]:
                    return False
        return True

    def repeat(self, events: Iterable[tuple[Any, ...]], likeness: Likeness) -> None:
        """Records facts again that were recorded for another script."""
        for name, *arguments in events:
            if name == "count":
                key = _renamed_key(arguments[0], likeness)
                if key is not None:
                    self.once_more(key, arguments[2])
            else:
                getattr(self, name)(*arguments)

    def place(self, filename: str, node: ast.AST, phase: str) -> Place:
        """Gives the place of a node."""
        key = (node, filename, phase)
        place = self._places.get(key)
        if place is None:
            place = self._places[key] = Place(filename, location_of(node), end_of(node), phase)
        return place

    def path(
        self,
        kind: str,
        path: Pattern,
        sink: str,
        place: Place,
        chain: Chain,
        tree: bool = False,
        source: Pattern | None = None,
    ) -> None:
        """Records a use of a path."""
        self.log.append(("path", kind, path, sink, place, chain, tree, source))
        if self.off_platform:
            self.taint()
        key = (kind, path, sink, place, tree, source, self.off_platform)
        if key not in self._seen:
            self._seen.add(key)
            self.analysis.paths.append(PathUse(kind, path, sink, place, chain, tree, source, self.off_platform))

    def unresolved(
        self,
        kind: str,
        sink: str,
        reason: str,
        place: Place,
        chain: Chain = (),
        package: str = "",
        told: bool = False,
    ) -> None:
        """Records a use that could not be followed."""
        self.log.append(("unresolved", kind, sink, reason, place, chain, package, told))
        key = (kind, sink, place)
        if key not in self._seen:
            self._seen.add(key)
            self.analysis.unresolved.append(Unresolved(kind, sink, reason, place, chain, package, told))

    def env(self, read: EnvRead) -> None:
        """Records a use of an environment variable; of equal uses the latest stays."""
        self.taint()
        key = (read.name, read.place, read.probe)
        index = self._env.get(key)
        if index is None:
            self._env[key] = len(self.analysis.env)
            self.analysis.env.append(read)
        else:
            self.analysis.env[index] = read

    def argument(self, argument: Argument) -> None:
        """Records a command line argument."""
        self.taint()
        key = (argument.name, argument.place)
        if key not in self._seen:
            self._seen.add(key)
            self.analysis.arguments.append(argument)

    def hyperparameter(self, use: HyperparameterUse) -> None:
        """Records a use of a hyperparameter: the first, and the first as a number."""
        self.log.append(("hyperparameter", use))
        key = (use.name, use.via, use.as_number, use.place.phase, repr(use.default))
        if key not in self._seen:
            self._seen.add(key)
            self.analysis.hyperparameters.append(use)

    def imported(self, use: ImportUse) -> None:
        """Records an import."""
        self.log.append(("imported", use))
        key = (use.module, use.place, use.optional)
        if key not in self._seen:
            self._seen.add(key)
            self.analysis.imports.append(use)


def in_phase(part: Any, earlier: str, phase: str) -> Any:
    """Gives a part of what was recorded in an earlier phase as it is recorded in another."""
    if isinstance(part, Place):
        return replace(part, phase=phase) if part.phase == earlier else part
    if isinstance(part, (HyperparameterUse, ImportUse)):
        return replace(part, place=in_phase(part.place, earlier, phase))
    return part


def _renamed_key(key: Any, likeness: Likeness) -> Any:
    """Gives what is counted, with the objects that are there now; None where there is no such object."""
    if not (isinstance(key, tuple) and isinstance(key[0], Function)):
        return key
    try:
        return key[0], likeness.renamed(key[1])
    except KeyError:
        return None


def step(text: str, filename: str, node: ast.AST) -> ChainStep:
    """Builds a step of a chain."""
    return ChainStep(text, filename, location_of(node))
