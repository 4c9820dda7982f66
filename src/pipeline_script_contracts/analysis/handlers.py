"""The functions of a script that SageMaker's serving containers call: `model_fn`, `input_fn`, ..."""

from __future__ import annotations

import ast
from functools import partial

from . import calls
from .atoms import NOTHING, Const, Function, Value
from .interpreter import Frame, Interpreter
from .scopes import ModuleInfo
from .values import unknown

MODEL_FOLDER = "/opt/ml/model"
HANDLERS = ("model_fn", "input_fn", "predict_fn", "output_fn", "transform_fn", "handler")


def run_handlers(interp: Interpreter, module: ModuleInfo) -> None:
    """Calls the serving handlers that a script defines, as the platform does.

    Args:
        interp: The interpreter, after the script has run.
        module: The script.
    """
    interp.phase = "serving"
    frame = Frame(module.scope, interp.store.depth)
    interp.frames.append(frame)
    model: Value = NOTHING
    try:
        for name in HANDLERS:
            function = interp.store.get(module.scope, name)
            if not isinstance(function, tuple) or not any(isinstance(atom, Function) for atom in function):
                continue
            interp.record.analysis.handlers += (name,)
            node = next((atom.info.node for atom in function if isinstance(atom, Function)), ast.Pass())
            if name == "model_fn":
                arguments = calls.Arguments([(Const(MODEL_FOLDER),)])
                _trim(function, arguments)
            else:
                arguments = calls.Arguments([], {}, unknown("a request"), unknown("a request"))
                if name in ("predict_fn", "transform_fn") and model:
                    arguments = _with_model(name, model)
            result, changes = interp.explore(partial(calls.call, interp, function, arguments, node))
            if changes is not None:
                interp.store.merge([{}, changes])
            if name == "model_fn":
                model = result or NOTHING
    finally:
        interp.frames.pop()
        interp.phase = "import"


def _trim(function: Value, arguments: calls.Arguments) -> None:
    """Adds the context that newer containers pass, where the handler takes one."""
    for atom in function:
        if isinstance(atom, Function) and len(atom.info.positional) > 1:
            arguments.positional.append(unknown("the serving context"))
            return


def _with_model(name: str, model: Value) -> calls.Arguments:
    request = unknown("a request")
    if name == "predict_fn":
        return calls.Arguments([request, model], {}, request)
    return calls.Arguments([model, request], {}, request)
