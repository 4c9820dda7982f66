"""What SageMaker's training toolkit hands a script: `SM_*` variables and arguments made of hyperparameters."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

_OWN_PREFIXES = ("sagemaker_", "_tuning_")


def as_strings(hyperparameters: Mapping[str, Any]) -> dict[str, str]:
    """Hyperparameters as SageMaker delivers them: every value a string."""
    return {name: value if isinstance(value, str) else json.dumps(value) for name, value in hyperparameters.items()}


def decoded(hyperparameters: Mapping[str, str]) -> dict[str, Any]:
    """Hyperparameters as the toolkit reads them: JSON where it is JSON, the text otherwise."""
    return {name: _decode(value) for name, value in hyperparameters.items()}


def users_own(hyperparameters: Mapping[str, Any]) -> dict[str, Any]:
    """The hyperparameters without those of SageMaker itself (`sagemaker_program`, `_tuning_objective_metric`, ...)."""
    return {name: value for name, value in hyperparameters.items() if not name.startswith(_OWN_PREFIXES)}


def script_arguments(hyperparameters: Mapping[str, Any]) -> list[str]:
    """Hyperparameters as the command line `--name value`, in the order of their names.

    One-letter names get a single dash and true stays a value, as the toolkit has it.
    """
    arguments: list[str] = []
    for name in sorted(hyperparameters):
        arguments += [f"-{name}" if len(name) == 1 else f"--{name}", _to_text(hyperparameters[name])]
    return arguments


def training_variables(
    base: Path | str,
    *,
    channels: Sequence[str],
    hyperparameters: Mapping[str, str],
    hosts: Sequence[str],
    current_host: str,
    instance_type: str,
    input_data_config: Mapping[str, Any],
    cores: int,
    job_name: str,
    program: str | None = None,
) -> dict[str, str]:
    """The variables of a training script.

    Args:
        base: What stands for `/opt/ml`, as the script sees it.
        channels: Names of the input channels.
        hyperparameters: As in hyperparameters.json.
        hosts: All machines.
        current_host: This one.
        instance_type: Such as `ml.m5.xlarge`.
        input_data_config: As in inputdataconfig.json.
        cores: How many cores the machine has.
        job_name: The training job.
        program: The script that the toolkit runs, in script mode.
    """
    root = str(base)
    all_values = decoded(hyperparameters)
    values = users_own(all_values)
    arguments = script_arguments(values)
    gpus = count_gpus()
    resources = {"current_host": current_host, "hosts": list(hosts), "network_interface_name": "lo"}
    variables: dict[str, Any] = {
        "SM_HOSTS": list(hosts),
        "SM_CURRENT_HOST": current_host,
        "SM_CURRENT_INSTANCE_TYPE": instance_type,
        "SM_CURRENT_INSTANCE_GROUP": "homogeneousCluster",
        "SM_CURRENT_INSTANCE_GROUP_HOSTS": list(hosts),
        "SM_NETWORK_INTERFACE_NAME": "lo",
        "SM_NUM_CPUS": cores,
        "SM_NUM_GPUS": gpus,
        "SM_NUM_NEURONS": 0,
        "SM_LOG_LEVEL": 20,
        "SM_INPUT_DIR": f"{root}/input",
        "SM_INPUT_CONFIG_DIR": f"{root}/input/config",
        "SM_OUTPUT_DIR": f"{root}/output",
        "SM_OUTPUT_DATA_DIR": f"{root}/output/data",
        "SM_OUTPUT_INTERMEDIATE_DIR": f"{root}/output/intermediate",
        "SM_MODEL_DIR": f"{root}/model",
        "SM_CHANNELS": sorted(channels),
        "SM_INPUT_DATA_CONFIG": dict(input_data_config),
        "SM_RESOURCE_CONFIG": resources,
        "SM_HPS": values,
        "SM_FRAMEWORK_PARAMS": {name: value for name, value in all_values.items() if name not in values},
        "SM_USER_ARGS": arguments,
        "TRAINING_JOB_NAME": job_name,
    }
    variables |= {f"SM_CHANNEL_{name.upper()}": f"{root}/input/data/{name}" for name in channels}
    variables |= {f"SM_HP_{name.upper()}": value for name, value in values.items()}
    if program:
        variables |= {
            "SM_MODULE_DIR": f"{root}/code",
            "SM_MODULE_NAME": Path(program).stem,
            "SM_USER_ENTRY_POINT": program,
        }
    texts = {name: _to_text(value) for name, value in variables.items()}
    texts["SM_TRAINING_ENV"] = json.dumps(
        {
            "channel_input_dirs": {name: f"{root}/input/data/{name}" for name in channels},
            "current_host": current_host,
            "hosts": list(hosts),
            "hyperparameters": values,
            "input_config_dir": f"{root}/input/config",
            "input_data_config": dict(input_data_config),
            "job_name": job_name,
            "model_dir": f"{root}/model",
            "num_cpus": cores,
            "num_gpus": gpus,
            "output_data_dir": f"{root}/output/data",
            "output_dir": f"{root}/output",
            "resource_config": resources,
            "user_entry_point": program,
        }
    )
    return texts


def count_gpus() -> int:
    """How many graphics processors a step may use here."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is not None:
        return len([part for part in visible.split(",") if part.strip() and part.strip() != "-1"])
    folder = Path("/proc/driver/nvidia/gpus")
    return len(list(folder.iterdir())) if folder.is_dir() else 0


def _decode(value: str) -> Any:
    try:
        return json.loads(value)
    except ValueError:
        return value


def _to_text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int | float | bool) else json.dumps(value)
