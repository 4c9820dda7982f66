# ruff: noqa: PTH118 - this script joins strings, as the scripts that run in this container have always done
"""Training script of the multimodal models: text and tables in, a model folder and its evaluation out."""

from __future__ import annotations

import argparse
import logging
import os
from collections.abc import Mapping

from names3risk.container import one_message
from names3risk.hyperparameters import load_hyperparameters
from names3risk.training.job import TrainingResult, run_training_job
from names3risk.training.launch import launch_processes


def main(
    input_paths: Mapping[str, str],
    output_paths: Mapping[str, str],
    environ_vars: Mapping[str, str],
    job_args: argparse.Namespace,
) -> TrainingResult:
    """Runs the training job, from its last checkpoint where there is one, with a tokenizer of its own.

    Args:
        input_paths: `input_path` with the channels train, val and test below it; `pretrained` with the folder of a
            pretrained encoder that the hyperparameters may name; `config`, the hyperparameters.
        output_paths: `model_output`, `data_output` and `checkpoints`.
        environ_vars: Nothing is read from it.
        job_args: Nothing is read from it.

    Returns:
        Where the results are, and the metrics.
    """
    input_path = input_paths["input_path"]
    train_path = os.path.join(input_path, "train")
    val_path = os.path.join(input_path, "val")
    test_path = os.path.join(input_path, "test")
    return run_training_job(
        train_dir=train_path,
        val_dir=val_path,
        test_dir=test_path,
        pretrained_dir=input_paths.get("pretrained"),
        hyperparameters=load_hyperparameters(input_paths["config"]),
        model_dir=output_paths["model_output"],
        data_dir=output_paths["data_output"],
        checkpoint_dir=output_paths["checkpoints"],
        resume=True,
    )


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    # SageMaker's launcher repeats the hyperparameters as arguments; they are read from the file.
    arguments, _ = argparse.ArgumentParser(description=__doc__).parse_known_args()
    prefix = os.environ.get("SAGEMAKER_BASE_DIR", "/opt/ml")
    output_path = os.path.join(prefix, "output")
    with one_message(os.path.join(output_path, "failure")):
        launch_processes()
        main(
            input_paths={
                "input_path": os.path.join(prefix, "input/data"),
                "pretrained": os.path.join(prefix, "input/data/pretrained"),
                "config": os.path.join(prefix, "input/config/hyperparameters.json"),
            },
            output_paths={
                "model_output": os.path.join(prefix, "model"),
                "data_output": os.path.join(output_path, "data"),
                "checkpoints": os.environ.get("SM_CHECKPOINT_DIR", os.path.join(prefix, "checkpoints")),
            },
            environ_vars={},
            job_args=arguments,
        )
