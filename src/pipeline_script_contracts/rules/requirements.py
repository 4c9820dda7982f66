"""Requirements files: what they list, and comparing version specifiers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from ..analysis.facts import Place
from ..analysis.library.packages import normal_name
from ..findings import Location

_LINE = re.compile(r"(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[[^\]]*\])?\s*(?P<rest>.*)")
_CLAUSE = re.compile(r"(===|==|~=|!=|<=|>=|<|>)\s*([^,\s;]+)")


@dataclass(frozen=True)
class Requirement:
    """One line of a requirements file."""

    name: str
    specifier: str
    path: Path
    line: int

    @property
    def place(self) -> Place:
        """Where it stands."""
        return Place(str(self.path), Location(self.line, 1), Location(self.line, 1))


def read_requirements(path: Path, depth: int = 0) -> dict[str, Requirement]:
    """Reads a requirements file and those that it includes.

    Args:
        path: The file.
        depth: How many files include this one.

    Returns:
        Distribution, in normal spelling, to its line.
    """
    found: dict[str, Requirement] = {}
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return found
    for number, raw in enumerate(text.splitlines(), start=1):
        line = re.split(r"(?:^|\s)#", raw, maxsplit=1)[0].strip()
        include = re.match(r"(?:-r|--requirement)[\s=]+(\S+)", line)
        if include and depth < 5:
            found.update(read_requirements(path.parent / include[1], depth + 1))
        elif line and (not line.startswith("-") or "#egg=" in line):
            requirement = _parse(line, path, number)
            if requirement is not None:
                found[requirement.name] = requirement
    return found


def _parse(line: str, path: Path, number: int) -> Requirement | None:
    egg = re.search(r"#egg=([A-Za-z0-9._-]+)", line)
    if egg:
        return Requirement(normal_name(egg[1]), "", path, number)
    bare = line.partition(";")[0].partition(" --")[0].strip()
    if bare.endswith(".whl") and " @ " not in bare:
        return Requirement(normal_name(bare.rpartition("/")[2].partition("-")[0]), "", path, number)
    match = _LINE.match(bare)
    if match is None or "://" in bare.partition(" @ ")[0]:
        return None
    rest = "" if match["rest"].startswith("@") else match["rest"]
    return Requirement(normal_name(match["name"]), "".join(rest.strip("()").split()), path, number)


def same_specifier(first: str, second: str) -> bool:
    """Compares two version specifiers clause by clause; `==2.1` and `==2.1.0` are the same."""
    return _clauses(first) == _clauses(second)


def _clauses(specifier: str) -> set[tuple[str, str]]:
    return {(operator, _version(version)) for operator, version in _CLAUSE.findall(specifier)}


def _version(text: str) -> str:
    version = text.lower().removeprefix("v")
    while version.endswith(".0"):
        version = version[:-2]
    return version
