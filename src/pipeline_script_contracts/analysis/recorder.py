"""Collects facts, each once, with the place where it was found."""

from __future__ import annotations

import ast
from pathlib import Path

from ..findings import ChainStep, Location
from .atoms import Chain
from .facts import Analysis, Argument, EnvRead, HyperparameterUse, ImportUse, PathUse, Place, Unresolved
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
        self._seen: set[object] = set()
        self._env: dict[object, int] = {}
        self._arguments: dict[object, int] = {}

    def place(self, filename: str, node: ast.AST, phase: str) -> Place:
        """Gives the place of a node."""
        return Place(filename, location_of(node), end_of(node), phase)

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
        key = (kind, path, sink, place, tree, source)
        if key not in self._seen:
            self._seen.add(key)
            self.analysis.paths.append(PathUse(kind, path, sink, place, chain, tree, source))

    def unresolved(self, kind: str, sink: str, reason: str, place: Place, chain: Chain = (), package: str = "") -> None:
        """Records a use that could not be followed."""
        key = (kind, sink, place)
        if key not in self._seen:
            self._seen.add(key)
            self.analysis.unresolved.append(Unresolved(kind, sink, reason, place, chain, package))

    def env(self, read: EnvRead) -> None:
        """Records a use of an environment variable; of equal uses the latest stays."""
        key = (read.name, read.place, read.probe)
        index = self._env.get(key)
        if index is None:
            self._env[key] = len(self.analysis.env)
            self.analysis.env.append(read)
        else:
            self.analysis.env[index] = read

    def argument(self, argument: Argument) -> None:
        """Records a command line argument."""
        key = (argument.name, argument.place)
        if key not in self._seen:
            self._seen.add(key)
            self.analysis.arguments.append(argument)

    def hyperparameter(self, use: HyperparameterUse) -> None:
        """Records a use of a hyperparameter: the first, and the first as a number."""
        key = (use.name, use.via, use.as_number, use.place.phase)
        if key not in self._seen:
            self._seen.add(key)
            self.analysis.hyperparameters.append(use)

    def imported(self, use: ImportUse) -> None:
        """Records an import."""
        key = (use.module, use.place, use.optional)
        if key not in self._seen:
            self._seen.add(key)
            self.analysis.imports.append(use)


def step(text: str, filename: str, node: ast.AST) -> ChainStep:
    """Builds a step of a chain."""
    return ChainStep(text, filename, location_of(node))
