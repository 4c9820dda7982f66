"""The functions that SageMaker's first framework containers call in a script: `train(channel_input_dirs)` and others.

Those containers (MXNet to 1.2, PyTorch 0.4, Chainer 4, scikit-learn's first, TensorFlow to 1.10) import the script,
hand the channels and hyperparameters to a function of it, and save what comes back. Containers that were made with
their toolkit, `container_support`, import a script, too, and call its `train()`, which asks the toolkit for all this.
"""

from __future__ import annotations

import ast

from . import calls
from .atoms import NOTHING, Document, Function, Value
from .functions import shown
from .interpreter import Interpreter
from .library import collections_models, training_environment
from .patterns import Pattern
from .platform import CHANNEL_FOLDER, VARIABLES
from .scopes import ModuleInfo
from .values import const, unknown
from .words import words

MODEL_FOLDER = VARIABLES["SM_MODEL_DIR"]
_TOOLKIT = "container_support"
_TELLING = "channel_input_dirs"
_FOLDER = "training_dir"
_INPUTS = ("train_input_fn", "eval_input_fn")
_MODELS = ("estimator_fn", "keras_model_fn", "model_fn")
_HYPERPARAMETERS = frozenset(words("hyperparameters params"))


def run_hooks(interp: Interpreter, module: ModuleInfo) -> None:
    """Calls what the first framework containers call in a script that is written for them.

    Args:
        interp: The interpreter, after the script has run.
        module: The script.
    """
    train = _functions(interp, module, "train")
    inputs = {name: _functions(interp, module, name) for name in _INPUTS}
    if any(_TELLING in _parameters(interp, each) for each in train):
        _tell(interp)
        trained = _call(interp, train)
        save = _functions(interp, module, "save")
        if save:
            node = save[0].info.node
            collections_models.run_elsewhere(interp, save, calls.Arguments([trained, const(MODEL_FOLDER)]), node)
        else:
            _hand_over_model(interp, train[0])
    elif train and not _is_followed(interp, train) and _imports_toolkit(module):
        _call(interp, train)
        _hand_over_model(interp, train[0])
    elif any(_FOLDER in _parameters(interp, each) for each in inputs["train_input_fn"]) and not any(
        _is_followed(interp, each) for each in inputs.values()
    ):
        made = [_functions(interp, module, name) for name in _MODELS]
        if any(made):
            _tell(interp)
            for functions in (*inputs.values(), *made[:2]):
                if functions:
                    _call(interp, functions)
            _hand_over_model(interp, inputs["train_input_fn"][0])


def _functions(interp: Interpreter, module: ModuleInfo, name: str) -> tuple[Function, ...]:
    cell = interp.store.get(module.scope, name)
    return tuple(each for each in cell if isinstance(each, Function)) if isinstance(cell, tuple) else ()


def _is_followed(interp: Interpreter, functions: tuple[Function, ...]) -> bool:
    return any(each.info in interp.active for each in functions)


def _imports_toolkit(module: ModuleInfo) -> bool:
    return any(name.partition(".")[0] == _TOOLKIT for name in module.imported.values())


def _parameters(interp: Interpreter, function: Function) -> list[str]:
    names: list[str] = shown(interp, function).info.positional
    return names


def _tell(interp: Interpreter) -> None:
    if not interp.record.analysis.arguments:
        interp.record.arguments_open = "the container hands the hyperparameters to a function of the script"


def _call(interp: Interpreter, functions: tuple[Function, ...]) -> Value:
    node = functions[0].info.node
    given = {name: _given(interp, name, node) for name in _parameters(interp, functions[0])}
    more = unknown("what the container tells besides")
    return collections_models.run_elsewhere(interp, functions, calls.Arguments([], given, NOTHING, more), node)


def _given(interp: Interpreter, name: str, node: ast.AST) -> Value:
    if name == _FOLDER:
        return const(f"{CHANNEL_FOLDER}/training")
    if name in _HYPERPARAMETERS:
        return (Document("hyperparameters", "env"),)
    return training_environment.entry(interp, training_environment.WHOLE, name, node)


def _hand_over_model(interp: Interpreter, function: Function) -> None:
    """Notes that the container saves the model itself."""
    place = interp.place(function.info.node)
    interp.record.path("delegate", Pattern((MODEL_FOLDER,)), "the container's own way of saving", place, ())
