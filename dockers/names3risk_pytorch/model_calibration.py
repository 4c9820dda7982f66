"""Processing script: brings a model's scores in line with how often the classes really come."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path

from names3risk.calibration import run_calibration_job
from names3risk.container import container_job


def main(
    input_paths: Mapping[str, str | Path],
    output_paths: Mapping[str, str | Path],
    environ_vars: Mapping[str, str],
    job_args: argparse.Namespace,
) -> None:
    """Fits a calibration on one part of the rows and measures it on the other.

    Args:
        input_paths: `evaluation_data`, the predictions of an evaluation.
        output_paths: `calibration_output` for calibration.json, `calibrated_data` for the predictions with calibrated
            scores, `metrics_output` for calibration_metrics.json and the reliability picture.
        environ_vars: Nothing is read from it.
        job_args: `method`, `fit_share` and `seed`.
    """
    run_calibration_job(
        evaluation_data_dir=input_paths["evaluation_data"],
        calibration_dir=output_paths["calibration_output"],
        calibrated_data_dir=output_paths["calibrated_data"],
        metrics_dir=output_paths["metrics_output"],
        method=job_args.method,
        fit_share=job_args.fit_share,
        seed=job_args.seed,
    )


def parse_arguments() -> argparse.Namespace:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--method", default="isotonic", help="isotonic, platt, beta or temperature.")
    parser.add_argument("--fit_share", type=float, default=0.5, help="The share of the rows that it is fitted on.")
    parser.add_argument("--seed", type=int, default=0, help="Decides which rows these are.")
    return parser.parse_args()


if __name__ == "__main__":
    with container_job() as base_dir:
        main(
            input_paths={"evaluation_data": base_dir / "processing/input/evaluation_data"},
            output_paths={
                "calibration_output": base_dir / "processing/output/calibration",
                "calibrated_data": base_dir / "processing/output/calibrated_data",
                "metrics_output": base_dir / "processing/output/metrics",
            },
            environ_vars={},
            job_args=parse_arguments(),
        )
