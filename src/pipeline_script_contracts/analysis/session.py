"""What is kept while several scripts are looked at one after another: modules that they share, and what these did."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from ..findings import ChainStep
from .atoms import Value
from .memory import Memory
from .scopes import ModuleInfo

MAX_PARTS = 4
MAX_SCRIPTS = 64


class Session:
    """The modules and calls that the scripts of one run share.

    A module found through a source root is the same for all scripts that import from the same roots, unless one of them
    has a module of its own by a name that shared code imports.

    What is kept is bounded, so that a session may live as long as its process: what scripts shared is forgotten after
    `MAX_SCRIPTS` of them, and when `MAX_PARTS` others have been shared since.
    """

    def __init__(self) -> None:
        self._parts: list[Part] = []

    def part(self, folder: Path, roots: Sequence[Path]) -> Part:
        """Gives what a script shares with those before it.

        Args:
            folder: The script's folder.
            roots: The folders that it imports from.
        """
        own = own_names(folder)
        fits = (part for part in self._parts if part.roots == tuple(roots) and not part.imported & own)
        found = next(fits, None)
        if found is None:
            found = Part(roots)
        else:
            self._parts.remove(found)
        found.begin(own)
        kept = [found] if found.scripts < MAX_SCRIPTS else []
        self._parts = [*kept, *self._parts][:MAX_PARTS]
        return found


class Part:
    """What is shared by scripts for which every name means the same.

    Attributes:
        memory: What calls and modules did.
        infos: What was found out about the source.
        chain_steps: The steps of chains, by text, file and node.
        constants: The values of constants in the source.
        imported: The top-level names that were looked for among the local modules and are not a script's own.
        own: The top-level names that lie in the folder of the script that is looked at.
        roots: The source roots.
        root_names: The top-level names that lie in them.
        scripts: How many scripts have been looked at.
    """

    def __init__(self, roots: Sequence[Path]) -> None:
        self.roots = tuple(roots)
        self.scripts = 0
        self.root_names = [own_names(root) for root in roots]
        self.memory = Memory()
        self.infos: dict[object, Any] = {}
        self.chain_steps: dict[tuple[str, str, ast.AST], ChainStep] = {}
        self.constants: dict[ast.Constant, Value] = {}
        self.imported: set[str] = set()
        self.own: frozenset[str] = frozenset()
        self._modules: dict[tuple[str, Path], ModuleInfo] = {}
        self._trees: dict[Path, tuple[object, Any]] = {}

    def begin(self, own: frozenset[str]) -> None:
        """Begins with another script: no module has run."""
        self.own = own
        self.scripts += 1
        for module in self._modules.values():
            module.state = "new"

    def tree(self, path: Path, parse: Callable[[Path], Any]) -> Any:
        """Gives the parsed source of a file of a source root, parsed once as long as it does not change.

        Args:
            path: The file.
            parse: Parses it.
        """
        state: tuple[int, int] | None = None
        with suppress(OSError):
            status = path.stat()
            state = status.st_mtime_ns, status.st_size
        known = self._trees.get(path)
        if known is None or known[0] != state:
            known = self._trees[path] = (state, parse(path))
        return known[1]

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
