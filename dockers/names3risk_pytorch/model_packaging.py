"""Processing script: puts a model, its calibration and its inference code into one model.tar.gz."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path

from names3risk.artifacts.packing import run_packaging_job
from names3risk.container import container_job


def main(
    input_paths: Mapping[str, str | Path],
    output_paths: Mapping[str, str | Path],
    environ_vars: Mapping[str, str],
    job_args: argparse.Namespace,
) -> None:
    """Packs the model.

    Args:
        input_paths: `model_input`, a model.tar.gz or its files; `calibration_input` with calibration.json and
            `inference_code`, each where there is one.
        output_paths: `packaged_model`, for model.tar.gz.
        environ_vars: Nothing is read from it.
        job_args: `code_files`, patterns of the inference code, with commas between them.
    """
    calibration = Path(input_paths["calibration_input"])
    code = Path(input_paths["inference_code"])
    run_packaging_job(
        model_dir=input_paths["model_input"],
        output_dir=output_paths["packaged_model"],
        calibration_dir=calibration if calibration.is_dir() else None,
        code_dir=code if code.is_dir() else None,
        code_files=job_args.code_files.split(","),
    )


def parse_arguments() -> argparse.Namespace:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--code_files", default="*", help="Patterns of the inference code, with commas between them.")
    return parser.parse_args()


if __name__ == "__main__":
    with container_job() as base_dir:
        main(
            input_paths={
                "model_input": base_dir / "processing/input/model",
                "calibration_input": base_dir / "processing/input/calibration",
                "inference_code": base_dir / "processing/input/inference_code",
            },
            output_paths={"packaged_model": base_dir / "processing/output/model"},
            environ_vars={},
            job_args=parse_arguments(),
        )
