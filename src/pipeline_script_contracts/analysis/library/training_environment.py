"""What SageMaker's own packages and variables tell a training script at once: folders, channels, hyperparameters.

`sagemaker_training.environment.Environment()`, `sagemaker_containers.training_env()` and the JSON text in
`SM_TRAINING_ENV` hold the same entries. Each is what the variable of its name says.
"""

from __future__ import annotations

import ast
from typing import Any

from .. import environment, expressions, paths
from ..atoms import NOTHING, Const, Document, Lib, TupleAtom, Value
from ..interpreter import Interpreter, strings_in
from ..patterns import Hole
from ..platform import CHANNEL_FOLDER
from ..texts import hole_text, make_text, with_step
from ..values import const, join, unknown
from ..words import words

WHOLE = "sagemaker.training_env()"
CHANNELS = "sagemaker.channel_input_dirs"
_VARIABLES = frozenset(
    words(
        """model_dir output_data_dir output_dir output_intermediate_dir input_dir input_config_dir module_dir num_gpus
        num_cpus num_neurons hosts current_host current_instance_type log_level network_interface_name job_name
        user_entry_point module_name framework_module resource_config input_data_config"""
    )
)


def entry(interp: Interpreter, owner: str, name: str, node: ast.AST) -> Value:
    """Gives `environment.name`, `environment["name"]` or `channels["name"]`."""
    if owner == CHANNELS:
        step = interp.step(f"os.environ['SM_CHANNEL_{name.upper()}']", node)
        return with_step((Const(f"{CHANNEL_FOLDER}/{name}", soft=True),), step)
    if name in ("channel_input_dirs", "channel_dirs"):  # the latter in the toolkit before, `container_support`
        return (Lib(CHANNELS),)
    if name == "hyperparameters":
        return (Document("hyperparameters", "env"),)
    if name in _VARIABLES:
        return environment.read(interp, const(f"SM_{name.upper()}"), None, node)
    return unknown(f"{name!r} of the training environment")


def item(interp: Interpreter, owner: str, index: Value, node: ast.AST) -> Value:
    """Gives an entry by a key that may not be known."""
    names = strings_in(index)
    result: Value = NOTHING
    for name in names:
        result = join(result, entry(interp, owner, name, node))
    if len(names) < len(index) or not index:
        result = join(result, _any(owner))
    return result


def method(interp: Interpreter, owner: str, name: str, arguments: Any, node: ast.AST) -> Value:
    """Calls a method of the environment or of its channels."""
    if name == "get":
        return item(interp, owner, arguments.get(0), node)
    if name in ("keys", "values", "items"):
        key: Value = (hole_text("name", reason="the name of a channel"),)
        each = key if name == "keys" else _any(owner)
        return expressions.new_list(interp, None, (TupleAtom([key, each]),) if name == "items" else each)
    return unknown(f"{name!r} of the training environment")


def _any(owner: str) -> Value:
    if owner == CHANNELS:
        return (make_text((f"{CHANNEL_FOLDER}/", Hole("name", reason="the name of a channel")), True),)
    return unknown("an entry of the training environment")


_MAKERS = words(
    """sagemaker_containers.training_env sagemaker_containers.TrainingEnv sagemaker_containers.environment.TrainingEnv
    sagemaker_containers.beta.framework.training_env sagemaker_containers.beta.framework.TrainingEnv
    sagemaker_training.environment.Environment sagemaker_training.environment.TrainingEnv
    sagemaker_training.Environment container_support.TrainingEnvironment
    container_support.environment.TrainingEnvironment"""
)
_PIPE = "sagemaker_tensorflow.PipeModeDataset"


def _pipe_mode_dataset(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    """`PipeModeDataset(channel)`: what comes through the pipes of a channel."""
    channel = paths.join_path(interp, [const(f"{CHANNEL_FOLDER}/"), arguments.get(0, "channel")], node, "os.path.join")
    paths.touch(interp, "read", channel, _PIPE, node)
    return (Lib(f"{_PIPE}()"),)


MODELS: dict[str, Any] = {
    **dict.fromkeys(_MAKERS, lambda interp, arguments, node: (Lib(WHOLE),)),
    _PIPE: _pipe_mode_dataset,
}
