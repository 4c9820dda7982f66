"""The local model registry: a folder for each group, in it a folder for each version."""

from __future__ import annotations

import datetime
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline_steps.local.errors import LocalRunError, StepError
from pipeline_steps.local.files import copy_file, file_digest, folder_name, remove_tree, write_json
from pipeline_steps.local.storage import LocalS3

PACKAGE_FILE = "model_package.json"


@dataclass(frozen=True)
class ModelPackage:
    """A registered version.

    Attributes:
        group: Its model package group.
        version: From 1.
        folder: Where its description, data and metrics are.
        description: What model_package.json holds.
    """

    group: str
    version: int
    folder: Path
    description: Mapping[str, Any]


def packages(registry_dir: Path, group: str) -> list[ModelPackage]:
    """The versions of a group, the oldest first."""
    folder = registry_dir / folder_name(group)
    found = []
    for path in folder.glob(f"*/{PACKAGE_FILE}"):
        if path.parent.name.isdecimal():
            description = json.loads(path.read_text(encoding="utf-8"))
            found.append(ModelPackage(group, int(path.parent.name), path.parent, description))
    return sorted(found, key=lambda package: package.version)


def register(registry_dir: Path, storage: LocalS3, description: Mapping[str, Any], *, source: str) -> ModelPackage:
    """Adds a version, or finds the one that this step of this run has added already.

    Args:
        registry_dir: The registry.
        storage: Where S3 is.
        description: The model package: `ModelPackageGroupName`, `InferenceSpecification`, `ModelMetrics`, ...
        source: Which step of which run it comes from.

    Returns:
        The version.

    Raises:
        StepError: The model's data or a metrics file is not there.
    """
    group = str(description["ModelPackageGroupName"])
    folder = registry_dir / folder_name(group)
    for package in packages(registry_dir, group):
        if package.description.get("Source") == source:
            return package
    staging = folder / f".{hashlib.sha256(source.encode()).hexdigest()[:16]}"
    remove_tree(staging)  # of this very step, killed while it registered
    try:
        staging.mkdir(parents=True)
        files = {
            field: _keep(storage, uri, staging / field.replace(".", "_"), field) for field, uri in _uris(description)
        }
        body = {
            **description,
            "CreationTime": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
            "Source": source,
            "Files": files,
        }
        while True:
            version = max((package.version for package in packages(registry_dir, group)), default=0) + 1
            body |= {"ModelPackageVersion": version}
            write_json(staging / PACKAGE_FILE, body)
            try:
                staging.rename(folder / str(version))
            except OSError:
                if not (folder / str(version)).exists():
                    raise
                continue  # another run took this number meanwhile
            return ModelPackage(group, version, folder / str(version), body)
    finally:
        remove_tree(staging)


def _uris(description: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for index, container in enumerate(description["InferenceSpecification"]["Containers"]):
        if container.get("ModelDataUrl"):
            yield f"model_{index}" if index else "model", container["ModelDataUrl"]
    for kind, group in (description.get("ModelMetrics") or {}).items():
        for part, source in (group or {}).items():
            if isinstance(source, Mapping) and source.get("S3Uri"):
                yield f"metrics.{kind}.{part}", source["S3Uri"]


def _keep(storage: LocalS3, uri: str, folder: Path, what: str) -> list[dict[str, str]]:
    try:
        objects = storage.objects(uri)
    except LocalRunError as error:
        raise StepError(f"{what}: {error}") from None
    kept = []
    for item in objects:
        copy_file(item.path, folder / item.name)
        kept.append({"path": f"{folder.name}/{item.name}", "sha256": file_digest(item.path), "source": uri})
    return kept
