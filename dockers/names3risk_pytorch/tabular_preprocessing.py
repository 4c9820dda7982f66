"""Processing script: labels, filters, the first row of each customer, and the split by time."""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping
from pathlib import Path

from names3risk.container import container_job
from names3risk.data.preprocessing import JOB_TYPES, preprocess
from names3risk.data.schema import ColumnSchema


def main(
    input_paths: Mapping[str, str | Path],
    output_paths: Mapping[str, str | Path],
    environ_vars: Mapping[str, str],
    job_args: argparse.Namespace,
) -> None:
    """Prepares raw files and writes a folder for each split.

    Args:
        input_paths: `raw_data`, the raw files; `config`, the folder of columns.json.
        output_paths: `processed_data`, for train/, val/ and test/.
        environ_vars: `REGION`, the region whose rows are kept; all where empty.
        job_args: The job type: training splits by time, the others write all rows to one folder.
    """
    schema = ColumnSchema.load(Path(input_paths["config"]) / "columns.json")
    preprocess(
        input_paths["raw_data"],
        schema,
        output_paths["processed_data"],
        job_type=job_args.job_type,
        region=environ_vars["REGION"],
    )


def parse_arguments() -> argparse.Namespace:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--job_type", default="training", choices=JOB_TYPES, help="What the rows are for.")
    return parser.parse_args()


if __name__ == "__main__":
    with container_job() as base_dir:
        main(
            input_paths={
                "raw_data": base_dir / "processing/input/data",
                "config": base_dir / "processing/input/config",
            },
            output_paths={"processed_data": base_dir / "processing/output"},
            environ_vars={"REGION": os.environ.get("REGION", "")},
            job_args=parse_arguments(),
        )
