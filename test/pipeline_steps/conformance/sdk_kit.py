"""Definitions that the SageMaker SDK writes, with the code that it uploads, and a place to run them in."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pipeline_steps.local import LocalRunError, RunRecord, run_pipeline
from pipeline_steps.local.sandbox import find_sandbox

ROLE = "arn:aws:iam::123456789012:role/Runner"
BUCKET = "bucket"
ROWS = "a,1\nb,2\n"
PREPARE = """
from pathlib import Path
rows = Path("/opt/ml/processing/input/raw/rows.csv").read_text()
Path("/opt/ml/processing/output/train/rows.csv").write_text(rows.upper())
"""


@contextmanager
def amazon() -> Iterator[Any]:
    """An S3 in memory with one bucket, for the SDK to upload to; gives its client."""
    import boto3
    from moto import mock_aws

    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        os.environ[name] = "testing"
    os.environ["AWS_DEFAULT_REGION"] = "us-east-1"
    with mock_aws():
        client = boto3.client("s3")
        client.create_bucket(Bucket=BUCKET)
        yield client


def download(client: Any, s3_root: Path) -> None:
    """Puts what the SDK has uploaded, and the raw rows, into the folder that stands for S3."""
    for item in client.list_objects_v2(Bucket=BUCKET).get("Contents", []):
        path = s3_root / BUCKET / item["Key"]
        path.parent.mkdir(parents=True, exist_ok=True)
        client.download_file(BUCKET, item["Key"], str(path))
    raw = s3_root / BUCKET / "raw"
    raw.mkdir(parents=True)
    (raw / "rows.csv").write_text(ROWS)


def run(definition: str, folder: Path, python: str = sys.executable) -> RunRecord:
    """Runs a definition in sandbox mode, as it was written."""
    return run_pipeline(
        json.loads(definition), run_dir=folder / "run", s3_root=folder / "s3", mode="sandbox", python=python, cores=2
    )


def why_no_sandbox() -> str | None:
    """Why sandbox mode cannot be had here; None when it can."""
    try:
        find_sandbox()
    except LocalRunError as error:
        return str(error)
    return None
