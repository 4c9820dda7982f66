"""Processing script: scores a labelled split with a trained model and measures the scores."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path

from names3risk.container import container_job
from names3risk.evaluation.job import parse_evaluation_arguments, run_evaluation_job
from names3risk.serving.predictor import Predictor


def main(
    input_paths: Mapping[str, str | Path],
    output_paths: Mapping[str, str | Path],
    environ_vars: Mapping[str, str],
    job_args: argparse.Namespace,
) -> None:
    """Evaluates the model.

    Args:
        input_paths: `model_input`, a model.tar.gz or its files; `eval_data`, the split or the folder of all splits.
        output_paths: `eval_output` for predictions and pictures, `metrics_output` for evaluation.json.
        environ_vars: Nothing is read from it.
        job_args: `job_type` chooses the split where `eval_data` holds several.
    """
    run_evaluation_job(
        Predictor.load,
        model_dir=input_paths["model_input"],
        eval_data_dir=input_paths["eval_data"],
        eval_dir=output_paths["eval_output"],
        metrics_dir=output_paths["metrics_output"],
        job_type=job_args.job_type,
    )


if __name__ == "__main__":
    with container_job() as base_dir:
        main(
            input_paths={
                "model_input": base_dir / "processing/input/model",
                "eval_data": base_dir / "processing/input/eval_data",
            },
            output_paths={
                "eval_output": base_dir / "processing/output/eval",
                "metrics_output": base_dir / "processing/output/metrics",
            },
            environ_vars={},
            job_args=parse_evaluation_arguments(__doc__),
        )
