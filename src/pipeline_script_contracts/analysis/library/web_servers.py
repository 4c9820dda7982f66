"""Web servers that are told by name what to serve: `gunicorn wsgi:app`, `uvicorn.run("api:make", factory=True)`."""

from __future__ import annotations

import ast
import re
from functools import partial
from typing import Any

from .. import attributes, calls, escapes
from ..atoms import NONE, ClassAtom, Lib, Value
from ..interpreter import Interpreter, strings_in
from ..values import unknown

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


def _start(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    """`gunicorn.app.wsgiapp.run()`, `model_server.start_model_server(handler_service=...)`: it is told elsewhere."""
    escapes.delegate(interp, arguments, calls.callee_text(node), node, "a server")
    interp.record.unresolved("any", calls.callee_text(node), "what it serves is not known", interp.place(node))
    return NONE


def _depends(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    """`fastapi.Depends(Models)`: the framework makes an object of the class for each request."""
    escapes.delegate(interp, arguments, "fastapi.Depends", node, "a web framework")
    anything = unknown("what a request holds")
    for atom in arguments.get(0, "dependency"):
        if isinstance(atom, ClassAtom):
            _, changes = interp.explore(
                partial(calls.call, interp, (atom,), calls.Arguments([], {}, anything, anything), node)
            )
            if changes is not None:
                interp.store.merge([{}, changes])
    return (Lib("fastapi.Depends()"),)


def _declared_elsewhere(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    """`connexion.App(...).add_api("openapi.yaml")`: a file names the functions that answer."""
    reason = "the functions that answer are named in a file"
    interp.record.unresolved("any", calls.callee_text(node), reason, interp.place(node))
    return NONE


MODELS = {
    "uvicorn.run": _run,
    "uvicorn.Config": _run,
    **dict.fromkeys(("fastapi.Depends", "fastapi.Security"), _depends),
    **dict.fromkeys(
        (
            "gunicorn.app.wsgiapp.run",
            "sagemaker_inference.model_server.start_model_server",
            "sagemaker_huggingface_inference_toolkit.mms_model_server.start_model_server",
            "mms.model_server.start",
            "ts.model_server.start",
        ),
        _start,
    ),
    **dict.fromkeys((f"connexion.{name}().add_api" for name in ("App", "FlaskApp", "AsyncApp")), _declared_elsewhere),
}
