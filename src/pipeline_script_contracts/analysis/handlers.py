"""The functions of a script that SageMaker's serving containers call: `model_fn`, `input_fn`, ..., and `handle`."""

from __future__ import annotations

import ast
from collections.abc import Callable
from functools import partial

from . import attributes, calls, framework_hooks, functions, inherited
from .atoms import NOTHING, Atom, Bound, ClassAtom, Const, Function, Lib, Ref, Value
from .interpreter import DeadEnd, Frame, Interpreter
from .library import frameworks, serving
from .platform import MODEL_FOLDER
from .scopes import ModuleInfo
from .values import const, unknown
from .words import words

HANDLERS = words("model_fn input_fn predict_fn output_fn transform_fn handler handle input_handler output_handler")
_SERVED = ("initialize", "preprocess", "inference", "execute", "postprocess", "handle", "__call__", "finalize")


def run_handlers(interp: Interpreter, module: ModuleInfo) -> None:
    """Calls the serving handlers that a script defines, as the platform does.

    Args:
        interp: The interpreter, after the script has run.
        module: The script.
    """
    frame = Frame(module.scope, interp.store.depth)
    interp.frames.append(frame)
    model: Value = NOTHING
    try:
        _run_commands(interp, module)
        _make_registered(interp, module)
        framework_hooks.run_hooks(interp, module)
        interp.phase = "serving"
        for name in HANDLERS:
            function = interp.store.get(module.scope, name)
            if not isinstance(function, tuple) or not any(isinstance(atom, Function) for atom in function):
                continue
            interp.record.analysis.handlers += (name,)
            node = next((atom.info.node for atom in function if isinstance(atom, Function)), ast.Pass())
            if name == "model_fn":
                arguments = calls.Arguments([(Const(MODEL_FOLDER),)])
                _trim(interp, function, arguments)
            elif name == "handle":
                taken = max(_taken(interp, atom) for atom in function if isinstance(atom, Function))
                arguments = calls.Arguments([unknown("a request"), (Lib(serving.CONTEXT),)][:taken])
            else:
                arguments = calls.Arguments([], {}, unknown("a request"), unknown("a request"))
                if name in ("predict_fn", "transform_fn") and model:
                    arguments = _with_model(name, model)
            result, changes = interp.explore(partial(calls.call, interp, function, arguments, node))
            if changes is not None:
                interp.store.merge([{}, changes])
            if name == "model_fn":
                model = result or NOTHING
        if not interp.record.analysis.handlers:
            _run_classes(interp, module)
    finally:
        interp.frames.pop()
        interp.phase = "import"


def _taken(interp: Interpreter, function: Function) -> int:
    """Gives how many positional arguments a function takes."""
    return len(functions.shown(interp, function).info.positional)


def _trim(interp: Interpreter, function: Value, arguments: calls.Arguments) -> None:
    """Adds the context that newer containers pass, where the handler takes one."""
    for atom in function:
        if isinstance(atom, Function) and _taken(interp, atom) > 1:
            arguments.positional.append(unknown("the serving context"))
            return


def _with_model(name: str, model: Value) -> calls.Arguments:
    request = unknown("a request")
    if name == "predict_fn":
        return calls.Arguments([request, model], {}, request)
    return calls.Arguments([model, request], {}, request)


def _run_commands(interp: Interpreter, module: ModuleInfo) -> None:
    """Runs the commands of a script that starts none of them: an installed script does."""
    cells = [cell for cell in interp.store.of(module.scope) if isinstance(cell, tuple)]
    found = [atom.obj.info for cell in cells for atom in cell if isinstance(atom, Ref)]
    commands = [info for info in found if isinstance(info, frameworks.Command)]
    if any(command.started for command in commands):
        return
    below = {id(each) for command in commands for each in command.commands}
    for command in commands:
        if id(command) not in below and not command.started:
            run = partial(frameworks.run_command, interp, command, module.tree or ast.Pass())
            _, changes = interp.explore(run)
            if changes is not None:
                interp.store.merge([{}, changes])


def _make_registered(interp: Interpreter, module: ModuleInfo) -> None:
    """Makes objects of the classes with bases out of sight in a script that does nothing itself."""
    facts = interp.record.analysis
    if facts.paths or facts.unresolved or facts.arguments:
        return
    for atom in _classes(interp, module, lambda each: inherited.is_out_of_sight(each.info)):
        anything = unknown("an argument given by the package of a base class")
        arguments = calls.Arguments([], {}, anything, anything)
        run = partial(calls.call, interp, (atom,), arguments, atom.info.node or ast.Pass())
        _, changes = interp.explore(run)
        if changes is not None:
            interp.store.merge([{}, changes])


def _classes(interp: Interpreter, module: ModuleInfo, wanted: Callable[[ClassAtom], bool]) -> list[ClassAtom]:
    """Gives the classes of a kind that a script defines; where it defines none, those that it imports."""
    cells = [cell for cell in interp.store.of(module.scope) if isinstance(cell, tuple)]
    found = [atom for cell in cells for atom in cell if isinstance(atom, ClassAtom) and wanted(atom)]
    return [atom for atom in found if atom.info.module is module] or found


def _run_classes(interp: Interpreter, module: ModuleInfo) -> None:
    """Makes an object of each class that a model server takes for a handler, and calls what the server calls."""
    for atom in _classes(interp, module, partial(_is_handler, interp)):
        interp.record.analysis.handlers += (atom.info.name,)
        _, changes = interp.explore(partial(_serve, interp, atom, atom.info.node or ast.Pass()))
        if changes is not None:
            interp.store.merge([{}, changes])


def _is_handler(interp: Interpreter, atom: ClassAtom) -> bool:
    """Tells whether a class is one that a model server looks for: TorchServe, Multi Model Server, Triton, ..."""
    methods = {name for name in _SERVED if attributes.class_attribute(interp, atom.info, name) is not None}
    if atom.info.name == "EndpointHandler":
        return "__call__" in methods
    names = (*(each.name for each in atom.info.mro), *(each.rpartition(".")[2] for each in atom.info.library))
    named = any(name == "TritonPythonModel" or name.endswith(("Handler", "HandlerService")) for name in names)
    return named and "initialize" in methods


def _serve(interp: Interpreter, atom: ClassAtom, node: ast.AST) -> Value:
    given: Value = (
        serving.triton_arguments(interp) if atom.info.name == "TritonPythonModel" else (Lib(serving.CONTEXT),)
    )
    made = [const(MODEL_FOLDER)] if atom.info.name == "EndpointHandler" else []
    handler = calls.call(interp, (atom,), calls.Arguments(made), node)
    request = unknown("a request")
    for name in _SERVED:
        for owner in handler:
            for method in attributes.find_method(interp, owner, name) or ():
                _call_method(interp, method, [given] if name == "initialize" else [request, given], node)
    return NOTHING


def _call_method(interp: Interpreter, method: Atom, values: list[Value], node: ast.AST) -> None:
    """Calls a method with as many of the values as it takes."""
    if isinstance(method, Bound):
        arguments = calls.Arguments(values[: _taken(interp, method.function) - 1])
        try:
            calls.call(interp, (method,), arguments, node)
        except DeadEnd:
            return
