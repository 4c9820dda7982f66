"""Parsing JSON and YAML: what matters is whether it is SageMaker's hyperparameters."""

from __future__ import annotations

import ast
import json
import posixpath
import re
import shlex
from typing import Any

from .. import calls, escapes, expressions, file_contents, strings
from ..atoms import NOTHING, Const, Document, Handle, Lib, Obj, Ref, Text, Value
from ..containers import DictState, text_key
from ..interpreter import Interpreter, strings_in
from ..patterns import Hole
from ..texts import parts_of
from ..values import const, join, unknown
from . import files, training_environment

MAX_LITERAL = 20_000


def parsed(interp: Interpreter, value: Value) -> Value:
    """Gives what parsing a text gives."""
    result: Value = NOTHING
    for atom in value:
        if isinstance(atom, Lib) and atom.name == "io.hyperparameters":
            result = join(result, (Document("hyperparameters"),))
        elif isinstance(atom, Text) and _is_hyperparameters_variable(atom):
            result = join(result, (Document("hyperparameters", "env"),))
        elif isinstance(atom, Text) and _is_one(atom, "env") and atom.parts[0] == Hole("env", "SM_TRAINING_ENV"):
            result = join(result, (Lib(training_environment.WHOLE),))
        elif isinstance(atom, Text) and _is_one(atom, "hyperparameter"):
            result = join(result, unknown("a parsed hyperparameter"))
        elif isinstance(atom, Const) and isinstance(atom.value, str) and len(atom.value) <= MAX_LITERAL:
            result = join(result, _literal(interp, atom))
        else:
            result = join(result, unknown(file_contents.CONTENT_OF_FILE))
    return result


def _is_one(atom: Text, kind: str) -> bool:
    return len(atom.parts) == 1 and isinstance(atom.parts[0], Hole) and atom.parts[0].kind == kind


def _is_hyperparameters_variable(atom: Text) -> bool:
    return _is_one(atom, "env") and isinstance(atom.parts[0], Hole) and atom.parts[0].name == "SM_HPS"


def _literal(interp: Interpreter, atom: Const) -> Value:
    try:
        return literal_value(interp, json.loads(atom.value), atom.soft)
    except (ValueError, RecursionError):
        return unknown("text that is not JSON")


def literal_value(interp: Interpreter, data: Any, soft: bool = False) -> Value:
    """Gives the value of plain data."""
    if isinstance(data, dict):
        state = DictState({})
        for key, each in data.items():
            state = state.set(text_key(str(key)), literal_value(interp, each, soft))
        return expressions.new_object(interp, "dict", state)
    if isinstance(data, (list, tuple)):
        return expressions.new_list(interp, [literal_value(interp, each, soft) for each in data])
    return const(data, soft)


def _load(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    result: Value = NOTHING
    for atom in arguments.get(0, "fp", "stream", "s"):
        if isinstance(atom, Handle):
            found: Value = (
                (Document("hyperparameters"),)
                if files.is_hyperparameters(atom.path)
                else unknown(file_contents.CONTENT_OF_FILE)
            )
            result = join(result, found)
        else:
            result = join(result, parsed(interp, (atom,)))
    return result or unknown(file_contents.CONTENT_OF_FILE)


def _loads(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    return parsed(interp, arguments.get(0, "s", "stream")) or unknown("text that is not known")


def _dumps(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    return (Text((Hole("any", reason="a serialised object"),)),)


_SETTINGS = (".yaml", ".yml", ".toml", ".ini", ".cfg", ".conf")


def note_settings(interp: Interpreter, path: Value, content: Value, node: ast.AST) -> None:
    """Hands over what is written into a file of settings: another program will read the paths in it."""
    for atom in path:
        parts = parts_of(atom) or ()
        if parts and isinstance(parts[-1], str) and parts[-1].endswith(_SETTINGS):
            escapes.hand_over(interp, content, f"whoever reads {posixpath.basename(parts[-1])}", node)


def _dump_settings(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    """`yaml.dump(data, stream)`."""
    data = arguments.get(0, "data")
    for atom in arguments.get(1, "stream"):
        if isinstance(atom, Handle):
            note_settings(interp, atom.path, data, node)
    return _dumps(interp, arguments, node)


def _literal_eval(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    result: Value = NOTHING
    for atom in arguments.get(0):
        if isinstance(atom, Const) and isinstance(atom.value, str) and len(atom.value) <= MAX_LITERAL:
            try:
                result = join(result, literal_value(interp, ast.literal_eval(atom.value), atom.soft))
            except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
                result = join(result, unknown("text that is not a literal"))
        else:
            result = join(result, parsed(interp, (atom,)))
    return result


def _shell_words(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    known = strings_in(arguments.get(0))
    if len(known) == len(arguments.get(0)) == 1:
        try:
            return expressions.new_list(interp, [const(word) for word in shlex.split(known[0])])
        except ValueError:
            return unknown("text that is no command line")
    return expressions.new_list(interp, None, (Text((Hole("any", reason="a word of a text"),)),))


def _substitute(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    """`re.sub` of plain text."""
    constants = [strings_in(arguments.get(index)) for index in range(3)]
    plain = all(len(each) == 1 and len(arguments.get(index)) == 1 for index, each in enumerate(constants))
    if plain and len(arguments.positional) == 3 and not set(constants[0][0]) & set("\\()[]{}*+?|^$."):
        return const(constants[2][0].replace(constants[0][0], constants[1][0]))
    return (Text((Hole("any", reason="the result of re.sub"),)),)


def _template(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    return (Ref(Obj("string.Template", info=arguments.get(0, "template"))),)


def fill_template(interp: Interpreter, template: Value, arguments: Any, node: ast.AST) -> Value:
    """Calls `substitute` of a `string.Template`."""
    result: Value = NOTHING
    given = calls.Arguments([], dict(arguments.keywords))
    calls.unpack_mapping(interp, arguments.get(0), given)
    for text in strings_in(template):
        pattern = re.sub(
            r"\$(?:(\$)|(\w+)|\{(\w+)\})", lambda match: _field(match), text.replace("{{", "").replace("}}", "")
        )
        result = join(result, strings.format_method(interp, pattern, [], given.keywords, given.rest_keywords, node))
    return result or (Text((Hole("any", reason="a filled template"),)),)


def _field(match: re.Match[str]) -> str:
    return "$" if match[1] else f"{{{match[2] or match[3]}}}"


MODELS = {
    "ast.literal_eval": _literal_eval,
    "shlex.split": _shell_words,
    "re.sub": _substitute,
    "string.Template": _template,
    "json.load": _load,
    "json.loads": _loads,
    "json.dumps": _dumps,
    "yaml.dump": _dump_settings,
    "yaml.safe_dump": _dump_settings,
    "yaml.safe_load": _load,
    "yaml.load": _load,
    "yaml.full_load": _load,
    "pickle.load": lambda interp, arguments, node: unknown("an unpickled object"),
}
