"""Small definitions for the runner's tests, and a place to run them in."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from pipeline_steps.local import RunRecord, resume, run_pipeline


def get(text: str) -> dict[str, str]:
    return {"Get": text}


def processing(
    name: str,
    script: str = "script.py",
    *,
    inputs: dict[str, Any] | None = None,
    outputs: dict[str, Any] | None = None,
    arguments: list[Any] | None = None,
    environment: dict[str, Any] | None = None,
    files: list[dict[str, str]] | None = None,
    instances: Any = 1,
    seconds: int | None = None,
    **body: Any,
) -> dict[str, Any]:
    """A processing step whose code is s3://code/<script>; inputs and outputs by name, at paths made of the name."""
    code = {"code": f"s3://code/{script}"}
    step: dict[str, Any] = {
        "Name": name,
        "Type": "Processing",
        "Arguments": {
            "ProcessingResources": {"ClusterConfig": {"InstanceCount": instances, "InstanceType": "ml.m5.large"}},
            "AppSpecification": {
                "ImageUri": "image",
                "ContainerEntrypoint": ["python3", f"/opt/ml/processing/input/code/{script}"],
                "ContainerArguments": arguments or [],
            },
            "ProcessingInputs": [
                {
                    "InputName": key,
                    "AppManaged": False,
                    "S3Input": {
                        "S3Uri": uri,
                        "LocalPath": f"/opt/ml/processing/input/{key}",
                        "S3DataType": "S3Prefix",
                        "S3InputMode": "File",
                    },
                }
                for key, uri in {**(inputs or {}), **code}.items()
            ],
            "ProcessingOutputConfig": {
                "Outputs": [
                    {
                        "OutputName": key,
                        "AppManaged": False,
                        "S3Output": {
                            "LocalPath": f"/opt/ml/processing/output/{key}",
                            "S3UploadMode": "EndOfJob",
                            **({"S3Uri": uri} if uri else {}),
                        },
                    }
                    for key, uri in (outputs or {}).items()
                ]
            },
            "Environment": environment or {},
        },
        **body,
    }
    if seconds is not None:
        step["Arguments"]["StoppingCondition"] = {"MaxRuntimeInSeconds": seconds}
    if files:
        step["PropertyFiles"] = files
    return step


def training(
    name: str,
    *,
    channels: dict[str, Any],
    hyperparameters: dict[str, Any] | None = None,
    environment: dict[str, Any] | None = None,
    instances: int = 1,
    script: str = "train.py",
    checkpoints: str | None = None,
    **arguments: Any,
) -> dict[str, Any]:
    """A training step whose code comes through the channel `code`."""
    body = {
        "AlgorithmSpecification": {
            "TrainingInputMode": "File",
            "TrainingImage": "image",
            "ContainerEntrypoint": ["python3", f"/opt/ml/input/data/code/{script}"],
        },
        "InputDataConfig": [
            {"ChannelName": key, "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": uri}}}
            for key, uri in {**channels, "code": f"s3://code/{script}"}.items()
        ],
        "OutputDataConfig": {"S3OutputPath": "s3://models/out"},
        "ResourceConfig": {"InstanceCount": instances, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 30},
        "HyperParameters": hyperparameters or {},
        "Environment": environment or {},
        **arguments,
    }
    if checkpoints:
        body["CheckpointConfig"] = {"S3Uri": checkpoints}
    return {"Name": name, "Type": "Training", "Arguments": body}


def pipeline(*steps: dict[str, Any], parameters: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    return {"Version": "2020-12-01", "Metadata": {}, "Parameters": parameters or [], "Steps": list(steps)}


class Place:
    """A folder with an S3 in it, and runs beside it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.s3 = root / "s3"
        self.events: list[Any] = []
        self.runs = 0

    def put(self, key: str, content: str | bytes) -> Path:
        path = self.s3 / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def code(self, content: str, name: str = "script.py") -> Path:
        return self.put(f"code/{name}", content)

    def read(self, uri: str) -> str:
        return (self.s3 / uri.removeprefix("s3://")).read_text()

    def json(self, uri: str) -> Any:
        return json.loads(self.read(uri))

    def run(self, definition: dict[str, Any], **options: Any) -> RunRecord:
        self.runs += 1
        options.setdefault("run_dir", self.root / f"run-{self.runs}")
        return run_pipeline(definition, s3_root=self.s3, on_event=self.events.append, **options)

    def log(self, record: RunRecord, step: str) -> str:
        name = record.steps[step].log
        assert name is not None
        return (record.run_dir / name).read_text()


def run_or_resume(root: str | Path, stop_grace: float = 2) -> None:
    """What a process does that may be killed: runs root/pipeline.json in root/run, or goes on with it."""
    folder = Path(root)
    if (folder / "run" / "run.json").exists():
        record = resume(folder / "run")
    else:
        definition = json.loads((folder / "pipeline.json").read_text())
        record = run_pipeline(definition, run_dir=folder / "run", s3_root=folder / "s3", stop_grace=stop_grace)
    sys.exit(0 if record.succeeded else 1)
