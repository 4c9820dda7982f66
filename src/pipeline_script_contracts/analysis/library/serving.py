"""What model servers hand to the handlers that they call: the context of a worker, and a model's arguments."""

from __future__ import annotations

from .. import expressions
from ..atoms import Const, Value
from ..containers import DictState, text_key
from ..interpreter import Interpreter
from ..patterns import Hole
from ..platform import MODEL_FOLDER, SERVER_CONTEXT
from ..texts import make_text
from ..values import unknown

CONTEXT = SERVER_CONTEXT


def properties(interp: Interpreter) -> Value:
    """Gives `context.system_properties`, as TorchServe and Multi Model Server fill it."""
    state = DictState({}).set_unknown(unknown("a property"), unknown("a property of the model server"))
    state = state.set(text_key("model_dir"), (Const(MODEL_FOLDER),))
    return expressions.new_object(interp, "dict", state)


def manifest(interp: Interpreter) -> Value:
    """Gives `context.manifest`: the names of the model's files in the folder that the server starts its workers in."""
    name = unknown("a name in the manifest of the model server")
    model = expressions.new_object(interp, "dict", DictState({}).set_unknown(unknown("a key"), name))
    state = DictState({}).set_unknown(unknown("a key"), name).set(text_key("model"), model)
    return expressions.new_object(interp, "dict", state)


def triton_arguments(interp: Interpreter) -> Value:
    """Gives what Triton hands to `TritonPythonModel.initialize`: each model lies below the container's model folder."""
    state = DictState({}).set_unknown(unknown("a key"), unknown("an argument of the model server"))
    repository = make_text((f"{MODEL_FOLDER}/", Hole("name", "model", "the model's name")), True)
    state = state.set(text_key("model_repository"), (repository,))
    state = state.set(text_key("model_version"), (make_text((Hole("name", "version", "the model's version"),), False),))
    return expressions.new_object(interp, "dict", state)
