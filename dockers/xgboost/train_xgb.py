"""Training script: fits features and boosts trees with XGBoost, writes the model and evaluates it."""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping
from pathlib import Path

from names3risk.boosting.cluster import read_cluster
from names3risk.boosting.hyperparameters import load_xgboost_hyperparameters
from names3risk.boosting.job import BoostingResult, run_xgboost_training_job
from names3risk.container import container_job


def main(
    input_paths: Mapping[str, str | Path],
    output_paths: Mapping[str, str | Path],
    environ_vars: Mapping[str, str],
    job_args: argparse.Namespace,
) -> BoostingResult:
    """Runs the training job.

    Args:
        input_paths: `input_path` with the channels train, val and test below it; `config`, the hyperparameters;
            `resource_config`, the machines of the job.
        output_paths: `model_output` and `data_output`.
        environ_vars: REGION, whose overlay of the hyperparameters counts; TRAINING_JOB_NAME, which all machines share.
        job_args: Nothing is read from it.

    Returns:
        Where the results are, and the metrics.
    """
    input_path = Path(input_paths["input_path"])
    return run_xgboost_training_job(
        train_dir=input_path / "train",
        val_dir=input_path / "val",
        test_dir=input_path / "test",
        hyperparameters=load_xgboost_hyperparameters(input_paths["config"], environ_vars["REGION"]),
        model_dir=output_paths["model_output"],
        data_dir=output_paths["data_output"],
        cluster=read_cluster(input_paths["resource_config"], environ_vars["TRAINING_JOB_NAME"]),
    )


if __name__ == "__main__":
    # SageMaker's launcher repeats the hyperparameters as arguments; they are read from the file.
    arguments, _ = argparse.ArgumentParser(description=__doc__).parse_known_args()
    with container_job("output/failure") as base_dir:
        main(
            input_paths={
                "input_path": base_dir / "input/data",
                "config": base_dir / "input/config/hyperparameters.json",
                "resource_config": base_dir / "input/config/resourceconfig.json",
            },
            output_paths={
                "model_output": base_dir / "model",
                "data_output": base_dir / "output/data",
            },
            environ_vars={
                "REGION": os.environ.get("REGION", ""),
                "TRAINING_JOB_NAME": os.environ.get("TRAINING_JOB_NAME", ""),
            },
            job_args=arguments,
        )
