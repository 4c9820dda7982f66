"""Packages that read environment variables by name for the script: environs and python-decouple."""

from __future__ import annotations

import ast
from typing import Any

from .. import environment, strings
from ..atoms import BOOL, NONE, Lib, Obj, Ref, Value
from ..interpreter import Interpreter
from ..values import const, unknown
from ..words import words
from . import conversions

ENV = "environs.Env"
PREFIX = "environs.Env.prefixed"
_PARSERS = frozenset(
    words(
        """__call__ str int float bool path json list dict url date datetime time timedelta decimal uuid log_level enum
        dj_db_url dj_email_url dj_cache_url"""
    )
)
_NUMBERS = ("int", "float")


def _make_env(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    made = Obj(ENV)
    interp.store.set(made, "prefix", const(""))
    return (Ref(made),)


def env_method(interp: Interpreter, owner: Ref, name: str, arguments: Any, node: ast.AST) -> Value | None:
    """Calls a method of an `environs.Env`."""
    if name == "prefixed":
        return (Ref(Obj(PREFIX, info=(owner.obj, arguments.get(0, "prefix")))),)
    if name not in _PARSERS:
        return NONE
    prefix = interp.store.get(owner.obj, "prefix") or const("")
    variable = strings.concatenate(prefix, arguments.get(0, "name"))
    default = arguments.get(1, "default", "missing") or None
    return _typed(name, environment.read(interp, variable, default, node))


def enter_prefix(interp: Interpreter, manager: Obj) -> Value:
    """Begins `with env.prefixed(...)`: prefixes add up."""
    env, prefix = manager.info
    before = interp.store.get(env, "prefix") or const("")
    interp.store.set(manager, "before", before)
    interp.store.set(env, "prefix", strings.concatenate(before, prefix))
    return (Ref(env),)


def leave_prefix(interp: Interpreter, manager: Obj) -> None:
    """Ends `with env.prefixed(...)`."""
    interp.store.set(manager.info[0], "prefix", interp.store.get(manager, "before") or const(""))


def _decouple(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    value = environment.read(interp, arguments.get(0, "option"), arguments.get(1, "default") or None, node)
    cast = arguments.get(2, "cast")
    name = cast[0].name.rpartition(".")[2] if len(cast) == 1 and isinstance(cast[0], Lib) else ""
    return _typed(name, value) if name or not cast else unknown("a variable that a function converts")


def _typed(name: str, value: Value) -> Value:
    """Gives what the reader of a type makes of a variable."""
    if name in _NUMBERS:
        return conversions.to_number(name, value)
    if name in ("path", "Path"):
        return conversions.to_path(value)
    if name == "bool":
        return BOOL
    if name in ("list", "dict", "json", "Csv()"):
        return unknown("a parsed variable")
    return value


MODELS: dict[str, Any] = {
    "environs.Env": _make_env,
    "environs.FileAwareEnv": _make_env,
    "decouple.config": _decouple,
}
