"""`vars(x)` and `x.__dict__` are the object itself: what is put into them is put into its attributes."""

from __future__ import annotations

import ast

from . import expressions, mappings, targets
from .atoms import Const, Method, Value
from .containers import key_value
from .interpreter import Interpreter

_PUT = ("update", "setdefault")


def owner_of(interp: Interpreter, table: ast.expr) -> Value | None:
    """Gives the objects whose attributes an expression stands for, or None where it stands for none."""
    if isinstance(table, ast.Attribute) and table.attr == "__dict__":
        owner = table.value
    elif isinstance(table, ast.Call) and isinstance(table.func, ast.Name) and table.func.id == "vars" and table.args:
        owner = table.args[0]
    else:
        return None
    return expressions.evaluate(interp, owner) if isinstance(owner, (ast.Name, ast.Attribute)) else None


def follow(interp: Interpreter, node: ast.Call, callee: Value) -> None:
    """Gives the attributes what a call has put into their table, of which `callee` holds a copy."""
    if not isinstance(node.func, ast.Attribute) or node.func.attr not in _PUT:
        return
    owner = owner_of(interp, node.func.value)
    for atom in callee if owner is not None else ():
        state = mappings.mapping_state(interp, atom.owner) if isinstance(atom, Method) else None
        if owner is None or state is None:
            continue
        for key, value in state.entries.items():
            name = key_value(key)
            if isinstance(name, Const) and isinstance(name.value, str):
                certain = len(callee) == 1 and key in state.certain
                targets.put_attribute(interp, owner, name.value, value, node, certain=certain, raw=True)
        if state.rest:
            targets.set_any_attribute(interp, owner, state.rest)


def put(interp: Interpreter, owner: Value, key: Value, value: Value, node: ast.AST) -> None:
    """Sets an item of the table of an object's attributes."""
    names = [atom.value for atom in key if isinstance(atom, Const) and isinstance(atom.value, str)]
    for name in names:
        targets.put_attribute(interp, owner, name, value, node, certain=len(key) == 1, raw=True)
    if len(names) < len(key):
        targets.set_any_attribute(interp, owner, value)
