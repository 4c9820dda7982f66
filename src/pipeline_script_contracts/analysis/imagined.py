"""Objects that frameworks make of an annotation: what a web framework or a model hands to code as `task: Task`."""

from __future__ import annotations

import ast
from functools import partial

from . import calls, classes, expressions
from .atoms import NOTHING, ClassAtom, Value
from .fields import FLAVOURS
from .interpreter import Interpreter
from .scopes import ClassInfo, FunctionInfo, ModuleInfo, Scope
from .values import join, unknown
from .words import words
from .written import last_name

_WRAPPERS = frozenset(words("Optional Annotated Final Required NotRequired Union"))
_SEQUENCES = frozenset(words("list List Sequence Iterable Iterator Collection set Set frozenset FrozenSet tuple Tuple"))


def arguments_of(interp: Interpreter, info: FunctionInfo, scope: Scope) -> dict[str, Value]:
    """Gives what a framework hands to a function whose parameters are annotated with classes that have fields.

    Args:
        interp: The interpreter.
        info: The function.
        scope: Where it was defined.

    Returns:
        The parameters that are told more about, and what they may be.
    """
    found = {}
    arguments = info.node.args
    positional = [*arguments.posonlyargs, *arguments.args]
    defaults: dict[str, ast.expr | None] = {each.arg: None for each in positional}
    ahead = len(positional) - len(arguments.defaults)
    defaults.update({each.arg: value for each, value in zip(positional[ahead:], arguments.defaults, strict=True)})
    defaults.update({each.arg: value for each, value in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)})
    for argument in (*positional, *arguments.kwonlyargs):
        if argument.annotation is None:
            continue
        given = _is_dependency(scope.module, defaults[argument.arg])
        made = imagine(interp, argument.annotation, scope, info.node, given)
        if made:
            found[argument.arg] = made
    return found


def _is_dependency(module: ModuleInfo, node: ast.expr | None) -> bool:
    """Tells whether an expression is `Depends()`: the parameter's class is made, whatever it is."""
    return isinstance(node, ast.Call) and not node.args and last_name(module, node.func) in ("Depends", "Security")


def imagine(interp: Interpreter, annotation: ast.expr, scope: Scope, node: ast.AST, given: bool = False) -> Value:
    """Gives the objects that an annotation speaks of, made with fields that are not known; nothing for other types.

    Args:
        interp: The interpreter.
        annotation: The annotation.
        scope: Where its names are looked up.
        node: What it stands at.
        given: Whether objects of any class are made, not only of those that have fields.

    Returns:
        The objects.
    """
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        try:
            annotation = ast.parse(annotation.value, mode="eval").body
        except SyntaxError:
            return NOTHING
    if isinstance(annotation, ast.BinOp):
        return _any_of(interp, [annotation.left, annotation.right], scope, node)
    if isinstance(annotation, ast.Subscript):
        return _of_generic(interp, annotation, scope, node)
    if isinstance(annotation, ast.Name):
        return _made(interp, _classes(interp, scope, annotation.id), node, given)
    return NOTHING


def _of_generic(interp: Interpreter, annotation: ast.Subscript, scope: Scope, node: ast.AST) -> Value:
    name = last_name(scope.module, annotation.value)
    parts = annotation.slice.elts if isinstance(annotation.slice, ast.Tuple) else [annotation.slice]
    if name in _SEQUENCES:
        made = imagine(interp, parts[0], scope, node) if len(parts) == 1 else _any_of(interp, parts, scope, node)
        return expressions.new_list(interp, None, made) if made else NOTHING
    if name == "Annotated" and any(_is_dependency(scope.module, part) for part in parts):
        return imagine(interp, parts[0], scope, node, True)
    return _any_of(interp, parts, scope, node) if name in _WRAPPERS else NOTHING


def _any_of(interp: Interpreter, parts: list[ast.expr], scope: Scope, node: ast.AST) -> Value:
    """Gives what several annotations speak of, or one that may be None: nobody can tell which of them it is."""
    result: Value = NOTHING
    for part in parts:
        result = join(result, imagine(interp, part, scope, node))
    return join(result, unknown("one of several types")) if result else NOTHING


def _classes(interp: Interpreter, scope: Scope | None, name: str) -> list[ClassInfo]:
    while scope is not None:
        cell = interp.store.get(scope, name)
        if isinstance(cell, tuple):
            return [atom.info for atom in cell if isinstance(atom, ClassAtom)]
        scope = scope.parent
    return []


def _made(interp: Interpreter, infos: list[ClassInfo], node: ast.AST, given: bool) -> Value:
    result: Value = NOTHING
    for info in infos:
        has_fields = info.flavour in FLAVOURS and info.flavour != "settings"
        if not (has_fields or given) or info in interp.imagined:
            continue
        interp.imagined.add(info)
        fields = calls.Arguments([], {}, NOTHING, unknown(f"a field of {info.name}"))
        try:
            made, changes = interp.explore(partial(classes.instantiate, interp, info, fields, node))
        finally:
            interp.imagined.discard(info)
        if changes is not None:
            interp.store.merge([changes])
            result = join(result, made or NOTHING)
    return result
