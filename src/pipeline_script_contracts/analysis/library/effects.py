"""Looks library calls up in the table and applies what it says."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import cache
from typing import Any

from .. import conditions, iteration, paths, strings
from ..atoms import NOTHING, Const, Handle, PathAtom, Ref, TupleAtom, Value
from ..interpreter import Interpreter
from ..patterns import Hole, Parts, Pattern
from ..texts import hole_text, parts_of
from .table import TABLES


@dataclass(frozen=True)
class Effect:
    """What a call does to one of its arguments.

    Attributes:
        kind: As in `PathUse`, or `data` (a path, or the data itself), `file` (the mode says), `model` (a local path, or
            the name of a published model), `object` (that, or the model itself), `fetch` (read, and written where
            `download` is true), `prefix` (written under names that begin so), `logs` (written where `report_to`
            asks for TensorBoard).
        position: Its position, None when it is given by name only.
        names: Its names.
        tree: True when it goes for everything below the path.
        mode: The argument that holds the mode of `file`.
        usual: The mode where none is given.
    """

    kind: str
    position: int | None
    names: tuple[str, ...]
    tree: bool = False
    mode: tuple[int | None, tuple[str, ...]] | None = None
    usual: str = "r"


@cache
def effects_table() -> dict[str, tuple[Effect, ...]]:
    """Gives the table: name of a call to its effects."""
    table: dict[str, tuple[Effect, ...]] = {}
    for section in TABLES:
        for names, text in section.items():
            effects = tuple(_parse(piece) for piece in text.split(",")) if text != "-" else ()
            for name in names.split():
                table[name] = effects
    return table


def _parse(text: str) -> Effect:
    kind, argument, *mode = text.split()
    position, names = _argument(argument)
    usual = mode[1] if len(mode) > 1 else "r"
    return Effect(kind.rstrip("+"), position, names, kind.endswith("+"), _argument(mode[0]) if mode else None, usual)


def _argument(text: str) -> tuple[int | None, tuple[str, ...]]:
    first, *rest = text.split("|")
    return (int(first), tuple(rest)) if first.isdigit() else (None, (first, *rest))


@cache
def find_effects(name: str) -> tuple[Effect, ...] | None:
    """Finds the effects of a library call.

    Args:
        name: Its dotted name.

    Returns:
        The effects; empty when it is known to touch no file; None when it is not known.
    """
    table = effects_table()
    found = table.get(name)
    if found is not None:
        return found
    head, _, last = name.rpartition(".")
    if name.startswith("pyspark."):
        direction = "write" if ".write" in name else "read" if ".read" in name else "*"
        found = table.get(f"pyspark.{direction}.{last}") or table.get(f"pyspark.*.{last}")
        if found is not None:
            return found
    root = name.partition(".")[0].partition("(")[0]
    found = table.get(f"{root}.*.{head.rpartition('.')[2]}.{last}") or table.get(f"{root}.*.{last}")
    if found is None and head.startswith("google.cloud"):
        found = table.get(f"google.cloud.*.{last}")
    if found is None and ("()" in head or "[]" in head):
        found = table.get(f"*.{last}")
    return found


def find_method_effects(name: str) -> tuple[Effect, ...] | None:
    """Finds the effects of a method of an object that is not known."""
    return effects_table().get(f"*.{name}")


def apply_effects(interp: Interpreter, effects: tuple[Effect, ...], sink: str, arguments: Any, node: ast.AST) -> Value:
    """Records what a call does to its arguments.

    Returns:
        The opened file, for a call that opens one; else nothing.
    """
    opened: Value = NOTHING
    for effect in effects:
        value = arguments.get(effect.position, *effect.names)
        if not value:
            continue
        if effect.kind in ("model", "object"):
            known = effect.kind == "object"
            touch_model(interp, tuple(atom for atom in value if not known or parts_of(atom) is not None), sink, node)
        elif effect.kind == "data":
            _touch_data(interp, value, sink, node)
        elif effect.kind == "prefix":
            begun = strings.concatenate(value, (hole_text("name", reason="the rest of a file name"),))
            paths.touch(interp, "write", begun, sink, node)
        elif effect.kind == "fetch":
            fetched = conditions.truth(interp, arguments.get(None, "download"))[0] and arguments.get(None, "download")
            paths.touch(interp, "update" if fetched else "read", value, sink, node, True)
        elif effect.kind == "logs":
            paths.touch(interp, _kind_of_logs(interp, arguments.get(None, "report_to")), value, sink, node)
        elif effect.kind == "file":
            assert effect.mode is not None
            mode = arguments.get(effect.mode[0], *effect.mode[1]) or (Const(effect.usual),)
            opened = open_path(interp, value, mode, sink, node)
        else:
            source = _source(effects, sink, arguments) if effect.kind == "write" else None
            paths.touch(interp, effect.kind, value, sink, node, effect.tree, source=source)
    return opened


def _kind_of_logs(interp: Interpreter, trackers: Value) -> str:
    """Tells what a trainer does to its folder of logs: only TensorBoard writes there."""
    items = [trackers]
    if len(trackers) == 1 and isinstance(trackers[0], (Ref, TupleAtom)):
        items = iteration.items_of(interp, trackers) or []
    names = {atom.value if isinstance(atom, Const) else "?" for item in items for atom in item}
    if not trackers or names & {None, "all", "tensorboard"}:
        return "write"
    return "delegate" if "?" in names else "probe"


def _source(effects: tuple[Effect, ...], sink: str, arguments: Any) -> Pattern | None:
    """Gives what a call moves or copies to where it writes."""
    if not sink.startswith(("os.", "shutil.", "distutils.")):
        return None
    found = next((each for each in effects if each.kind in ("read", "delete")), None)
    return paths.only_pattern(arguments.get(found.position, *found.names)) if found is not None else None


def open_path(interp: Interpreter, path: Value, mode: Value, sink: str, node: ast.AST) -> Value:
    """Records that a file is opened and gives its handle.

    Args:
        interp: The interpreter.
        path: The file.
        mode: The mode; nothing means reading.
        sink: The call.
        node: Where it stands.

    Returns:
        The handle.
    """
    kinds = kinds_of_mode(mode)
    for kind in sorted(kinds):
        paths.touch(interp, kind, path, sink, node)
    return (Handle(path, kinds != {"read"}, sink),)


def kinds_of_mode(mode: Value) -> set[str]:
    """Tells what opening a file in a mode may do; in a mode that is not known the file is as good as handed away."""
    kinds = set()
    for atom in mode or (Const("r"),):
        text = atom.value if isinstance(atom, Const) else None
        if not isinstance(text, str):
            kinds.add("delegate")
        elif "+" in text:
            kinds.add("update" if "r" in text else "write")
        else:
            kinds.add("write" if any(letter in text for letter in "wax") else "read")
    return kinds


def _touch_data(interp: Interpreter, value: Value, sink: str, node: ast.AST) -> None:
    """Reads what is given by path; anything else is the data itself."""
    paths.touch(interp, "read", tuple(atom for atom in value if parts_of(atom) is not None), sink, node)


def _is_named(parts: Parts | None) -> bool:
    """Tells whether a hyperparameter gives a published model's name."""
    hole = parts[0] if parts and len(parts) == 1 else None
    if not isinstance(hole, Hole) or hole.kind not in ("hyperparameter", "any"):
        return False  # what SM_HPS holds is of any kind, but has a name, too
    return hole.name.rpartition("_")[2] in ("name", "id", "repo", "model", "tag")


def touch_model(interp: Interpreter, value: Value, sink: str, node: ast.AST) -> None:
    """Reads a model by path; a name such as `bert-base-uncased` is not a path."""
    local = []
    for atom in value:
        parts = parts_of(atom)
        if (
            isinstance(atom, PathAtom)
            or parts is None
            or not parts
            or not isinstance(parts[0], str)
            or parts[0].startswith(("/", "."))
        ) and not _is_named(parts):
            local.append(atom)
    paths.touch(interp, "read", tuple(local), sink, node, tree=True)
