"""Results of earlier runs, found again by content: what a step was given, not where it lay or when."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import time
from collections.abc import Mapping
from dataclasses import asdict
from functools import cached_property
from pathlib import Path
from typing import Any

from pipeline_steps.local.definition import Step
from pipeline_steps.local.errors import LocalRunError
from pipeline_steps.local.files import file_digest, write_json
from pipeline_steps.local.job import Job, Outcome
from pipeline_steps.local.storage import LocalS3

_FORMAT = 1
_PLACES = ("ProcessingOutputConfig", "OutputDataConfig", "CheckpointConfig", "RoleArn", "Tags", "ExperimentConfig")
_STAMPS = ("sagemaker_job_name", "sagemaker_region")
_DURATION = re.compile(
    r"P?(?:(?P<weeks>\d+)W)?(?:(?P<days>\d+)D)?(?:T?(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+)S)?)?",
    re.IGNORECASE,
)
_WORKER = Path(__file__).parent / "workers" / "packages.py"


class Cache:
    """A folder of results.

    Args:
        folder: Where they are.
        python: The interpreter of the steps; its packages are part of what a result depends on.
    """

    def __init__(self, folder: Path, python: str) -> None:
        self.folder, self.python = folder, python

    @cached_property
    def packages(self) -> str:
        """A digest of the interpreter's packages."""
        answer = subprocess.run([self.python, str(_WORKER)], capture_output=True, check=True, text=True)
        return answer.stdout.strip()

    def key(self, job: Job) -> str:
        """What a step's result depends on.

        That is its arguments, with the content of inputs and code in place of their URIs and without the places of its
        outputs; its property files; the interpreter and its packages.
        """
        arguments = _without_places(job.arguments)
        if "TrainingJobDefinition" in arguments:  # of a tuning
            arguments["TrainingJobDefinition"] = _without_places(arguments["TrainingJobDefinition"])
        outputs = job.arguments.get("ProcessingOutputConfig") or {}
        depends = {
            "format": _FORMAT,
            "type": job.step.type,
            "arguments": _by_content(arguments, job.run.storage),
            "outputs": [[item["OutputName"], item["S3Output"]["LocalPath"]] for item in outputs.get("Outputs") or []],
            "property_files": job.step.property_files,
            "packages": self.packages,
        }
        return hashlib.sha256(json.dumps(depends, sort_keys=True).encode()).hexdigest()

    def find(self, key: str, job: Job) -> Outcome | None:
        """The result for a key, when it is not too old and its outputs are still what they were."""
        path = self.folder / f"{key}.json"
        try:
            entry = json.loads(path.read_text(encoding="utf-8"))
            outcome = Outcome(**entry["outcome"])
            fresh = time.time() - entry["time"] <= expires_after(job.step)
            same = entry["root"] == str(job.run.storage.root) and entry["content"] == _content(outcome, job)
        except (OSError, ValueError, KeyError, TypeError, LocalRunError):
            return None
        if fresh and same:
            job.write(f"the same arguments, code and inputs as in run {entry['run']}: its result is used")
            return outcome
        return None

    def store(self, key: str, outcome: Outcome, job: Job) -> None:
        """Keeps a result."""
        self.folder.mkdir(parents=True, exist_ok=True)
        write_json(
            self.folder / f"{key}.json",
            {
                "time": time.time(),
                "run": job.run.run_id,
                "step": job.step.name,
                "root": str(job.run.storage.root),
                "outcome": asdict(outcome),
                "content": _content(outcome, job),
            },
        )


def wants_cache(step: Step) -> bool:
    """Whether the definition asks for caching of a step."""
    return bool((step.body.get("CacheConfig") or {}).get("Enabled"))


def expires_after(step: Step) -> float:
    """Seconds after which a step's cached result is too old, from an ISO 8601 duration such as `P30D` or `PT12H`.

    Raises:
        ValueError: The text is no duration.
    """
    text = (step.body.get("CacheConfig") or {}).get("ExpireAfter")
    if text is None:
        return float("inf")
    match = _DURATION.fullmatch(str(text))
    if match is None or not any(match.groups()):
        raise ValueError(
            f"CacheConfig.ExpireAfter is {text!r}, expected an ISO 8601 duration such as 'P30D' or 'PT12H'"
        )
    units = {"weeks": 604800, "days": 86400, "hours": 3600, "minutes": 60, "seconds": 1}
    return float(sum(int(match[name] or 0) * size for name, size in units.items()))


def _without_places(arguments: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in arguments.items() if key not in _PLACES}


def _by_content(value: Any, storage: LocalS3) -> Any:
    if isinstance(value, Mapping):
        return {key: _by_content(item, storage) for key, item in value.items() if key not in _STAMPS}
    if isinstance(value, list):
        return [_by_content(item, storage) for item in value]
    if isinstance(value, str) and value.strip('"').startswith("s3://"):
        try:
            return _digest(value.strip('"'), storage)
        except LocalRunError:
            return value
    return value


def _content(outcome: Outcome, job: Job) -> dict[str, Any]:
    return {name: _digest(uri, job.run.storage) for name, uri in sorted(outcome.outputs.items())}


def _digest(uri: str, storage: LocalS3) -> list[list[str]]:
    return [[item.name, file_digest(item.path)] for item in storage.objects(uri)]
