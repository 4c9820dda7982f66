"""What is kept while several scripts are looked at one after another: modules that they share, and what these did."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .memory import Memory
from .scopes import ModuleInfo


class Session:
    """The modules and calls that the scripts of one run share.

    A module found through a source root is the same for all scripts that import from the same roots, unless one of them
    has a module of its own by a name that shared code imports.
    """

    def __init__(self) -> None:
        self._parts: dict[tuple[Path, ...], list[Part]] = {}

    def part(self, folder: Path, roots: Sequence[Path]) -> Part:
        """Gives what a script shares with those before it.

        Args:
            folder: The script's folder.
            roots: The folders that it imports from.
        """
        own = own_names(folder)
        parts = self._parts.setdefault(tuple(roots), [])
        found = next((part for part in parts if not part.imported & own), None)
        if found is None:
            found = Part(roots)
            parts.append(found)
        found.begin(own)
        return found


class Part:
    """What is shared by scripts for which every name means the same.

    Attributes:
        memory: What calls and modules did.
        infos: What was found out about the source.
        imported: The top-level names that were looked for among the local modules and are not a script's own.
        own: The top-level names that lie in the folder of the script that is looked at.
        root_names: Those that lie in the source roots.
    """

    def __init__(self, roots: Sequence[Path]) -> None:
        self.root_names = [own_names(root) for root in roots]
        self.memory = Memory()
        self.infos: dict[object, Any] = {}
        self.imported: set[str] = set()
        self.own: frozenset[str] = frozenset()
        self._modules: dict[tuple[str, Path], ModuleInfo] = {}

    def begin(self, own: frozenset[str]) -> None:
        """Begins with another script: no module has run."""
        self.own = own
        for module in self._modules.values():
            module.state = "new"

    def module(self, name: str, path: Path, tree: Any) -> ModuleInfo:
        """Gives the module in a file of a source root."""
        key = (name, path)
        known = self._modules.get(key)
        if known is None or known.tree is not tree:
            known = self._modules[key] = ModuleInfo(name, path, tree, False)
        return known


def own_names(folder: Path) -> frozenset[str]:
    """Gives the top-level names that can be imported from a folder."""
    try:
        return frozenset(each.stem for each in folder.iterdir())
    except OSError:
        return frozenset()
