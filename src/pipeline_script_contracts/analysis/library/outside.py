"""Libraries that parse the command line or read the environment for the script."""

from __future__ import annotations

import ast
from typing import Any

from .. import environment
from ..atoms import Lib, Ref
from ..facts import EnvRead
from ..interpreter import Interpreter
from ..words import words
from .packages import KNOWN_PACKAGES

PARSERS = frozenset(
    words("optparse configargparse docopt jsonargparse simple_parsing tap plac defopt cyclopts clize hydra argh cappa")
)
SETTINGS = frozenset(words("decouple environs dynaconf omegaconf prettyconf everett hydra confuse"))
_PARSES = (".parse_args", ".parse_known_args", ".parse_cli", ".parse_command_line")
_LIGHTNING = ("LightningCLI", "add_argparse_args", "from_argparse_args")
_PLAIN = (".open_dict", ".read_write", ".flag_override", ".DictConfig", ".ListConfig", ".save", ".to_yaml")
_QUIET = frozenset(words("builtins logging json typing copy pprint"))


def notice(interp: Interpreter, name: str, root: str, arguments: Any, node: ast.AST) -> None:
    """Notes that a library may take arguments or read variables that the script does not name.

    Args:
        interp: The interpreter.
        name: The call.
        root: Its top-level package.
        arguments: What it is given.
        node: Where it stands.
    """
    parses = root in PARSERS and (root != "hydra" or name.startswith("hydra.main"))
    parses = parses or ("Parser" in name and ".parse" in name)
    if parses or name.endswith(_LIGHTNING) or (name.endswith(_PARSES) and root not in KNOWN_PACKAGES):
        interp.record.arguments_open = f"{root} parses the command line"
    if (root in SETTINGS and not name.endswith(_PLAIN)) or name.startswith("starlette.config."):
        _any_variable(interp, node)
    if root in _QUIET:
        return
    for value in arguments.every():
        for atom in value:
            if isinstance(atom, Lib) and atom.name.startswith("sys.argv"):
                interp.record.arguments_open = f"the command line is handed to {name}"
            elif environment.is_environment(atom):
                _any_variable(interp, node)
            elif isinstance(atom, Ref) and atom.obj.kind == "argparse.ArgumentParser":
                interp.record.arguments_open = f"the parser is handed to {name}"


def _any_variable(interp: Interpreter, node: ast.AST) -> None:
    interp.record.env(EnvRead("", interp.place(node), default=None, guarded=True))
