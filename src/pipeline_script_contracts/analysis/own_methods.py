"""What built-in types do themselves: methods called through the type or `super()`, and operators written as methods.

`str.join(", ", parts)`, `dict.get(d, "k")`, `super().__setitem__(key, value)`, `path.__truediv__("x")`.
"""

from __future__ import annotations

import ast
from functools import partial
from typing import Any

from . import calls, deletion, mappings, methods, operators, sequences, strings, subscripts, targets
from .atoms import CONTENT, NONE, Atom, Const, Lib, PathAtom, Ref, Text, TupleAtom, Value
from .containers import DictState, ListState
from .interpreter import Interpreter
from .words import words

_TYPES = frozenset(
    words(
        """builtins.str builtins.bytes builtins.dict builtins.list builtins.set builtins.tuple builtins.frozenset
        collections.OrderedDict collections.defaultdict collections.Counter collections.deque collections.UserDict
        collections.UserList pathlib.Path pathlib.PurePath pathlib.PosixPath pathlib.PurePosixPath"""
    )
)
_OF_NO_OBJECT = frozenset(words("maketrans fromhex fromkeys cwd home from_uri __new__ __init_subclass__"))
_BINARY: dict[str, ast.operator] = {
    "add": ast.Add(),
    "sub": ast.Sub(),
    "mul": ast.Mult(),
    "truediv": ast.Div(),
    "floordiv": ast.FloorDiv(),
    "mod": ast.Mod(),
    "or": ast.BitOr(),
    "and": ast.BitAnd(),
}
OPERATORS = {f"__{name}__": operator for name, operator in _BINARY.items()}
_REVERSED = {f"__r{name}__": operator for name, operator in _BINARY.items()}
_IN_PLACE = {f"__i{name}__": operator for name, operator in _BINARY.items()}
SPECIAL = frozenset(
    {*OPERATORS, *_REVERSED, *_IN_PLACE, *words("__getitem__ __setitem__ __delitem__ __init__ __str__ __fspath__")}
)


def is_of_type(name: str) -> bool:
    """Tells whether a dotted name is a method taken from a built-in type: its first argument is the object."""
    owner, _, method = name.rpartition(".")
    return owner in _TYPES and method not in _OF_NO_OBJECT


def call_own(interp: Interpreter, owner: Value, name: str, arguments: calls.Arguments, node: ast.AST) -> Value:
    """Calls a method as the built-in type has it, past what subclasses make of it.

    Args:
        interp: The interpreter.
        owner: The object.
        name: The method's name.
        arguments: The other arguments.
        node: The call.

    Returns:
        What it may return.
    """
    if len(owner) == 1:
        return _own(interp, owner[0], name, arguments, node)
    return interp.either([partial(_own, interp, atom, name, arguments, node) for atom in owner])


def _own(interp: Interpreter, atom: Atom, name: str, arguments: calls.Arguments, node: ast.AST) -> Value:
    if isinstance(atom, Lib):
        return calls.call(interp, (Lib(f"{atom.name}.{name}"),), arguments, node)
    if name == "__init__" and isinstance(atom, Ref):
        return _filled(interp, atom, arguments)
    return methods.call_method(interp, atom, name, arguments, node)


def special(interp: Interpreter, owner: Atom, name: str, arguments: Any, node: ast.AST) -> Value | None:
    """Calls an operator that is written as a method of a value of a built-in type; None where it is no such."""
    first = arguments.get(0)
    state = interp.store.get(owner.obj, CONTENT) if isinstance(owner, Ref) else None
    if not isinstance(state, (DictState, ListState)) and not isinstance(owner, (Const, Text, PathAtom, TupleAtom)):
        return None
    if name in OPERATORS:
        return operators.binary(interp, (owner,), OPERATORS[name], first, node)
    if name in _REVERSED:
        return operators.binary(interp, first, _REVERSED[name], (owner,), node)
    if name in _IN_PLACE:
        return in_place(interp, (owner,), _IN_PLACE[name], first, node)
    if name == "__setitem__":
        targets.put_item(interp, owner, first, arguments.get(1), True, node)
        return NONE
    if name == "__delitem__":
        deletion.delete_item(interp, owner, first, True, node)
        return NONE
    if name == "__getitem__":
        if isinstance(state, DictState):
            return mappings.item(interp, owner, first, node)
        if isinstance(state, ListState):
            return sequences.index_sequence(interp, list(state.items or ()) or None, state.element, first)
        return subscripts.item(interp, owner, first, node)
    return strings.to_text(interp, (owner,), node) if name in ("__str__", "__fspath__") else None


def in_place(interp: Interpreter, owner: Value, operator: ast.operator, value: Value, node: ast.AST) -> Value:
    """Runs `a.__iadd__(b)`, `operator.iconcat(a, b)`: changes a list or dict itself, and gives what it is then."""
    if len(owner) == 1 and isinstance(owner[0], Ref):
        obj = owner[0].obj
        state = interp.store.get(obj, CONTENT)
        if isinstance(state, ListState) and isinstance(operator, ast.Add):
            sequences.extend(interp, obj, value)
            return owner
        if isinstance(state, DictState) and isinstance(operator, ast.BitOr):
            mappings.dict_method(interp, owner[0], "update", calls.Arguments([value]), node)
            return owner
    return operators.binary(interp, owner, operator, value, node)


def _filled(interp: Interpreter, owner: Ref, arguments: calls.Arguments) -> Value:
    """Runs the initialiser of a dict or list."""
    state = interp.store.get(owner.obj, CONTENT)
    if isinstance(state, DictState):
        interp.store.set(owner.obj, CONTENT, mappings.dict_state(interp, arguments))
    elif isinstance(state, ListState) and arguments.positional:
        interp.store.set(owner.obj, CONTENT, ListState())
        sequences.extend(interp, owner.obj, arguments.get(0))
    return NONE
