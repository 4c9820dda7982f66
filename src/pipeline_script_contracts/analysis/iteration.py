"""What iterating over a value gives: its items one by one where their number is known, else what each may be."""

from __future__ import annotations

from . import attributes, calls
from .atoms import CONTENT, NOTHING, Atom, ClassAtom, Const, Document, Handle, Lib, Ref, Text, TupleAtom, Unknown, Value
from .containers import DictState, ListState, key_value
from .facts import HyperparameterUse
from .interpreter import Interpreter
from .patterns import Hole
from .texts import hole_text
from .values import join, unknown

MAX_CHARACTERS = 64


def items_of(interp: Interpreter, value: Value) -> list[Value] | None:
    """Gives the items of an iterable in order, or None when their number is not known."""
    if len(value) != 1:
        return None
    atom = value[0]
    if isinstance(atom, TupleAtom):
        return list(atom.items)
    if isinstance(atom, Const) and isinstance(atom.value, str) and len(atom.value) <= MAX_CHARACTERS:
        return [(Const(each, atom.soft),) for each in atom.value]
    if isinstance(atom, ClassAtom) and atom.info.members:
        return [(member,) for member in atom.info.members.values()]
    if isinstance(atom, Ref):
        state = interp.store.get(atom.obj, CONTENT)
        if isinstance(state, ListState):
            return list(state.items) if state.items is not None else None
        if isinstance(state, DictState) and state.is_exact:
            return [(key_value(key),) for key in state.entries]
        return _iterated(interp, atom)
    return None


def _iterated(interp: Interpreter, atom: Ref) -> list[Value] | None:
    if atom.obj.cls is not None and atom.obj.cls.flavour == "namedtuple":
        return [interp.store.get(atom.obj, name) or NOTHING for name in atom.obj.cls.fields]
    return None


def element_of(interp: Interpreter, value: Value) -> Value:
    """Gives what any one item of an iterable may be; nothing for an empty one."""
    result: Value = NOTHING
    for atom in value:
        result = join(result, _element(interp, atom))
    return result


def _element(interp: Interpreter, atom: Atom) -> Value:
    known = items_of(interp, (atom,))
    if known is not None:
        result: Value = NOTHING
        for item in known:
            result = join(result, item)
        return result
    if isinstance(atom, Ref):
        state = interp.store.get(atom.obj, CONTENT)
        if isinstance(state, ListState):
            return state.element
        if isinstance(state, DictState):
            return state.keys
        return _from_protocol(interp, atom)
    if isinstance(atom, Text):
        return (Text((Hole("any", reason="a character"),)),)
    if isinstance(atom, Handle):
        return (hole_text("any", reason="a line of a file"),)
    if isinstance(atom, Lib):
        if atom.name == "sys.argv":
            interp.record.arguments_open = "arguments are taken from sys.argv"
        return (Lib(atom.name if atom.name.endswith("[]") or len(atom.name) > 80 else f"{atom.name}[]"),)
    if isinstance(atom, Document):
        interp.record.hyperparameter(HyperparameterUse("*", interp.place(interp.current)))
        return (hole_text("any", reason="the name of a hyperparameter"),)
    if isinstance(atom, Const) and atom.value is None:
        return NOTHING
    return (atom,) if isinstance(atom, Unknown) else unknown("an item of something that is not modelled")


def _from_protocol(interp: Interpreter, atom: Ref) -> Value:
    """Iterates over an object of the analysed code through `__iter__` or `__getitem__`."""
    method = attributes.find_method(interp, atom, "__iter__")
    if method is not None:
        result = calls.call(interp, method, calls.Arguments([]), interp.current)
        if atom not in result:
            return element_of(interp, result)
        method = attributes.find_method(interp, atom, "__next__")
        return (
            calls.call(interp, method, calls.Arguments([]), interp.current)
            if method is not None
            else unknown("an item")
        )
    method = attributes.find_method(interp, atom, "__getitem__")
    if method is not None:
        return calls.call(interp, method, calls.Arguments([unknown("an index")]), interp.current)
    return unknown("an item of an object")
