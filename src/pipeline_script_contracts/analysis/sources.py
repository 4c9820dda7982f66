"""Finds and parses source files; every way in which that can fail becomes a message."""

from __future__ import annotations

import ast
import tokenize
import warnings
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from ..findings import Location
from .facts import SourceProblem
from .scopes import ModuleInfo
from .session import Session

MAX_BYTES = 4_000_000


def parse(path: Path, compiles: bool = False) -> ast.Module | SourceProblem:
    """Reads and parses a file.

    Args:
        path: The file.
        compiles: Also see whether Python would run it: `return` outside of a function, say, is no error of parsing.

    Returns:
        The tree, or why there is none.
    """
    name = str(path)
    try:
        data = path.read_bytes()
    except OSError as error:
        return SourceProblem(name, f"cannot be read: {error.strerror}")
    if len(data) > MAX_BYTES:
        return SourceProblem(name, f"is too large to analyse: {len(data)} bytes, at most {MAX_BYTES}")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(data, filename=name)
            if compiles:
                _compile(tree, name)
            return tree if data.isascii() else _count_characters(tree, data)
    except (SyntaxError, ValueError) as error:  # some versions of Python raise a ValueError for null bytes
        line, column = getattr(error, "lineno", None), getattr(error, "offset", None)
        message = getattr(error, "msg", None) or str(error) or "syntax error"
        place = Location(line or 1, max(column or 1, 1))
        return SourceProblem(name, f"cannot be parsed: {_first_line(message, data)}", place)
    except (RecursionError, MemoryError):
        return SourceProblem(name, "is nested too deeply to be parsed")


def _compile(tree: ast.Module, name: str) -> None:
    with suppress(RecursionError, MemoryError):  # what is nested deeply may still be followed
        compile(tree, name, "exec", dont_inherit=True)


def _count_characters(tree: ast.Module, data: bytes) -> ast.Module:
    """Turns the column offsets of a tree, which count UTF-8 bytes, into characters, as editors and SARIF count them."""
    encoding, _ = tokenize.detect_encoding(iter(data.splitlines(keepends=True)).__next__)
    lines = [line.encode("utf-8") for line in data.decode(encoding, errors="replace").split("\n")]
    for node in ast.walk(tree):
        for row, column in (("lineno", "col_offset"), ("end_lineno", "end_col_offset")):
            number, offset = getattr(node, row, None), getattr(node, column, None)
            if number is not None and offset is not None and number <= len(lines):
                before = lines[number - 1][:offset]
                if not before.isascii():
                    setattr(node, column, len(before.decode("utf-8", errors="ignore")))
    return tree


def _first_line(message: str, data: bytes) -> str:
    """Says plainly that a file is not UTF-8, which the parser words as a syntax error."""
    try:
        tokenize.detect_encoding(iter(data.splitlines(keepends=True)).__next__)
        data.decode("utf-8")
    except (SyntaxError, UnicodeDecodeError):
        if b"coding" not in data[:200]:
            return "it is not UTF-8 text"
    return message


class Sources:
    """The local modules that a script can import: beside it, and below the source roots.

    Args:
        script: The script.
        roots: Further folders to import from.
        session: What scripts before this one share with it.
    """

    def __init__(self, script: Path, roots: Sequence[Path], session: Session | None = None) -> None:
        self.script = script
        self.folder = script.parent
        self.part = (session or Session()).part(self.folder, roots)
        self.roots = [root for root in roots if root != self.folder]
        self.modules: dict[str, ModuleInfo | None] = {}
        self.problems: list[SourceProblem] = []
        self.on_own: Callable[[], None] = lambda: None
        self._own: set[str] = set()
        self._files: dict[Path, ModuleInfo] = {}
        self._names = [self.part.own, *self.part.root_names]
        self.extra: list[Path] = []

    @property
    def files(self) -> list[Path]:
        """The files that were looked at, the script first."""
        return list(self._files)

    def main(self) -> ModuleInfo:
        """Gives the script as the module `__main__`."""
        return self._module("__main__", self.script, own=True, is_main=True)

    def add_folder(self, folder: Path) -> None:
        """Adds a folder that the script itself put on `sys.path`."""
        if folder not in self.extra and folder.is_dir():
            self.extra.append(folder)

    def find(self, name: str) -> ModuleInfo | None:
        """Finds a local module.

        Args:
            name: The dotted name.

        Returns:
            The module, or None when it is not local.
        """
        if name in self.modules:
            if name in self._own:
                self.on_own()
            return self.modules[name]
        found = self._find(name)
        self.modules[name] = found
        top = name.partition(".")[0]
        if found is None or not found.own:
            self.part.imported.add(top)
        if top in self.part.own:
            self._own.add(name)
            self.on_own()
        return found

    def _find(self, name: str) -> ModuleInfo | None:
        top = name.partition(".")[0]
        if not self.extra and not any(top in names for names in self._names):
            return None
        relative = Path(*name.split("."))
        for folder in (self.folder, *self.roots, *self.extra):
            own = folder == self.folder
            package = folder / relative / "__init__.py"
            if package.is_file():
                return self._module(name, package, own)
            module = (folder / relative).with_suffix(".py") if relative.name else package
            if module.is_file():
                return self._module(name, module, own)
            if own and (folder / relative).is_dir() and any((folder / relative).glob("*.py")):
                return self._namespace(name, folder / relative)
        return None

    def _namespace(self, name: str, folder: Path) -> ModuleInfo:
        """A folder without `__init__.py` that holds modules is a package too."""
        return ModuleInfo(name, folder / "__init__.py", ast.Module([], []), True)

    def load_file(self, path: Path, name: str) -> ModuleInfo | None:
        """Gives the module in a file that is run or imported by its path, or None where there is no such file."""
        return self._module(name, path, own=True) if path.is_file() else None

    def _module(self, name: str, path: Path, own: bool, is_main: bool = False) -> ModuleInfo:
        if path in self._files and not is_main:
            return self._files[path]
        tree = parse(path, compiles=True) if own else self.part.tree(path, parse)
        if isinstance(tree, SourceProblem):
            self.problems.append(tree)
        parsed = None if isinstance(tree, SourceProblem) else tree
        shared = parsed is not None and not own
        module = self.part.module(name, path, parsed) if shared else ModuleInfo(name, path, parsed, own, is_main)
        self._files[path] = module
        return module
