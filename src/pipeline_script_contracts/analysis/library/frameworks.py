"""Command lines declared by signatures or decorators: click, typer, fire, absl."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from .. import calls, environment, escapes, expressions, functions, iteration, written
from .. import calls as calls_module
from .. import environment as environment_module
from ..atoms import (
    BOOL,
    CONTENT,
    NONE,
    NOTHING,
    Atom,
    Bound,
    ClassAtom,
    Const,
    Function,
    Lib,
    Obj,
    Ref,
    Text,
    Value,
)
from ..containers import DictState, text_key
from ..facts import MISSING, Argument
from ..interpreter import Interpreter, strings_in
from ..patterns import Hole
from ..texts import with_step
from ..values import const, join, unknown
from . import collections_models, conversions, files, platform_defaults

_TYPES = {
    "builtins.int": "int",
    "builtins.float": "float",
    "builtins.bool": "bool",
    "builtins.str": "str",
    "pathlib.Path": "Path",
    "click.INT": "int",
    "click.FLOAT": "float",
    "click.BOOL": "bool",
    "click.STRING": "str",
    "click.IntRange()": "int",
    "click.FloatRange()": "float",
}


@dataclass
class Command:
    """A function that a command line framework calls.

    Attributes:
        function: The function.
        options: The arguments of its `click.option` and `click.argument` decorators, with their nodes and files.
        commands: The commands of a group.
        by_signature: True when the parameters themselves declare the arguments.
        lenient: True when it takes arguments that it does not declare.
        started: True when the script itself runs it.
    """

    function: Value
    options: list[tuple[str, calls_module.Arguments, ast.AST, str]] = field(default_factory=list)
    commands: list[Command] = field(default_factory=list)
    by_signature: bool = False
    lenient: bool = False
    started: bool = False


def argument_text(name: str) -> Value:
    """Gives what an argument without a default may be."""
    return (Text((Hole("argument", name, f"command line argument {name!r}"),)),)


def _typed(kind: str, value: Value) -> Value:
    if kind in ("int", "float"):
        return conversions.to_number(kind, value)
    if kind == "bool":
        return BOOL
    return conversions.to_path(value) if kind == "Path" else value


def record_argument(
    interp: Interpreter,
    name: str,
    node: ast.AST,
    kind: str,
    default: Value | None,
    *,
    options: tuple[str, ...] = (),
    flag: bool = False,
    positional: bool = False,
    required: bool = False,
    choices: tuple[Any, ...] | None = None,
    filename: str = "",
) -> Value:
    """Records an argument, declared in the running code or in another file, and gives what it may be."""
    known, constant = environment_module.constant_of(default) if default else (True, MISSING)
    if flag and not default:
        constant = False

    dest = name.replace("-", "_")
    interp.record.argument(
        Argument(
            name,
            interp.record.place(filename or interp.filename, node, interp.phase),
            options or (f"--{name}",),
            dest,
            constant,
            known,
            kind,
            flag,
            required,
            choices,
            positional,
            platform=platform_defaults.is_platform_default(interp, default or NOTHING, node),
        )
    )
    if flag:
        return BOOL
    if default and default != NONE:
        value = _typed(kind, environment_module.soften(default))
    elif choices:
        value = tuple(Const(each, True) for each in choices)
    else:
        value = _typed(kind, argument_text(name))
        if not required:
            value = join((Const(None, True),), value)
    return with_step(value, interp.step(f"argument {(options or (name,))[0]}", node))


# -- click ------------------------------------------------------------------------------------------------


def _click(kind: str) -> Any:
    def run(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
        return (Ref(Obj(f"click.{kind}", info=(arguments, node, interp.filename))),)

    return run


def _click_group(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    """`click.Group(commands={...})`, `click.CommandCollection(sources=[...])`: commands that stand together."""
    group = Command(NOTHING)
    for atom in (*arguments.get(1, "commands"), *arguments.get(None, "sources")):
        state = interp.store.get(atom.obj, CONTENT) if isinstance(atom, Ref) else None
        items = state.entries.values() if isinstance(state, DictState) else iteration.items_of(interp, (atom,)) or ()
        for item in items:
            group.commands += [each.obj.info for each in item if isinstance(each, Ref)]
    return (Ref(Obj("click.command", info=group)),)


def library_command(interp: Interpreter, name: str, value: Value, node: ast.AST) -> Value | None:
    """Applies `@click.command` written without parentheses."""
    if name in ("click.command", "click.group"):
        return _command(value)
    if name in ("click.pass_context", "click.pass_obj"):
        return value
    return None


def _command(value: Value) -> Value:
    made: list[Atom] = []
    for atom in value:
        if isinstance(atom, Ref) and isinstance(atom.obj.info, Command):
            made.append(atom)
        else:
            made.append(Ref(Obj("click.command", info=Command((atom,)))))
    return tuple(made)


def decorate_command(interp: Interpreter, wrapper: Ref, value: Value) -> Value | None:
    """Applies a decorator that one of the models made, or gives None."""
    interp.record.taint()
    kind, info = wrapper.obj.kind, wrapper.obj.info
    if kind in ("click.option", "click.argument"):
        made = _command(value)
        for atom in made:
            assert isinstance(atom, Ref)
            atom.obj.info.options.append((kind, *info))
        return made
    if kind in ("click.decorator", "click.subcommand"):
        made = _command(value)
        for atom in made:
            assert isinstance(atom, Ref)
            if kind == "click.decorator":
                atom.obj.info.lenient = bool(info[0].get(None, "context_settings"))
            else:
                info.commands.append(atom.obj.info)
        return made
    if kind == "typer.command":
        for atom in value:
            info.commands.append(Command((atom,), by_signature=True))
        return value
    return None


def command_method(interp: Interpreter, owner: Ref, name: str, arguments: Any, node: ast.AST) -> Value:
    """Calls a method of a click command or typer application."""
    interp.record.taint()
    command: Command = owner.obj.info
    if name in ("command", "group", "callback"):
        kind = "typer.command" if owner.obj.kind == "typer.Typer" else "click.subcommand"
        made: Value = (Ref(Obj(kind, info=command)),)
        first = arguments.get(0)
        if any(isinstance(atom, Function) for atom in first):
            assert isinstance(made[0], Ref)
            return decorate_command(interp, made[0], first) or first
        return made
    if name in ("main", "invoke", "__call__", "callback"):
        return run_command(interp, command, node)
    if name in ("add_command", "add_typer"):
        for atom in arguments.get(0):
            if isinstance(atom, Ref) and isinstance(atom.obj.info, Command):
                command.commands.append(atom.obj.info)
    return NONE


def run_command(interp: Interpreter, command: Command, node: ast.AST) -> Value:
    """Runs a command as from the command line: its function, and each command of a group."""
    command.started = True
    if command.function:
        if not command.lenient:
            interp.record.close_arguments()
        if command.by_signature:
            for atom in command.function:
                _call_by_signature(interp, atom, node)
        else:
            keywords = {}
            for option in command.options:
                name, value = _click_parameter(interp, *option)
                keywords[name] = value
            collections_models.run_elsewhere(interp, command.function, calls_module.Arguments([], keywords), node)
    if len(command.commands) > 1:
        interp.record.choose_command()
    for each in command.commands:
        run_command(interp, each, node)
    return NONE


def _click_parameter(
    interp: Interpreter, kind: str, arguments: calls_module.Arguments, node: ast.AST, filename: str
) -> tuple[str, Value]:
    texts = [text for value in arguments.positional for text in strings_in(value)]
    positional = kind == "click.argument"
    options = tuple(text for text in texts if text.startswith("-"))
    slashed = next((text for text in options if "/" in text), "")
    long = [text for text in options if text.startswith("--")]
    spelled = (long or list(options) or texts or ["?"])[0].partition("/")[0].lstrip("-")
    plain = [text for text in texts if not text.startswith("-")]
    parameter = (plain[0] if plain else spelled).replace("-", "_").lower()
    default = arguments.get(None, "default") or None
    flag = bool(slashed) or environment_module.constant_of(arguments.get(None, "is_flag")) == (True, True)
    type_value = arguments.get(None, "type")
    choices = None
    type_name = "str"
    for atom in type_value:
        if isinstance(atom, Lib):
            type_name = _TYPES.get(atom.name, "str" if atom.name.startswith("click.") else "")
        elif isinstance(atom, Ref) and atom.obj.kind == "click.Choice":
            items = iteration.items_of(interp, atom.obj.info[0].get(0)) or []
            choices = tuple(environment_module.constant_of(item)[1] for item in items)
        elif isinstance(atom, Ref) and atom.obj.kind == "click.Path":
            type_name = "Path" if atom.obj.info[0].get(None, "path_type") else "str"
    if not type_value and default:
        type_name = (
            type(environment_module.constant_of(default)[1]).__name__
            if environment_module.constant_of(default)[0]
            else "str"
        )
        type_name = type_name if type_name in ("int", "float", "bool") else "str"
    envvar = strings_in(arguments.get(None, "envvar"))
    if envvar:
        default = environment.read(interp, const(envvar[0]), default or NONE, node)
    required = positional or environment_module.constant_of(arguments.get(None, "required")) == (True, True)
    name = parameter if positional else spelled
    if positional and arguments.get(None, "nargs") == (Const(-1),) and type_value == (Lib("click.UNPROCESSED"),):
        interp.record.arguments_open = "a command takes any arguments"
        return parameter, unknown("arguments that are not processed")
    value = record_argument(
        interp,
        name,
        node,
        "bool" if flag else type_name,
        default,
        options=options,
        flag=flag,
        positional=positional,
        required=required,
        choices=choices,
        filename=filename,
    )
    for atom in type_value:
        if isinstance(atom, Ref) and atom.obj.kind == "click.File":
            value = files.open_file(interp, value, atom.obj.info[0].get(0, "mode"), "click.File", node)
    callback = arguments.get(None, "callback")
    if callback:
        context = unknown("the context of a command")
        value = calls.call(interp, callback, calls_module.Arguments([context, context, value]), node)
    return parameter, value


# -- typer and fire ---------------------------------------------------------------------------------------


def _typer_app(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    return (Ref(Obj("typer.Typer", info=Command(NOTHING))),)


def _typer_parameter(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    module = interp.frame.scope.module
    last = written.last_name(module, node.func) if isinstance(node, ast.Call) else "Option"
    return (Ref(Obj(f"typer.{last}", info=(arguments, node))),)


def run_function(interp: Interpreter, arguments: Any, node: ast.AST, either: bool = False) -> Value:
    """`typer.run(f)`, and `fire.Fire(f)`, which takes either spelling of an argument."""
    targets = arguments.get(0)
    if not targets:
        interp.record.arguments_open = "every function of the script is a command"
    for atom in targets:
        if isinstance(atom, ClassAtom):
            made = calls_module.call(interp, (atom,), calls_module.Arguments(), node)

            interp.record.arguments_open = "every method of a class is a command"
            escapes.escape(interp, made, "called from the command line", node)
        else:
            _call_by_signature(interp, atom, node, either)
    return NONE


def _call_by_signature(interp: Interpreter, atom: Atom, node: ast.AST, either: bool = False) -> None:

    function = atom.function if isinstance(atom, Bound) else atom
    if not isinstance(function, Function):
        return
    function = functions.shown(interp, function)
    spec = function.info.node.args
    keywords: dict[str, Value] = {}
    for argument in (*spec.posonlyargs, *spec.args, *spec.kwonlyargs):
        if isinstance(atom, Bound) and argument.arg == "self":
            continue
        keywords[argument.arg] = _parameter(interp, function, argument, either)
    if spec.vararg is not None or spec.kwarg is not None:
        interp.record.arguments_open = "a command takes any arguments"
    collections_models.run_elsewhere(interp, (atom,), calls_module.Arguments([], keywords), node)


def _parameter(interp: Interpreter, function: Function, argument: ast.arg, either: bool = False) -> Value:
    default: Value | None = function.defaults.get(argument.arg)
    module = function.info.module
    annotation = written.annotation(module, argument.annotation) if argument.annotation is not None else ""
    kind = next((name for name in ("int", "float", "bool", "Path") if name in annotation.replace("typing.", "")), "str")
    positional = default is None
    options: tuple[str, ...] = ()
    declared = _declared(interp, function, argument, default)
    if declared is not None:
        type_name, given = declared
        annotated = not any(isinstance(each, Ref) for each in default or ())
        own = given.positional[0] if given.positional and not annotated else None
        options = tuple(
            text
            for value in given.positional[0 if annotated else 1 :]
            for text in strings_in(value)
            if text.startswith("-")
        )
        default = own if own and own != (Const(...),) else default if annotated else given.get(None, "default") or None
        positional = type_name == "typer.Argument" or (default is None and not options and type_name != "typer.Option")
        variable = strings_in(given.get(None, "envvar"))
        if variable:
            default = environment.read(interp, (Const(variable[0]),), default or NONE, argument)
    spelled = next((each.lstrip("-") for each in options if each.startswith("--")), "")
    name = spelled.partition("/")[0] or (argument.arg if positional else argument.arg.replace("_", "-"))
    if either and not options:
        options = (f"--{argument.arg}", f"--{argument.arg.replace('_', '-')}")
    if default and not annotation:
        known, constant = environment_module.constant_of(default)
        kind = type(constant).__name__ if known and isinstance(constant, (int, float)) else kind
    flag = kind == "bool"
    return record_argument(
        interp,
        name,
        argument,
        kind,
        default,
        options=options,
        flag=flag,
        positional=positional,
        required=default is None,
        filename=function.info.module.text,
    )


def _declared(
    interp: Interpreter, function: Function, argument: ast.arg, default: Value | None
) -> tuple[str, calls_module.Arguments] | None:
    """Finds the `typer.Option(...)` of a parameter: its default, or inside `Annotated`."""
    for atom in default or ():
        if isinstance(atom, Ref) and atom.obj.kind in ("typer.Option", "typer.Argument"):
            return atom.obj.kind, atom.obj.info[0]
    if argument.annotation is not None:
        for each in ast.walk(argument.annotation):
            last = written.last_name(function.info.module, each.func) if isinstance(each, ast.Call) else ""
            if isinstance(each, ast.Call) and last in ("Option", "Argument"):
                return f"typer.{last}", calls.evaluate_arguments(interp, each)
    return None


# -- absl -------------------------------------------------------------------------------------------------


def _define_flag(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    names = strings_in(arguments.get(0, "name"))
    name = written.last_name(interp.frame.scope.module, node.func) if isinstance(node, ast.Call) else ""
    last = name.rpartition("_")[2]
    kind = {"integer": "int", "float": "float", "boolean": "bool", "bool": "bool"}.get(last, "str")
    if not names:
        interp.record.arguments_open = "a flag is declared under a name that is not known"
        return unknown("a flag")
    value = record_argument(interp, names[0], node, kind, arguments.get(1, "default") or None, flag=kind == "bool")
    interp.flags_defined[names[0]] = value
    interp.record.taint()

    return expressions.new_object(interp, "namespace", DictState({}).set(text_key("value"), value))


def flag_value(interp: Interpreter, name: str) -> Value:
    """Gives `FLAGS.name`."""
    interp.record.taint()
    return interp.flags_defined.get(name) or unknown(f"flag {name!r}")


def _app_run(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:

    return collections_models.run_elsewhere(
        interp, arguments.get(0, "main"), calls_module.Arguments([unknown("the arguments")]), node
    )


FRAMEWORK_MODELS: dict[str, Any] = {
    "click.command": _click("decorator"),
    "click.group": _click("decorator"),
    "click.Group": _click_group,
    "click.CommandCollection": _click_group,
    "click.option": _click("option"),
    "click.argument": _click("argument"),
    "click.Choice": _click("Choice"),
    "click.Path": _click("Path"),
    "click.File": _click("File"),
    "typer.Typer": _typer_app,
    "typer.Option": _typer_parameter,
    "typer.Argument": _typer_parameter,
    "typer.run": run_function,
    "fire.Fire": partial(run_function, either=True),
    "absl.app.run": _app_run,
    **{
        f"absl.flags.DEFINE_{kind}": _define_flag
        for kind in ("string", "integer", "float", "boolean", "bool", "enum", "list", "multi_string")
    },
}
