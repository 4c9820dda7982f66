"""Uploading assets to S3: each under the hash of its content, so that nothing is ever overwritten."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from pipeline_steps.assets import Asset
from pipeline_steps.deploy.clients import AwsClients
from pipeline_steps.deploy.errors import aws_errors


@dataclass(frozen=True)
class PublishReport:
    """What was uploaded, or would be.

    Args:
        uploaded: Addresses of the files that were missing.
        present: Addresses of the files that were there already.
    """

    uploaded: list[str] = field(default_factory=list)
    present: list[str] = field(default_factory=list)


def publish_assets(assets: Iterable[Asset], clients: AwsClients, *, dry_run: bool = False) -> PublishReport:
    """Uploads what is not there yet.

    Args:
        assets: What to publish, from `PipelineBuilder.assets()`.
        clients: The account to publish to.
        dry_run: Only look what would be uploaded.

    Raises:
        DeployError: The bucket is missing or may not be written.
    """
    report = PublishReport()
    for asset in assets:
        bucket, prefix = split_uri(asset.uri)
        there = _keys(clients.s3, bucket, f"{prefix}/")
        for name, content in asset.files():
            key = f"{prefix}/{name}"
            uri = f"s3://{bucket}/{key}"
            if key in there:
                report.present.append(uri)
                continue
            report.uploaded.append(uri)
            if not dry_run:
                with aws_errors("upload", uri):
                    if isinstance(content, bytes):
                        clients.s3.put_object(Bucket=bucket, Key=key, Body=content)
                    else:
                        clients.s3.upload_file(str(content), bucket, key)
    return report


def split_uri(uri: str) -> tuple[str, str]:
    """Gives bucket and key of an `s3://` address."""
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    return bucket, key.strip("/")


def _keys(s3: Any, bucket: str, prefix: str) -> set[str]:
    with aws_errors("list the bucket", f"s3://{bucket}/{prefix}"):
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        return {entry["Key"] for page in pages for entry in page.get("Contents", ())}
