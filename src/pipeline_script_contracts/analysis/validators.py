"""The validators of pydantic models, which change what a field holds and fill fields in."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from . import calls, checks, expressions
from .atoms import NOTHING, ClassAtom, Function, Lib, Obj, Ref, Value
from .containers import DictState, text_key
from .interpreter import Interpreter
from .scopes import ClassInfo, ModuleInfo
from .values import join, unknown
from .written import last_name

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
    functions, methods = _validators_of(interp, info, name)
    for each in functions if given else ():
        value = calls.call(interp, expressions.evaluate(interp, each), calls.Arguments([value]), node)
    for method in methods:
        function = interp.store.get(method.cls.scope, method.name)
        if isinstance(function, tuple) and (given or method.on_defaults):
            value = _apply(interp, info, method, function, value, obj, node)
    return value


def _validators_of(interp: Interpreter, info: ClassInfo, name: str) -> tuple[list[ast.expr], list[_Validator]]:
    """Gives the validators of a field: functions in its annotation, and methods."""
    key = ("validators", info, name)
    if key not in interp.infos:
        found = ((cls.module, interp.infos.get(("annotation", cls, name))) for cls in info.mro)
        functions = [each for module, text in found if text is not None for each in _in_annotation(module, text)]
        interp.infos[key] = functions, list(_of_field(info, name))
    result: tuple[list[ast.expr], list[_Validator]] = interp.infos[key]
    return result


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
        module = cls.module
        for statement in cls.node.body if cls.node is not None else ():
            if type(statement) is not ast.FunctionDef:
                continue
            for decorator in statement.decorator_list:
                if isinstance(decorator, ast.Call) and last_name(module, decorator.func) in _FIELD_VALIDATORS:
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


def _in_annotation(module: ModuleInfo, annotation: ast.expr) -> Iterator[ast.expr]:
    """Gives the functions in `Annotated[str, AfterValidator(function)]`."""
    for each in ast.walk(annotation):
        if isinstance(each, ast.Call) and last_name(module, each.func) in _IN_ANNOTATIONS and each.args:
            yield each.args[0]


def run_after(interp: Interpreter, info: ClassInfo, obj: Obj, node: ast.AST) -> None:
    """Runs the validators that look at the whole object when it is complete, which may fill fields in."""
    for cls, statement in _after_validators(interp, info):
        checked = ("only checks", info, statement)
        if checked not in interp.infos:
            interp.infos[checked] = checks.only_checks(interp, info, cls, statement)
        if interp.infos[checked] and not interp.record.once_more(("checked", info, statement)):
            continue  # another object would be looked at in the same way, to no other effect
        method = interp.store.get(cls.scope, statement.name)
        if method is not None:
            calls.call(interp, method, calls.Arguments([(Ref(obj),)]), node)


def _after_validators(interp: Interpreter, info: ClassInfo) -> list[tuple[ClassInfo, ast.FunctionDef]]:
    key = ("after", info)
    if key not in interp.infos:
        interp.infos[key] = [
            (cls, statement)
            for cls in reversed(info.mro)
            for statement in (cls.node.body if cls.node is not None else ())
            if isinstance(statement, ast.FunctionDef) and _is_after_validator(cls.module, statement)
        ]
    found: list[tuple[ClassInfo, ast.FunctionDef]] = interp.infos[key]
    return found


def _is_after_validator(module: ModuleInfo, node: ast.FunctionDef) -> bool:
    calls_of = [each for each in node.decorator_list if isinstance(each, ast.Call)]
    return any(last_name(module, each.func) == "model_validator" and "after" in ast.unparse(each) for each in calls_of)


def _is_true(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is True
