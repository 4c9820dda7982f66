"""What a step reads from S3, and which of its machines gets what."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from pipeline_steps.local.errors import LocalRunError, StepError
from pipeline_steps.local.hosts import Host
from pipeline_steps.local.job import Job
from pipeline_steps.local.storage import StoredObject


def share(objects: Sequence[StoredObject], distribution: str | None, host: Host, count: int) -> list[StoredObject]:
    """The objects that one machine gets: all, or every `count`-th with `ShardedByS3Key`."""
    return list(objects[host.index :: count]) if distribution == "ShardedByS3Key" else list(objects)


def fetch(job: Job, uri: str, data_type: str | None, what: str) -> list[StoredObject]:
    """The objects of an input.

    Args:
        job: The attempt.
        uri: `S3Uri`.
        data_type: `S3DataType`: `S3Prefix` (default) or `ManifestFile`.
        what: For messages, as in "input 'data'".

    Raises:
        StepError: There are none.
    """
    storage = job.run.storage
    try:
        if data_type == "ManifestFile":
            return _manifest(storage.objects(uri)[0].path, job)
        for name in storage.beside(uri):
            job.warn(f"{what}: S3 would also deliver {name!r}, for {uri} is a prefix of it; end the URI with '/'")
        return storage.objects(uri)
    except LocalRunError as error:
        raise StepError(f"{what}: {error}") from None


def _manifest(path: Path, job: Job) -> list[StoredObject]:
    try:
        head, *names = json.loads(path.read_text(encoding="utf-8"))
        uris = {str(name): str(head["prefix"]) + str(name) for name in names}
    except (ValueError, TypeError, KeyError):
        raise LocalRunError(
            "is not a manifest", where=path, expected='[{"prefix": "s3://bucket/folder/"}, "file", ...]'
        ) from None
    found = [StoredObject(name, job.run.storage.path(uri)) for name, uri in uris.items()]
    for item in found:
        if not item.path.is_file():
            raise LocalRunError(f"names {item.name!r}, which is not there ({item.path})", where=path)
    return found
