"""Training script: fits features, trains the model, writes its artefacts and evaluates it."""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping
from pathlib import Path

from names3risk.container import container_job, parse_flag
from names3risk.hyperparameters import load_hyperparameters
from names3risk.training.job import TrainingResult, run_training_job
from names3risk.training.launch import launch_processes


def main(
    input_paths: Mapping[str, str | Path],
    output_paths: Mapping[str, str | Path],
    environ_vars: Mapping[str, str],
    job_args: argparse.Namespace,
) -> TrainingResult:
    """Runs the training job, from its last checkpoint where there is one.

    Args:
        input_paths: `input_path` with the channels train, val and test below it; `model_artifacts_input` with
            tokenizer.json and, where wanted, precomputed tables; `pretrained` with the folder of a pretrained encoder
            that the hyperparameters may name; `config`, the hyperparameters.
        output_paths: `model_output`, `data_output` and `checkpoints`.
        environ_vars: REGION, USE_PRECOMPUTED_IMPUTATION and USE_PRECOMPUTED_RISK_TABLES.
        job_args: Nothing is read from it.

    Returns:
        Where the results are, and the metrics.
    """
    input_path = Path(input_paths["input_path"])
    artifacts = Path(input_paths["model_artifacts_input"])
    return run_training_job(
        train_dir=input_path / "train",
        val_dir=input_path / "val",
        test_dir=input_path / "test",
        artifacts_dir=artifacts if artifacts.is_dir() else None,
        pretrained_dir=input_paths.get("pretrained"),
        hyperparameters=load_hyperparameters(input_paths["config"], environ_vars["REGION"]),
        model_dir=output_paths["model_output"],
        data_dir=output_paths["data_output"],
        checkpoint_dir=output_paths["checkpoints"],
        use_precomputed_imputation=parse_flag("USE_PRECOMPUTED_IMPUTATION", environ_vars["USE_PRECOMPUTED_IMPUTATION"]),
        use_precomputed_risk_tables=parse_flag(
            "USE_PRECOMPUTED_RISK_TABLES", environ_vars["USE_PRECOMPUTED_RISK_TABLES"]
        ),
        resume=True,
    )


if __name__ == "__main__":
    # SageMaker's launcher repeats the hyperparameters as arguments; they are read from the file.
    arguments, _ = argparse.ArgumentParser(description=__doc__).parse_known_args()
    with container_job("output/failure") as base_dir:
        launch_processes()
        main(
            input_paths={
                "input_path": base_dir / "input/data",
                "model_artifacts_input": base_dir / "input/data/model_artifacts_input",
                "pretrained": base_dir / "input/data/pretrained",
                "config": base_dir / "input/config/hyperparameters.json",
            },
            output_paths={
                "model_output": base_dir / "model",
                "data_output": base_dir / "output/data",
                "checkpoints": os.environ.get("SM_CHECKPOINT_DIR", base_dir / "checkpoints"),
            },
            environ_vars={
                "REGION": os.environ.get("REGION", ""),
                "USE_PRECOMPUTED_IMPUTATION": os.environ.get("USE_PRECOMPUTED_IMPUTATION", "false"),
                "USE_PRECOMPUTED_RISK_TABLES": os.environ.get("USE_PRECOMPUTED_RISK_TABLES", "false"),
            },
            job_args=arguments,
        )
