"""What is known of libraries: models of single functions, and the table of readers and writers."""

from __future__ import annotations

import ast
from collections.abc import Callable
from functools import cache
from typing import Any

from .. import calls, escapes, imports, own_methods
from ..atoms import Const, Function, Lib, Method, Partial, Ref, Text, Unknown, Value
from ..interpreter import Interpreter
from ..patterns import Pattern
from ..values import const, join, unbound, unknown
from ..words import words
from . import (
    builtin_functions,
    chance,
    collections_models,
    command_line,
    dataset_loading,
    documents,
    files,
    frameworks,
    iterating,
    launchers,
    operator_functions,
    os_functions,
    outside,
    packages,
    processes,
    reflection,
    running_code,
    serving,
    settings_readers,
    training_environment,
    web_servers,
)
from . import command_line as command_line_module
from . import effects as effects_module
from .silent import SILENT_METHODS, SILENT_PACKAGES

Model = Callable[[Interpreter, Any, ast.AST], Value]
_MODULES = (
    builtin_functions,
    iterating,
    reflection,
    running_code,
    collections_models,
    chance,
    command_line,
    dataset_loading,
    documents,
    files,
    launchers,
    operator_functions,
    os_functions,
    processes,
    settings_readers,
    training_environment,
    web_servers,
)
_CONSTANTS: dict[str, Any] = {
    "os.sep": "/",
    "os.path.sep": "/",
    "os.curdir": ".",
    "os.pardir": "..",
    "os.extsep": ".",
    "os.pathsep": ":",
    "os.linesep": "\n",
    "os.devnull": "/dev/null",
    "os.name": "posix",
    "os.path.pardir": "..",
    "os.path.curdir": ".",
    "typing.TYPE_CHECKING": False,
    "string.ascii_lowercase": "abcdefghijklmnopqrstuvwxyz",
    "string.digits": "0123456789",
    "sys.platform": "linux",
    "sys.version_info.major": 3,
}


@cache
def models() -> dict[str, Model]:
    """Gives the models: dotted name of a function to what it does."""
    table: dict[str, Model] = {}
    for module in _MODULES:
        table.update(module.MODELS)
    return table


def constant(interp: Interpreter, name: str) -> Value | None:
    """Gives the value of a library constant, or None where it is not known."""
    if name in _CONSTANTS:
        return const(_CONSTANTS[name])
    if name == f"{serving.CONTEXT}.system_properties":
        return serving.properties(interp)
    if name == f"{serving.CONTEXT}.manifest":
        return serving.manifest(interp)
    if name.startswith("absl.flags.FLAGS."):
        return frameworks.flag_value(interp, name.rpartition(".")[2])
    return None


def call_library(interp: Interpreter, name: str, arguments: Any, node: ast.AST) -> Value:
    """Calls a function of a library.

    Args:
        interp: The interpreter.
        name: Its dotted name.
        arguments: The arguments.
        node: The call.

    Returns:
        What it may return.
    """
    name = imports.canonical(name)
    model = models().get(name)
    if model is not None:
        return model(interp, arguments, node)
    if arguments.positional and own_methods.is_of_type(name):
        rest = calls.Arguments(arguments.positional[1:], arguments.keywords, arguments.rest, arguments.rest_keywords)
        return own_methods.call_own(interp, arguments.positional[0], name.rpartition(".")[2], rest, node)
    root = name.partition(".")[0].partition("(")[0]
    if name.startswith((training_environment.WHOLE, training_environment.CHANNELS)):
        owner, _, last = name.rpartition(".")
        return training_environment.method(interp, owner, last, arguments, node)
    if name.endswith("().pipe") and any(isinstance(atom, (Function, Partial)) for atom in arguments.get(0)):
        piped = calls.Arguments([(Lib(name.removesuffix(".pipe")),), *arguments.positional[1:]], arguments.keywords)
        return collections_models.run_elsewhere(interp, arguments.get(0), piped, node)
    outside.notice(interp, name, root, arguments, node)
    effects = effects_module.find_effects(name)
    if arguments.positional and _is_unbound(name) and (effects is None or _is_given_object(name, arguments)):
        effects = effects or effects_module.find_method_effects(name.rpartition(".")[2])
        if effects is not None:
            arguments = calls.Arguments(
                arguments.positional[1:], arguments.keywords, arguments.rest, arguments.rest_keywords
            )
    if effects is not None:
        opened = effects_module.apply_effects(interp, effects, name, arguments, node)
        _call_backs(interp, name, arguments, node)
        return opened or result_of(name)
    last = name.rpartition(".")[2]
    if root in SILENT_PACKAGES or last in SILENT_METHODS:
        _call_backs(interp, name, arguments, node)
        return result_of(name)
    if not name.endswith("Error"):
        escapes.delegate(interp, arguments, name, node, f"{name} is not known")
        if root not in packages.KNOWN_PACKAGES and "()" not in name and _may_find_files(arguments):
            reason = f"the source of {root!r} is not here"
            interp.record.unresolved("any", name, reason, interp.place(node), package=root)
        elif root not in packages.KNOWN_PACKAGES and "()" not in name:
            _hand_over_names(interp, name, arguments, node)
    return join(command_line_module.handed_over(interp, arguments), result_of(name))


def _is_unbound(name: str) -> bool:
    """Tells whether a name is a method taken from its class, `pandas.DataFrame.to_csv`."""
    return "(" not in name and name.rpartition(".")[0].rpartition(".")[2][:1].isupper()


def _is_given_object(name: str, arguments: Any) -> bool:
    """Tells whether the first argument is the object, and the path the next one: `Image.Image.save(image, path)`."""
    objects = all(isinstance(atom, Lib) for atom in arguments.positional[0])
    return objects and len(arguments.positional) > 1 and name not in effects_module.effects_table()


_NUMERIC = ("a number", "a length", "arithmetic", "one of many", "an operation", "argument ", "a seed")


def _may_find_files(arguments: Any) -> bool:
    """Tells whether a function of unseen code may know of files: it is given nothing, settings, or unknown text."""
    values = arguments.every()
    return not values or any(
        isinstance(atom, (Text, Method))
        or (isinstance(atom, Unknown) and not atom.reason.startswith(_NUMERIC))
        or (isinstance(atom, Lib) and atom.root in outside.SETTINGS)
        for value in values
        for atom in value
    )


def _hand_over_names(interp: Interpreter, name: str, arguments: Any, node: ast.AST) -> None:
    """Notes the words that unseen code is given: it may know a folder by one of them."""
    for value in arguments.every():
        for atom in value:
            if isinstance(atom, Const) and isinstance(atom.value, str) and atom.value.isidentifier():
                interp.record.path("delegate", Pattern((atom.value,)), name, interp.place(node), ())


# What keeps objects as they are, without calling their methods.
_STORING = frozenset(
    words(
        """joblib.dump pickle.dump pickle.dumps dill.dump dill.dumps cloudpickle.dump cloudpickle.dumps torch.save
        copy.copy copy.deepcopy numpy.save skops.io.dump"""
    )
)


def _call_backs(interp: Interpreter, name: str, arguments: Any, node: ast.AST) -> None:
    """Follows functions and objects that a library may call back."""
    if name.startswith(("builtins.", "logging.", "typing.", "json.", "inspect.")) and not name.startswith("json.load"):
        return
    if name in _STORING:
        return
    for value in arguments.every():
        escapes.escape(interp, value, f"given to {name}", node)


def result_of(name: str) -> Value:
    """Gives what a library call returns: something of the library."""
    root = name.partition(".")[0].partition("(")[0]
    if root == "pyspark":
        direction = ".write" if ".write" in name else ".read" if ".read" in name else ""
        return (Lib(f"pyspark{direction}.{name.rpartition('.')[2].partition('(')[0]}()"),)
    if len(name) > 90 or name.count("()") > 3:
        return (Lib(f"{root}.{name.rpartition('.')[2].partition('(')[0]}()"),)
    return (Lib(f"{name}()"),)


def call_unseen_method(interp: Interpreter, name: str, arguments: Any, node: ast.AST, reason: str) -> Value:
    """Calls a method of an object that is not known."""
    effects = effects_module.find_method_effects(name)
    sink = calls.callee_text(node)
    direction = "write" if ".write" in sink else "read" if ".read" in sink else ""
    if effects is None and direction:
        effects = effects_module.effects_table().get(f"pyspark.{direction}.{name}")
    if effects is not None and not _is_unbound_name(node, reason):
        first = arguments.get(0)
        if name not in ("save", "load_model") or any(not isinstance(atom, Lib) for atom in first):
            known = [atom for atom in first if type(atom).__name__ != "Unknown"]
            if known or name not in ("save", "to_file", "extractall"):
                effects_module.apply_effects(interp, effects, sink, arguments, node)
        return unknown(reason)
    if name not in SILENT_METHODS:
        escapes.delegate(interp, arguments, sink, node, reason)
    return unknown(reason)


def _is_unbound_name(node: ast.AST, reason: str) -> bool:
    """Tells whether the object of a method call is a name that nothing binds."""
    function = node.func if isinstance(node, ast.Call) else None
    owner = function.value if isinstance(function, ast.Attribute) else None
    return isinstance(owner, ast.Name) and reason == unbound(owner.id)


def object_method(interp: Interpreter, owner: Ref, name: str, arguments: Any, node: ast.AST) -> Value | None:
    """Calls a method of an object that a model made (an argument parser, ...), or gives None."""
    if owner.obj.kind == "string.Template":
        return documents.fill_template(interp, owner.obj.info, arguments, node)
    if owner.obj.kind.startswith("argparse."):
        return command_line_module.parser_method(interp, owner, name, arguments, node)
    if isinstance(owner.obj.info, frameworks.Command):
        return frameworks.command_method(interp, owner, name, arguments, node)
    if owner.obj.kind == settings_readers.ENV:
        return settings_readers.env_method(interp, owner, name, arguments, node)
    return None
