"""The validators of pydantic models, which change what a field holds and fill fields in."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from . import calls, expressions
from .containers import DictState, text_key
from .interpreter import Interpreter
from .scopes import ClassInfo
from .values import NOTHING, ClassAtom, Function, Lib, Obj, Ref, Value, join, unknown

_FIELD_VALIDATORS = ("field_validator", "validator")
_IN_ANNOTATIONS = ("AfterValidator", "BeforeValidator", "PlainValidator")


@dataclass(frozen=True)
class _Validator:
    """A method that looks at fields.

    Attributes:
        cls: The class in whose body it stands.
        name: Its name.
        on_defaults: True when it looks at defaults too.
    """

    cls: ClassInfo
    name: str
    on_defaults: bool


def validated(interp: Interpreter, info: ClassInfo, name: str, value: Value, given: bool, obj: Obj) -> Value:
    """Gives what the validators of a field make of its value.

    Args:
        interp: The interpreter.
        info: The model.
        name: The field.
        value: Its value.
        given: Whether it was given; a default is looked at only by validators that ask for it.
        obj: The object that is made, which holds the earlier fields.

    Returns:
        The new value.
    """
    if info.flavour not in ("pydantic", "settings"):
        return value
    node: ast.AST = info.node or ast.Pass()
    for cls in info.mro:
        annotation = interp.infos.get(("annotation", cls, name))
        for function in _in_annotation(interp, annotation) if given and annotation is not None else ():
            value = calls.call(interp, function, calls.Arguments([value]), node)
    for each in _of_field(info, name):
        if not (given or each.on_defaults):
            continue
        method = interp.store.get(each.cls.scope, each.name)
        if isinstance(method, tuple):
            value = _apply(interp, info, each, method, value, obj, node)
    return value


def _apply(
    interp: Interpreter, info: ClassInfo, each: _Validator, method: Value, value: Value, obj: Obj, node: ast.AST
) -> Value:
    result: Value = NOTHING
    for atom in method:
        if not isinstance(atom, Function):
            return unknown(f"what validator {each.name!r} gives")
        arguments: list[Value] = [] if atom.binding == "static" else [(ClassAtom(info),)]
        arguments.append(value)
        for parameter in atom.info.positional[len(arguments) :]:
            arguments.append(_earlier(interp, obj) if parameter == "values" else (Lib("pydantic.ValidationInfo()"),))
        result = join(result, calls.call(interp, (atom,), calls.Arguments(arguments), node))
    return result


def _earlier(interp: Interpreter, obj: Obj) -> Value:
    """Gives the fields that have been validated before, as a mapping."""
    state = DictState({})
    for name in sorted(obj.info):
        cell = interp.store.get(obj, name)
        if isinstance(cell, tuple):
            state = state.set(text_key(name), cell)
    return expressions.new_object(interp, "dict", state)


def _of_field(info: ClassInfo, field: str) -> Iterator[_Validator]:
    """Gives the validators of a field, those of base classes first."""
    for cls in reversed(info.mro):
        for statement in cls.node.body if cls.node is not None else ():
            if not isinstance(statement, ast.FunctionDef):
                continue
            for decorator in statement.decorator_list:
                if isinstance(decorator, ast.Call) and _last_name(decorator.func) in _FIELD_VALIDATORS:
                    fields = [each.value for each in decorator.args if isinstance(each, ast.Constant)]
                    if field in fields or "*" in fields:
                        always = any(each.arg == "always" and _is_true(each.value) for each in decorator.keywords)
                        yield _Validator(cls, statement.name, always or _validates_defaults(cls, field))


def _validates_defaults(cls: ClassInfo, field: str) -> bool:
    """Tells whether a field or its model asks for its default to be validated."""
    default = cls.fields.get(field)
    texts = [ast.unparse(default)] if isinstance(default, ast.Call) else []
    for statement in cls.node.body if cls.node is not None else ():
        if isinstance(statement, ast.Assign) and "model_config" in ast.unparse(statement.targets[0]):
            texts.append(ast.unparse(statement.value))
    return any("validate_default=True" in text or "'validate_default': True" in text for text in texts)


def _in_annotation(interp: Interpreter, annotation: ast.expr) -> Iterator[Value]:
    """Gives the functions in `Annotated[str, AfterValidator(function)]`."""
    for each in ast.walk(annotation):
        if isinstance(each, ast.Call) and _last_name(each.func) in _IN_ANNOTATIONS and each.args:
            yield expressions.evaluate(interp, each.args[0])


def run_after(interp: Interpreter, info: ClassInfo, obj: Obj, node: ast.AST) -> None:
    """Runs the validators that look at the whole object when it is complete, which may fill fields in."""
    for cls in info.mro:
        for statement in cls.node.body if cls.node is not None else ():
            if isinstance(statement, ast.FunctionDef) and _is_after_validator(statement):
                method = interp.store.get(cls.scope, statement.name)
                if method is not None:
                    calls.call(interp, method, calls.Arguments([(Ref(obj),)]), node)


def _is_after_validator(node: ast.FunctionDef) -> bool:
    texts = [ast.unparse(each) for each in node.decorator_list]
    return any("model_validator" in text and "after" in text for text in texts)


def _last_name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _is_true(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is True
