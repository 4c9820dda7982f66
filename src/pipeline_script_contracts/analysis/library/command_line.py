"""Command lines: argparse, `sys.argv`, and what the modules for click, typer, fire, absl and Hugging Face add."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field, replace
from typing import Any

from .. import absent_variables, calls, environment, expressions, iteration, written
from ..atoms import BOOL, CONTENT, NONE, NOTHING, Const, Lib, Obj, Ref, Text, TupleAtom, Value
from ..containers import DictState, ListState, text_key
from ..facts import MISSING, Argument
from ..interpreter import CODE_FOLDER, DeadEnd, Interpreter, strings_in
from ..patterns import Hole
from ..texts import holes_in
from ..values import has_unknown, join, unknown
from ..words import words
from . import conversions, dataclass_parsers, files, frameworks, platform_defaults

PARSER = "argparse.ArgumentParser"
_FLAGS = {"store_true": (True, False), "store_false": (False, True)}


@dataclass
class Action:
    """One argument of a parser.

    Attributes:
        fact: What is recorded.
        value: What the parsed argument may be.
    """

    fact: Argument
    value: Value
    names: list[str] = field(default_factory=list)


def _make_parser(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    parser = Obj(PARSER)
    actions = ListState()
    for source in iteration.items_of(interp, arguments.get(None, "parents") or (TupleAtom([]),)) or []:
        for atom in source:
            state = interp.store.get(atom.obj, CONTENT) if isinstance(atom, Ref) else None
            for item in state.items or () if isinstance(state, ListState) else ():
                actions = actions.append(item)
    interp.store.set(parser, CONTENT, actions)
    return (Ref(parser),)


def parser_method(interp: Interpreter, owner: Ref, name: str, arguments: Any, node: ast.AST) -> Value | None:
    """Calls a method of an argument parser."""
    if name == "add_argument":
        return _add_argument(interp, owner, arguments, node)
    if name in ("add_argument_group", "add_mutually_exclusive_group"):
        return (owner,)
    if name == "add_subparsers":
        dest = strings_in(arguments.get(None, "dest"))
        if dest:
            _set_default(interp, owner, dest[0], (Text((Hole("any", reason="the chosen command"),)),))
        return (owner,)
    if name == "add_parser":
        return _add_parser(interp, owner, arguments, node)
    if name == "set_defaults":
        for key, value in arguments.keywords.items():
            _set_default(interp, owner, key, value)
        return NONE
    if name in ("parse_args", "parse_known_args", "parse_intermixed_args"):
        if _has_words_of_its_own(interp, node):
            interp.store.set(owner.obj, "own words", NONE)
        parsed = _parse(interp, owner, node)
        if name != "parse_known_args":
            if arguments.get(0, "args") in (NOTHING, NONE) and interp.store.get("process", "argv") in (None, NONE):
                interp.record.close_arguments()
            return parsed
        return (TupleAtom([parsed, (Lib("sys.argv"),)]),)
    if name in ("parse_args_into_dataclasses", "parse_args_and_config", "parse_dict", "parse_json_file"):
        if name.startswith("parse_args") and not (arguments.positional or arguments.keywords):
            interp.record.close_arguments()
        return dataclass_parsers.parse_into_dataclasses(interp, owner, node)
    if name in ("error", "exit"):
        raise DeadEnd
    if name not in _QUIET and not name.startswith("_"):  # a method of the script's own
        interp.record.arguments_open = f"the parser's {name} is not followed"
        interp.store.set(owner.obj, "open", NONE)
    return unknown(f"the parser's {name}")


_QUIET = frozenset(
    words(
        """print_help print_usage format_help format_usage get_default register convert_arg_line_to_args epilog prog
        description usage"""
    )
)


def _set_default(interp: Interpreter, owner: Ref, name: str, value: Value) -> None:
    state = interp.store.get(owner.obj, "defaults") or DictState({})
    old = state.entries.get(text_key(name), NOTHING)
    interp.store.set(owner.obj, "defaults", state.set(text_key(name), join(old, value)))


def _add_parser(interp: Interpreter, owner: Ref, arguments: Any, node: ast.AST) -> Value:
    made = _make_parser(interp, arguments, node)
    state = interp.store.get(owner.obj, "subparsers") or ListState()
    interp.store.set(owner.obj, "subparsers", state.append(made))
    interp.record.choose_command()
    return made


def _has_words_of_its_own(interp: Interpreter, node: ast.AST) -> bool:
    """Tells whether a parser is given the words of a text, `parser.parse_args(options.split())`: no command line."""
    given = node.args[0] if isinstance(node, ast.Call) and node.args else None
    if not isinstance(given, ast.Call):
        return False
    if written.dotted(interp.frame.scope.module, given.func) == "shlex.split" and given.args:
        text = expressions.evaluate(interp, given.args[0])
    elif isinstance(given.func, ast.Attribute) and given.func.attr == "split":
        text = expressions.evaluate(interp, given.func.value)
    else:
        return False
    reasons = [hole.reason for atom in text for hole in holes_in(atom)]
    of_command_line = any(isinstance(atom, Lib) and atom.name.startswith("sys.argv") for atom in text)
    return not of_command_line and not any("sys.argv" in each or each.startswith("a join of") for each in reasons)


def _parse(interp: Interpreter, owner: Ref, node: ast.AST) -> Value:
    result = Obj("namespace")
    interp.store.set(result, CONTENT, _parsed_state(interp, owner))
    return (Ref(result),)


def handed_over(interp: Interpreter, arguments: Any) -> Value:
    """Gives the parsers that code out of sight is given: what it gives back may be one of them, with more arguments."""
    parsers = tuple(
        atom for value in arguments.every() for atom in value if isinstance(atom, Ref) and atom.obj.kind == PARSER
    )
    for each in parsers:
        interp.store.set(each.obj, "more", NONE)
        _parsed_state(interp, each)  # they are declared to be parsed, there or later
    return parsers


def _parsed_state(interp: Interpreter, owner: Ref) -> DictState:
    state = DictState({})
    if interp.store.get(owner.obj, "more") is not None:  # others than those that are known
        state = state.set_unknown(unknown("an argument"), unknown("an argument that is not known"))
    defaults = interp.store.get(owner.obj, "defaults")
    if isinstance(defaults, DictState):
        for key, value in defaults.entries.items():
            state = state.set(key, environment.soften(value))
    actions = interp.store.get(owner.obj, CONTENT)
    for item in actions.items or () if isinstance(actions, ListState) else ():
        for atom in item:
            if isinstance(atom, Ref) and isinstance(atom.obj.info, Action):
                action = atom.obj.info
                key = text_key(action.fact.dest)
                overridden = state.entries.get(key, NOTHING)
                fact = action.fact
                if overridden:
                    known, constant = environment.constant_of(overridden)
                    fact = replace(fact, default=constant, default_known=known)
                if interp.store.get(owner.obj, "own words") is None:
                    interp.record.argument(fact)
                state = state.set(key, overridden or action.value)
    if interp.store.get(owner.obj, "open") is not None:
        state = state.set_unknown(unknown("an argument"), unknown("an argument that is not known"))
    if isinstance(actions, ListState) and actions.items is None:
        interp.record.arguments_open = "arguments are declared in a loop that cannot be followed"
    inner = interp.store.get(owner.obj, "subparsers")
    for item in inner.items or () if isinstance(inner, ListState) else ():
        for atom in item:
            if isinstance(atom, Ref):
                for key, value in _parsed_state(interp, atom).entries.items():
                    state = (
                        state.maybe(key, value)
                        if key not in state.certain
                        else state.set(key, join(state.entries[key], value))
                    )
    return state


def _add_argument(interp: Interpreter, owner: Ref, arguments: Any, node: ast.AST) -> Value:
    names = [text for value in arguments.positional for text in strings_in(value)]
    if not names or any(has_unknown(value) for value in arguments.positional):
        interp.record.arguments_open = "an argument is declared under a name that is not known"
        return unknown("an argument")
    if len(arguments.positional) == 1 and len(names) > 1:  # a loop that could not be unrolled: any of the names
        for name in names:
            _add_one(interp, owner, [name], arguments, node)
        return NONE
    return _add_one(interp, owner, names, arguments, node)


def _add_one(interp: Interpreter, owner: Ref, names: list[str], arguments: Any, node: ast.AST) -> Value:
    long = [name for name in names if name.startswith("--")]
    positional = not names[0].startswith("-")
    name = names[0] if positional else (long or names)[0].lstrip("-")
    dest = strings_in(arguments.get(None, "dest"))
    target = dest[0] if dest else name if positional else name.replace("-", "_")  # a positional keeps its hyphens
    actions = strings_in(arguments.get(None, "action")) or ["store"]
    action = "boolean" if arguments.get(None, "action") == (Lib("argparse.BooleanOptionalAction"),) else actions[0]
    if action in ("version", "help"):
        return NONE
    given = arguments.keywords.get("default")
    default = _without_itself(given, names) if given else given
    flag = action in ("store_true", "store_false", "store_const", "count", "boolean", "append_const")
    required = (positional and not _may_be_absent(arguments)) or environment.constant_of(
        arguments.get(None, "required")
    ) == (
        True,
        True,
    )
    kind = _type_name(arguments.get(None, "type"))
    known, constant = _default_of(interp, default)
    if default is None and action in _FLAGS:
        constant = _FLAGS[action][1]
    choices = _choices(interp, arguments)
    fact = Argument(
        name,
        interp.place(node),
        tuple(names),
        target,
        constant,
        known,
        "bool" if flag else kind,
        flag,
        required,
        choices,
        positional,
        arguments.get(None, "nargs") not in (NOTHING, NONE, (Const("?"),)) or action in ("append", "extend"),
        platform_defaults.is_platform_default(interp, given or NOTHING, node, known and constant is not MISSING),
    )
    value = _value_of(interp, fact, action, default, choices, arguments, node)
    step = interp.step(f"argument {names[-1] if positional else (long or names)[0]}", node)
    value = absent_variables.as_argument(value, step)
    item = (Ref(Obj("argparse.Action", info=Action(fact, value, names))),)
    state = interp.store.get(owner.obj, CONTENT)
    assert isinstance(state, ListState)
    interp.store.set(owner.obj, CONTENT, state.append(item))
    return item


def _without_itself(default: Value, names: list[str]) -> Value:
    """Leaves the hyperparameter that is the argument itself out of its default: the one is given with the other."""
    own = {name.lstrip("-").replace("-", "_") for name in names}
    return tuple(atom for atom in default if conversions.name_asked_for(atom).replace("-", "_") not in own) or default


def _default_of(interp: Interpreter, default: Value | None) -> tuple[bool, Any]:
    """Gives whether a default is known, and which; a list of constants is a tuple."""
    if default is None:
        return True, MISSING
    items = (
        iteration.items_of(interp, default) if len(default) == 1 and isinstance(default[0], (Ref, TupleAtom)) else None
    )
    if items is None:
        known, constant = environment.constant_of(default)
        return known and not environment.depends_on_place(default), constant
    constants = [environment.constant_of(item) for item in items]
    return all(known for known, _ in constants), tuple(constant for _, constant in constants)


def _may_be_absent(arguments: Any) -> bool:
    nargs = strings_in(arguments.get(None, "nargs"))
    return "?" in nargs or "*" in nargs


def _choices(interp: Interpreter, arguments: Any) -> tuple[Any, ...] | None:
    items = iteration.items_of(interp, arguments.get(None, "choices")) if arguments.get(None, "choices") else None
    if items is None:
        return None
    constants = [environment.constant_of(item) for item in items]
    return tuple(value for _, value in constants) if all(known for known, _ in constants) else None


def _type_name(value: Value) -> str:
    if not value:
        return "str"
    atom = value[0]
    if len(value) == 1 and isinstance(atom, Lib):
        return atom.name.rpartition(".")[2]
    return ""


def _value_of(
    interp: Interpreter,
    fact: Argument,
    action: str,
    default: Value | None,
    choices: tuple[Any, ...] | None,
    arguments: Any,
    node: ast.AST,
) -> Value:
    if action in _FLAGS or action == "boolean":
        return BOOL
    if action in ("count", "store_const"):
        return join(unknown(f"argument {fact.name}"), environment.soften(arguments.get(None, "const")))
    converter = arguments.get(None, "type")
    given: Value = (Text((Hole("argument", fact.name, f"command line argument {fact.name!r}"),)),)
    if default is None or default == NONE:
        if choices:
            given = tuple(Const(each, True) for each in choices)
        value = _convert(interp, converter, given, node)
        if not fact.required:
            value = join((Const(None, True),), value)
    else:
        softened = environment.soften(default)
        plain = tuple(atom for atom in softened if isinstance(atom, Const) and not isinstance(atom.value, str))
        if plain and len(plain) == len(softened) and converter != (Lib("builtins.bool"),):
            value = softened  # argparse converts a default only where it is a text
        else:
            value = _convert(interp, converter, softened, node)
        if fact.type == "str" and not fact.choices and _is_number(default):
            value = join(value, given)
    if fact.multiple:
        return join(expressions.new_list(interp, None, value), softened_list(default))
    return value


def softened_list(default: Value | None) -> Value:
    """Gives the default of an argument with several values."""
    return environment.soften(default) if default else NOTHING


def _is_number(value: Value) -> bool:
    return all(isinstance(atom, Const) and _reads_as_number(atom.value) for atom in value)


def _reads_as_number(constant: Any) -> bool:
    if isinstance(constant, bool) or not isinstance(constant, (int, float, str)):
        return False
    try:
        float(constant)
    except ValueError:
        return False
    return True


def _convert(interp: Interpreter, converter: Value, value: Value, node: ast.AST) -> Value:
    """Applies an argument's `type`."""
    if not converter:
        return value
    atom = converter[0]
    name = atom.name if len(converter) == 1 and isinstance(atom, Lib) else ""
    if name in ("builtins.int", "builtins.float"):
        return conversions.to_number(name.rpartition(".")[2], value)
    if name == "builtins.str":
        return value
    if name == "builtins.bool":
        return BOOL
    if name.startswith("pathlib."):
        return conversions.to_path(value)
    if name in ("os.path.abspath", "os.path.realpath", "os.path.expanduser"):
        return value
    if isinstance(atom, Ref) and atom.obj.kind == "argparse.FileType":
        return files.open_file(interp, value, atom.obj.info.get(0, "mode"), "argparse.FileType", node)
    result, changes = interp.explore(lambda: calls.call(interp, converter, calls.Arguments([value]), node))
    interp.store.merge([{}, changes] if changes is not None else [{}])
    return environment.soften(result) if result else unknown("a converted argument")


def _file_type(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    return (Ref(Obj("argparse.FileType", info=arguments)),)


def _getopt(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    interp.record.arguments_open = "arguments are parsed by getopt"
    text: Value = (Text((Hole("any", reason="a command line argument"),)),)
    return (TupleAtom([expressions.new_list(interp, None, (TupleAtom([text, text]),)), (Lib("sys.argv"),)]),)


# -- sys.argv ---------------------------------------------------------------------------------------------


def argv_item(interp: Interpreter, index: Value, node: ast.AST) -> Value:
    """Gives `sys.argv[index]`."""
    own = interp.store.get("process", "argv")
    if isinstance(own, tuple) and own and isinstance(own[0], Ref):
        items = iteration.items_of(interp, own)
        known, number = environment.constant_of(index)
        if items is not None and known and isinstance(number, int) and -len(items) <= number < len(items):
            return items[number]
    known, number = environment.constant_of(index)
    if known and number == 0:
        return (Const(f"{CODE_FOLDER}/{interp.sources.script.name}"),)
    interp.record.arguments_open = "arguments are taken from sys.argv by position"
    name = f"argv[{number}]" if known else "argv"
    return (Text((Hole("argument", name, "a command line argument taken by position"),)),)


def command_decorator(interp: Interpreter, name: str, value: Value, node: ast.AST) -> Value | None:
    """Applies a decorator that makes a command of a function, or gives None."""
    return frameworks.library_command(interp, name, value, node)


def _models() -> dict[str, Any]:

    return {
        PARSER: _make_parser,
        "getopt.getopt": _getopt,
        "getopt.gnu_getopt": _getopt,
        "argparse.FileType": _file_type,
        **frameworks.FRAMEWORK_MODELS,
        **dataclass_parsers.MODELS,
    }


MODELS = _models()
