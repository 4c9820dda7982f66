"""Processing script: sample requests for load tests, with invented values."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path

from names3risk.artifacts.payload import run_payload_job
from names3risk.container import container_job


def main(
    input_paths: Mapping[str, str | Path],
    output_paths: Mapping[str, str | Path],
    environ_vars: Mapping[str, str],
    job_args: argparse.Namespace,
) -> None:
    """Writes the requests.

    Args:
        input_paths: `payload_source`, a split whose columns and values the requests are like.
        output_paths: `payload_samples`, for the requests and payload.tar.gz.
        environ_vars: Nothing is read from it.
        job_args: `content_types` with commas between them, `requests`, `rows_per_request` and `seed`.
    """
    run_payload_job(
        split_dir=input_paths["payload_source"],
        output_dir=output_paths["payload_samples"],
        content_types=tuple(job_args.content_types.split(",")),
        requests=job_args.requests,
        rows_per_request=job_args.rows_per_request,
        seed=job_args.seed,
    )


def parse_arguments() -> argparse.Namespace:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--content_types", default="text/csv,application/json", help="With commas between them.")
    parser.add_argument("--requests", type=int, default=10, help="Requests of each content type.")
    parser.add_argument("--rows_per_request", type=int, default=1, help="Rows of each request.")
    parser.add_argument("--seed", type=int, default=0, help="Decides the values.")
    return parser.parse_args()


if __name__ == "__main__":
    with container_job() as base_dir:
        main(
            input_paths={"payload_source": base_dir / "processing/input/payload_source"},
            output_paths={"payload_samples": base_dir / "processing/output"},
            environ_vars={},
            job_args=parse_arguments(),
        )
