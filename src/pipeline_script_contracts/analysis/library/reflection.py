"""Built-in functions that look at objects and classes: attributes by name, types, namespaces."""

from __future__ import annotations

import ast
from typing import Any

from .. import (
    attributes,
    conditions,
    deletion,
    fields,
    mappings,
    targets,
)
from .. import expressions as expressions_module
from ..atoms import (
    ANY,
    BOOL,
    NONE,
    NOTHING,
    UNDEFINED,
    Atom,
    Bound,
    ClassAtom,
    Const,
    EnumMember,
    Function,
    Lib,
    ModuleAtom,
    PathAtom,
    Ref,
    Super,
    Text,
    TupleAtom,
    Unknown,
    Value,
)
from ..containers import DictState, text_key
from ..interpreter import Interpreter, strings_in
from ..store import Cell
from ..values import atoms_of, join, unknown


def _getattr(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    owner, names = arguments.get(0), arguments.get(1)
    default = arguments.get(2, default=NOTHING)
    known = [atom for atom in names if isinstance(atom, Const) and isinstance(atom.value, str)]
    if len(known) == len(names):
        result: Value = NOTHING
        for atom in known:
            result = join(result, _one_attribute(interp, owner, atom.value, default, node))
        return result
    for atom in owner:
        if isinstance(atom, Ref) and atom.obj.cls is not None:
            fields.note_all_fields(interp, atom, node)
    return join(_any_attribute(interp, owner), default)


def _one_attribute(interp: Interpreter, owner: Value, name: str, default: Value, node: ast.AST) -> Value:
    """An attribute by name; the default where it certainly or possibly is not there."""
    result: Value = NOTHING
    for atom in owner:
        has = _has(interp, atom, name)
        if has[0]:
            result = join(result, attributes.load_attribute(interp, (atom,), name, node))
        if has[1] and default:
            result = join(result, default)
    return result or default or unknown(f"attribute {name!r}")


def _has(interp: Interpreter, atom: Atom, name: str) -> conditions.Outcome:
    if isinstance(atom, Ref) and atom.obj.kind == "namespace":
        state = mappings.mapping_state(interp, atom)
        assert state is not None

        key = text_key(name)
        if key in state.certain:
            return (True, False)
        return conditions.EITHER if key in state.entries or state.rest else (False, True)
    if isinstance(atom, Ref) and atom.obj.cls is not None:
        cells = [interp.store.get(each, name) for each in (atom.obj, *(cls.scope for cls in atom.obj.cls.mro))]
        unseen = atom.obj.cls.unseen or attributes.find_method(interp, atom, "__getattr__") is not None
        return _in_any(cells, unseen or interp.store.get(atom.obj, ANY) is not None)
    if isinstance(atom, ModuleAtom):
        scope = atom.info.scope
        return _in_any([interp.store.get(scope, name)], interp.store.get(scope, "__getattr__") is not None)
    return conditions.EITHER


def _in_any(cells: list[Cell | None], elsewhere: bool) -> conditions.Outcome:
    """Tells whether a name is bound in any of several cells, or perhaps in what cannot be seen."""
    bound = [cell for cell in cells if isinstance(cell, tuple) and cell != (UNDEFINED,)]
    if any(UNDEFINED not in cell for cell in bound):
        return (True, False)
    return conditions.EITHER if bound or elsewhere else (False, True)


def _any_attribute(interp: Interpreter, owner: Value) -> Value:
    """An attribute whose name is not known: any function or value of the object or module."""
    result: Value = NOTHING
    for atom in owner:
        if isinstance(atom, ModuleAtom):
            for scope, name in list(interp.store.cells):
                cell = interp.store.get(scope, name) if scope is atom.info.scope else None
                if isinstance(cell, tuple):
                    result = join(result, tuple(each for each in cell if isinstance(each, (Function, ClassAtom))))
        elif isinstance(atom, Ref):
            if atom.obj.kind == "namespace":
                state = mappings.mapping_state(interp, atom)
                result = join(result, state.element if state is not None else NOTHING)
            elif atom.obj.cls is not None:
                result = join(result, mappings.attributes_state(interp, atom).element)
                for cls in atom.obj.cls.mro:
                    for statement in cls.node.body if cls.node is not None else ():
                        if isinstance(statement, ast.FunctionDef):
                            result = join(result, attributes.find_method(interp, atom, statement.name) or NOTHING)
        elif isinstance(atom, Lib):
            result = join(result, (Lib(f"{atom.name}.*"),))
    return join(result, unknown("an attribute whose name is not known"))


def _setattr(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    owner, names, value = arguments.get(0), arguments.get(1), arguments.get(2)
    texts = strings_in(names)
    for name in texts:
        if len(texts) == 1 and len(names) == 1:
            targets.set_attribute(interp, owner, name, value, node)
        else:
            targets.put_attribute(interp, owner, name, value, node, certain=False)
    if len(texts) < len(names):
        targets.set_any_attribute(interp, owner, value)
    return NONE


def _delattr(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    owner, names = arguments.get(0), strings_in(arguments.get(1))
    for name in names:
        deletion.delete_attribute(interp, owner, name, node, certain=len(arguments.get(1)) == 1)
    return NONE


def _hasattr(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    names = strings_in(arguments.get(1))
    yes = no = False
    for atom in arguments.get(0):
        for name in names:
            outcome = _has(interp, atom, name)
            yes, no = yes or outcome[0], no or outcome[1]
    return expressions_module.outcome_value((yes, no)) if yes or no else BOOL


def is_instance(interp: Interpreter, value: Value, classes: Value) -> conditions.Outcome:
    """Tells whether a value may be, and may not be, an object of one of some classes."""
    wanted: list[Atom] = []
    for atom in classes:
        wanted.extend(each for item in atom.items for each in item) if isinstance(atom, TupleAtom) else wanted.append(
            atom
        )
    yes = no = False
    for atom in value:
        outcomes = [_is_a(atom, cls) for cls in wanted]
        yes = yes or any(outcome[0] for outcome in outcomes)
        no = no or not any(outcome == (True, False) for outcome in outcomes)
    return (yes, no) if value and wanted else conditions.EITHER


_TYPE_NAMES: dict[str, type] = {
    "builtins.str": str,
    "builtins.int": int,
    "builtins.float": float,
    "builtins.bool": bool,
    "builtins.bytes": bytes,
}


def _is_a(atom: Atom, cls: Atom) -> conditions.Outcome:
    if isinstance(atom, (Unknown, Lib)):
        return conditions.EITHER
    if isinstance(cls, ClassAtom):
        if isinstance(atom, Ref) and atom.obj.cls is not None:
            return (True, False) if cls.info in atom.obj.cls.mro else (False, True)
        if isinstance(atom, EnumMember):
            return (True, False) if cls.info in atom.cls.mro else (False, True)
        return (False, True)
    if not isinstance(cls, Lib):
        return conditions.EITHER
    expected = _TYPE_NAMES.get(cls.name)
    if isinstance(atom, Const):
        if expected is None:
            return (
                (False, True)
                if cls.name in ("builtins.list", "builtins.dict", "builtins.tuple", "pathlib.Path")
                else conditions.EITHER
            )
        return (True, False) if isinstance(atom.value, expected) else (False, True)
    if isinstance(atom, Text):
        return _text_is_a(atom, cls.name, expected)
    if isinstance(atom, PathAtom):
        if cls.name.startswith("pathlib.") or cls.name == "os.PathLike":
            return (True, False)
        return (False, True) if cls.name.startswith("builtins.") else conditions.EITHER
    if isinstance(atom, Ref) and atom.obj.kind in ("list", "dict", "set") and cls.name.startswith("builtins."):
        return (True, False) if cls.name == f"builtins.{atom.obj.kind}" else (False, True)
    if isinstance(atom, TupleAtom) and cls.name.startswith("builtins."):
        return (True, False) if cls.name == "builtins.tuple" else (False, True)
    if isinstance(atom, Ref) and atom.obj.cls is not None and expected is not None:
        return (False, True)
    return conditions.EITHER


def _text_is_a(atom: Text, name: str, expected: type | None) -> conditions.Outcome:
    """A string that is known in part, or that an argument or variable gives, is nothing but a string."""
    if expected is str:
        return (True, False)
    other = expected is not None or name in ("builtins.list", "builtins.dict", "builtins.tuple", "pathlib.Path")
    certain = any(isinstance(part, str) or part.kind in ("argument", "env") for part in atom.parts)
    return (False, True) if other and certain else conditions.EITHER


def _method_type(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    owner = arguments.get(1)
    bound = [Bound(atom, owner) for atom in atoms_of(arguments.get(0), Function)]
    return tuple(bound) or unknown("a bound method")


def _isinstance(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    return expressions_module.outcome_value(is_instance(interp, arguments.get(0), arguments.get(1)))


def _vars(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    if not arguments.positional:
        return namespace_of(interp, interp.frame.scope)
    result: Value = NOTHING
    for atom in arguments.get(0):
        state = mappings.mapping_state(interp, atom)
        if isinstance(atom, Ref) and atom.obj.cls is not None and atom.obj.kind != "namespace":
            result = join(result, fields.dump(interp, atom, node))
        elif state is not None:
            result = join(result, expressions_module.new_object(interp, "dict", state))
        elif isinstance(atom, (ClassAtom, ModuleAtom)):
            result = join(result, namespace_of(interp, atom.info.scope))
        else:
            result = join(result, unknown("the attributes of something that is not known"))
    return result


def namespace_of(interp: Interpreter, scope: Any) -> Value:
    """Gives the names of a module, function or class with what they stand for."""
    state = DictState({})
    for owner, name in list(interp.store.cells):
        if owner is scope and isinstance(name, str):
            cell = interp.store.get(scope, name)
            if isinstance(cell, tuple):
                state = state.set(text_key(name), cell)
    return expressions_module.new_object(interp, "dict", state)


def _globals(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    return namespace_of(interp, interp.frame.scope.module.scope)


def _locals(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    return namespace_of(interp, interp.frame.scope)


def _type(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    result: Value = NOTHING
    for atom in arguments.get(0):
        if isinstance(atom, Ref) and atom.obj.cls is not None:
            result = join(result, (ClassAtom(atom.obj.cls),))
        elif isinstance(atom, Const):
            result = join(result, (Lib(f"builtins.{type(atom.value).__name__}"),))
        else:
            result = join(result, unknown("a type"))
    return result


def _super(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:

    for atom in arguments.get(0):
        if isinstance(atom, ClassAtom):
            return (Super(atom.info, arguments.get(1)),)
    return unknown("super()")


def _issubclass(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    yes = no = False
    for atom in arguments.get(0):
        for other in atoms_of(arguments.get(1), ClassAtom):
            if isinstance(atom, ClassAtom):
                same = other.info in atom.info.mro
                yes, no = yes or same, no or not same
    return expressions_module.outcome_value((yes, no)) if yes or no else BOOL


MODELS = {
    "builtins.getattr": _getattr,
    "builtins.setattr": _setattr,
    "builtins.delattr": _delattr,
    "builtins.hasattr": _hasattr,
    "builtins.isinstance": _isinstance,
    "builtins.issubclass": _issubclass,
    "builtins.vars": _vars,
    "builtins.globals": _globals,
    "builtins.locals": _locals,
    "builtins.type": _type,
    "builtins.super": _super,
    "types.MethodType": _method_type,
}
