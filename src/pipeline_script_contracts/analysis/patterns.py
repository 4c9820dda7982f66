"""Strings of which some parts are known: `/opt/ml/input/data/{?}/part.csv`.

A pattern is a tuple of text pieces and holes. Paths are compared with declared paths component by component, with
three answers: it lies there, it may lie there, it does not.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property


@dataclass(frozen=True)
class Hole:
    """The unknown part of a string.

    Attributes:
        kind: Where it comes from: `argument`, `env`, `hyperparameter`, `name` (one file name), `temporary` (a name
            made up for a temporary file), `glob` (what a wildcard stands for) or `any`.
        name: The argument, variable or key, where it has a name.
        reason: For people: why it is not known.
    """

    kind: str = "any"
    name: str = ""
    reason: str = field(default="", compare=False)


ONE_NAME = ("name", "glob", "temporary")  # such a hole at the beginning makes a relative path
Part = str | Hole
Parts = tuple[Part, ...]


class Relation(Enum):
    """How a path pattern lies to a declared path."""

    INSIDE = "inside"  # equal to it or below it
    ABOVE = "above"  # a parent of it
    MAYBE = "maybe"  # the holes decide
    OUTSIDE = "outside"


def normalise(parts: Parts) -> Parts:
    """Joins neighbouring text and drops empty text."""
    result: list[Part] = []
    for part in parts:
        if isinstance(part, str):
            if not part:
                continue
            if result and isinstance(result[-1], str):
                result[-1] += part
                continue
        result.append(part)
    return tuple(result)


@dataclass(frozen=True)
class Pattern:
    """A string with holes. Use `Pattern.of` to build one."""

    parts: Parts

    @classmethod
    def of(cls, *parts: Part) -> Pattern:
        """Builds a pattern of text and holes."""
        return cls(normalise(parts))

    def __str__(self) -> str:
        return "".join(part if isinstance(part, str) else _show(part) for part in self.parts)

    @property
    def is_known(self) -> bool:
        """True when there is no hole."""
        return all(isinstance(part, str) for part in self.parts)

    @property
    def head(self) -> str:
        """The text before the first hole."""
        return self.parts[0] if self.parts and isinstance(self.parts[0], str) else ""

    @property
    def holes(self) -> tuple[Hole, ...]:
        """The holes, in order."""
        return tuple(part for part in self.parts if isinstance(part, Hole))

    @property
    def is_absolute(self) -> bool:
        """True when it certainly begins at the root."""
        return self.head.startswith("/")

    @property
    def is_remote(self) -> bool:
        """True for an address such as `s3://bucket/key`: not a path of this machine."""
        return "://" in self.head

    @cached_property
    def components(self) -> list[Parts]:
        """The names between the slashes, with `.` and `..` between known ones resolved."""
        return _split(self.parts)

    def fill(self, known: Callable[[Hole], str | None]) -> Pattern:
        """Puts text into holes.

        Args:
            known: Gives the text for a hole, or None where there is none.

        Returns:
            The pattern with the holes that could be filled replaced by text.
        """
        if self.is_known:
            return self
        filled: list[Part] = []
        for part in self.parts:
            text = known(part) if isinstance(part, Hole) else None
            filled.append(part if text is None else text)
        return Pattern.of(*filled)

    def relation(self, declared: str) -> Relation:
        """Tells how this path lies to a declared one.

        Args:
            declared: An absolute path in plain form.

        Returns:
            The relation. A hole is taken to be a relative name: it does not lead back up.
        """
        mine = self.components
        other = [part for part in declared.split("/") if part]
        if not self.is_absolute:
            first = self.parts[0] if self.parts else None
            is_open = isinstance(first, Hole) and first.kind not in ONE_NAME
            is_open = is_open or mine[:1] == [("opt",)]  # it lies there where the working folder is the root
            return Relation.MAYBE if is_open and _can_match(mine, other) else Relation.OUTSIDE
        for index, expected in enumerate(other):
            if index == len(mine):
                return Relation.ABOVE
            if not (len(mine[index]) == 1 and mine[index][0] == expected):
                if all(isinstance(part, str) for part in mine[index]):
                    return Relation.OUTSIDE
                return Relation.MAYBE if _can_match(mine[index:], other[index:]) else Relation.OUTSIDE
        return Relation.INSIDE


def _split(parts: Parts) -> list[Parts]:
    """Splits a path at its slashes and resolves `.` and `..` between known components."""
    pieces: list[list[Part]] = [[]]
    for part in parts:
        if isinstance(part, Hole):
            pieces[-1].append(part)
            continue
        first, *rest = part.split("/")
        pieces[-1].append(first)
        pieces.extend([piece] for piece in rest)
    result: list[Parts] = []
    for piece in pieces:
        component = normalise(tuple(piece))
        if component in ((), (".",)):
            continue
        if component == ("..",):
            if result:
                result.pop()
            continue
        result.append(component)
    return result


def _show(hole: Hole) -> str:
    if hole.kind == "glob":
        return "*"
    return f"{{{hole.name}}}" if hole.name else "{?}"


def _can_match(mine: list[Parts], other: list[str]) -> bool:
    """Tells whether some filling of the holes puts `mine` at, below or above `other`."""
    for component, expected in zip(mine, other, strict=False):
        holes = [part for part in component if isinstance(part, Hole)]
        if not holes:
            if component[0] != expected:
                return False
            continue
        if any(hole.kind == "temporary" for hole in holes):
            return False
        head = component[0] if isinstance(component[0], str) else ""
        if not expected.startswith(head):
            return False
        if any(hole.kind not in ("name", "glob") for hole in holes):
            return True  # such a hole may hold several components
        tail = component[-1] if isinstance(component[-1], str) else ""
        if not expected.endswith(tail):
            return False
    return True


def plain(path: str) -> str:
    """Gives a path in plain form, as declared paths are written."""
    flat = posixpath.normpath(path)
    return flat[1:] if flat.startswith("//") else flat
