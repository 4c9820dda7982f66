"""Web servers that are told by name what to serve: `gunicorn wsgi:app`, `uvicorn.run("api:make", factory=True)`."""

from __future__ import annotations

import ast
import re
from typing import Any

from .. import attributes, calls, escapes
from ..atoms import NONE, Value
from ..interpreter import Interpreter, strings_in

PROGRAMS = ("gunicorn", "uvicorn", "hypercorn", "daphne", "waitress-serve")
_APPLICATION = re.compile(r"([A-Za-z_][\w.]*)(?::([A-Za-z_]\w*)(\(.*\))?)?")


def run_program(interp: Interpreter, words: list[str | None], sink: str, node: ast.AST) -> None:
    """Imports what a server is told to serve on its command line.

    Args:
        interp: The interpreter.
        words: The words behind the program's name, None for those that are not known.
        sink: What starts the program.
        node: The call.
    """
    if words and words[-1] in ("--version", "--help"):
        return
    named = [found for word in words if word and (found := _APPLICATION.fullmatch(word))]
    here = [found for found in named if interp.sources.find(found.group(1)) is not None]
    for found in here[-1:]:
        _serve(interp, found, found.group(3) is not None or "--factory" in words, node)
    if not here:
        told = [found.group() for found in named if found.group(2)]
        reason = f"the source of {told[-1]!r} is not here" if told else "what it serves is not known"
        interp.record.unresolved("any", sink, reason, interp.place(node), told=True)


def _run(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    """`uvicorn.run("module:app")`, or with the application itself."""
    value = arguments.get(0, "app")
    factory = bool(arguments.get(None, "factory"))
    for text in strings_in(value):
        found = _APPLICATION.fullmatch(text)
        if found and interp.sources.find(found.group(1)) is not None:
            _serve(interp, found, factory, node)
        else:
            reason = f"the source of {text!r} is not here"
            interp.record.unresolved("any", "uvicorn.run", reason, interp.place(node))
    escapes.delegate(interp, arguments, "uvicorn.run", node, "a web server")
    return NONE


def _serve(interp: Interpreter, found: re.Match[str], factory: bool, node: ast.AST) -> None:
    module = interp.import_module(found.group(1), node)
    served = attributes.load_attribute(interp, module, found.group(2) or "application", node)
    if factory:
        calls.call(interp, served, calls.Arguments([]), node)


MODELS = {"uvicorn.run": _run}
