"""Environment variables: reading, probing and setting them."""

from __future__ import annotations

import ast
from dataclasses import replace
from typing import Any

from . import mappings
from .facts import MISSING, EnvRead, HyperparameterUse
from .interpreter import Interpreter
from .patterns import Hole
from .platform import CHANNEL_FOLDER, CHANNEL_PREFIX, HYPERPARAMETER_PREFIX, documented_value
from .values import (
    NONE,
    NOTHING,
    Atom,
    Const,
    Document,
    Lib,
    PathAtom,
    Text,
    Value,
    hole_text,
    join,
    make_text,
    parts_of,
    with_step,
)

ENVIRONMENT = frozenset({"os.environ", "os.environb"})
_OWNER = "environment"


def is_environment(atom: object) -> bool:
    """Tells whether an atom is `os.environ`."""
    return isinstance(atom, Lib) and (atom.name in ENVIRONMENT or atom.name == "os.environ.copy()")


def guard(interp: Interpreter, container: ast.expr, name: object) -> None:
    """Notes that a variable is known to be there, after `name in os.environ`."""
    if isinstance(name, str) and isinstance(container, ast.Name | ast.Attribute):
        interp.frame.guards.add(name)


def probe(interp: Interpreter, name: Atom) -> None:
    """Records that the presence of a variable is asked for."""
    node = interp.current
    if isinstance(name, Const) and isinstance(name.value, str):
        interp.record.env(EnvRead(name.value, interp.place(node), probe=True, guarded=True))
    else:
        interp.record.env(EnvRead("", interp.place(node), probe=True, guarded=True))


def set_variable(interp: Interpreter, name: Value, value: Value) -> None:
    """Remembers that the script itself sets a variable."""
    for atom in name:
        if isinstance(atom, Const) and isinstance(atom.value, str):
            interp.store.set(_OWNER, atom.value, value)


def read(interp: Interpreter, name: Value, default: Value | None, node: ast.AST) -> Value:
    """Reads a variable.

    Args:
        interp: The interpreter.
        name: Its name.
        default: What is taken when it is not set; None when that is an error.
        node: The expression.

    Returns:
        Its value.
    """
    result: Value = NOTHING
    for atom in name:
        result = join(result, _read_one(interp, atom, default, node))
    return result


def _read_one(interp: Interpreter, atom: Atom, default: Value | None, node: ast.AST) -> Value:
    if not (isinstance(atom, Const) and isinstance(atom.value, str)):
        return _read_unnamed(interp, atom, default, node)
    name = atom.value
    own = interp.store.get(_OWNER, name)
    if own is not None and all(isinstance(each, Const | Text | PathAtom) for each in own):
        return tuple(each for each in own)
    if name.startswith(HYPERPARAMETER_PREFIX):
        key = name[len(HYPERPARAMETER_PREFIX) :].lower()
        interp.record.hyperparameter(HyperparameterUse(key, interp.place(node), via="env"))
        return (hole_text("hyperparameter", key),)
    _record(interp, name, default, node)
    documented = documented_value(name)
    if documented is not None:
        value: Value = (Const(documented, soft=True),)
    elif default is None:
        value = (hole_text("env", name, f"environment variable {name}"),)
    elif default == NONE:
        value = (Const(None, soft=True), hole_text("env", name, f"environment variable {name}"))
    else:
        value = soften(default)
    return with_step(value, interp.step(f"os.environ[{name!r}]", node))


def _read_unnamed(interp: Interpreter, atom: Atom, default: Value | None, node: ast.AST) -> Value:
    parts = parts_of(atom) or ()
    head = parts[0] if parts and isinstance(parts[0], str) else ""
    if head.startswith(CHANNEL_PREFIX):
        rest = (head[len(CHANNEL_PREFIX) :].lower(), *parts[1:])
        return (make_text((f"{CHANNEL_FOLDER}/", *rest), True),)
    if head.startswith(HYPERPARAMETER_PREFIX):
        interp.record.hyperparameter(HyperparameterUse("*", interp.place(node), via="env"))
    interp.record.env(EnvRead("", interp.place(node), default=None if default else MISSING, guarded=True))
    value: Value = (hole_text("any", reason="an environment variable whose name is not known"),)
    return join(value, soften(default)) if default else value


def _record(interp: Interpreter, name: str, default: Value | None, node: ast.AST) -> None:
    known, constant = True, MISSING
    if default is not None:
        known, constant = constant_of(default)
    guarded = default is None and (
        interp.catches("KeyError", "LookupError") or any(name in frame.guards for frame in interp.frames)
    )
    interp.record.env(EnvRead(name, interp.place(node), constant, known, guarded=guarded))


def from_rest(interp: Interpreter, rest: Value, name: str, node: ast.AST) -> Value:
    """Gives a keyword argument out of those that are not known.

    After `**os.environ` it is a variable, after `**hyperparameters` a hyperparameter.
    """
    result: Value = NOTHING
    for atom in rest:
        if is_environment(atom):
            interp.frame.guards.add(name)
            result = join(result, read(interp, (Const(name),), None, node))
        elif isinstance(atom, Document):
            result = join(result, mappings.item(interp, atom, (Const(name),), node))
        else:
            result = join(result, (atom,))
    return result


def note_default(interp: Interpreter, node: ast.IfExp) -> None:
    """Takes the `else` of `os.environ[name] if name in os.environ else default` for the default of the read."""
    test = node.test
    if not (
        isinstance(test, ast.Compare) and isinstance(test.ops[0], ast.In) and isinstance(node.orelse, ast.Constant)
    ):
        return
    place = interp.place(node.body)
    reads = interp.record.analysis.env
    for index, each in enumerate(reads):
        if each.place == place and each.guarded and each.default is MISSING:
            reads[index] = replace(each, default=node.orelse.value)


def constant_of(value: Value) -> tuple[bool, Any]:
    """Gives whether a value is one constant, and which."""
    if len(value) == 1:
        atom = value[0]
        if isinstance(atom, Const):
            return True, atom.value
        if isinstance(atom, PathAtom) and isinstance(atom.text, Const):
            return True, atom.text.value
    return False, None


def soften(value: Value) -> Value:
    """Marks constants as replaceable from outside, so that they decide no branch."""
    return tuple(
        Const(atom.value, True, atom.via) if isinstance(atom, Const) and not atom.soft else atom for atom in value
    )


def with_fallback(interp: Interpreter, left: Value, right: Value) -> Value | None:
    """Gives the value of `os.environ.get(name) or fallback`, or None when `left` is no such read.

    The fallback becomes the default of the recorded read.
    """
    names = {
        part.name
        for atom in left
        if isinstance(atom, Text) and len(atom.parts) == 1
        for part in atom.parts
        if isinstance(part, Hole) and part.kind == "env"
    }
    if not names:
        return None
    known, constant = constant_of(right)
    reads = interp.record.analysis.env
    for index, each in enumerate(reads):
        if each.name in names and each.default is None and each.default_known and not each.probe:
            reads[index] = replace(each, default=constant, default_known=known)
    return soften(right)
