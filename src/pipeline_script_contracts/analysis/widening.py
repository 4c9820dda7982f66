"""Making values small: strings become what they share and a hole, so that sets of atoms stay bounded."""

from __future__ import annotations

from collections.abc import Callable

from .atoms import Atom, Const, PathAtom, Text, Unknown, Value
from .patterns import Hole
from .texts import chain_of, is_string, make_text, parts_of

MAX_ATOMS = 24


def generalise(value: Value) -> Value:
    """Makes a value with too many atoms small: strings of one folder become one with a hole, numbers unknown."""
    return _smaller(value, _by_folder)


def widened_value(value: Value) -> Value:
    """Covers what a value may grow to: strings become what they share and a hole, numbers unknown."""
    return _smaller(value, covering)


def _smaller(value: Value, shrink: Callable[[list[Atom]], list[Const | Text]]) -> Value:
    strings: list[Atom] = []
    paths: list[Atom] = []
    rest: list[Atom] = []
    numbers = False
    for atom in value:
        if isinstance(atom, PathAtom):
            paths.append(atom.text)
        elif is_string(atom):
            strings.append(atom)
        elif isinstance(atom, Const) and _number(atom):
            numbers = True
        else:
            rest.append(atom)
    result: list[Atom] = rest[:MAX_ATOMS]
    result += shrink(strings) if strings else []
    result += [PathAtom(text) for text in shrink(paths)] if paths else []
    if len(rest) > MAX_ATOMS or numbers:
        result.append(Unknown("one of many values"))
    return tuple(dict.fromkeys(result))


def _by_folder(atoms: list[Atom]) -> list[Const | Text]:
    """Replaces the strings of each folder by one, as long as that leaves few enough."""
    groups: dict[str, list[Atom]] = {}
    for atom in atoms:
        head = _head(atom)
        groups.setdefault(head[: head.rindex("/") + 1] if "/" in head else "", []).append(atom)
    result: list[Const | Text] = []
    open_folders: list[str] = []
    for folder, members in sorted(groups.items()):
        if any(folder.startswith(each) for each in open_folders):
            continue
        if len(members) == 1 and isinstance(members[0], (Const, Text)):
            result.append(members[0])
        else:
            open_folders += [folder] if folder else []
            result.append(make_text((folder, Hole(reason="one of many names")), True, chain_of(members[0])))
    return result if len(result) <= MAX_ATOMS // 2 else covering(atoms)


def _head(atom: Atom) -> str:
    parts = parts_of(atom) or ()
    return parts[0] if parts and isinstance(parts[0], str) else ""


def _number(atom: Const) -> bool:
    return isinstance(atom.value, (int, float, complex)) and not isinstance(atom.value, bool)


def covering(atoms: list[Atom]) -> list[Const | Text]:
    """Gives the strings that stand for several and for more of their kind: what they begin with, then a hole."""
    heads = [_head(atom) for atom in atoms]
    head = heads[0]
    for other in heads[1:]:
        size = min(len(head), len(other))
        head = head[: next((i for i in range(size) if head[i] != other[i]), size)]
    via = chain_of(atoms[0])
    hole = Hole(reason="one of many values")
    if head and not head.endswith("/") and all(each == head or each.startswith(f"{head}/") for each in heads):
        return [Const(head, True, via), make_text((f"{head}/", hole), True, via)]
    if "/" in head and not head.endswith("/"):
        head = head[: head.rindex("/") + 1]
    return [make_text((head, hole), True, via)]
