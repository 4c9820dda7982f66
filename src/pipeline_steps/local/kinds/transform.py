"""Transform steps: a model's serving handlers over files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar

from pipeline_steps.local.archives import unpack
from pipeline_steps.local.containers import rewritten_environment
from pipeline_steps.local.definition import Step
from pipeline_steps.local.errors import LocalRunError, StepError
from pipeline_steps.local.files import copy_file, write_json
from pipeline_steps.local.hosts import Host, make_hosts, run_hosts
from pipeline_steps.local.inputs import fetch, share
from pipeline_steps.local.job import Job, Outcome
from pipeline_steps.local.kinds.base import StepKind, arn, missing, not_one_of, not_whole
from pipeline_steps.local.kinds.model import containers
from pipeline_steps.local.uploads import folder_files, upload

_WORKER = Path(__file__).parent.parent / "workers" / "transform.py"


class TransformKind(StepKind):
    """Batch transform through `model_fn`, `input_fn`, `predict_fn` and `output_fn`."""

    type: ClassVar[str] = "Transform"
    cacheable: ClassVar[bool] = False

    def problems(self, step: Step, arguments: Mapping[str, Any]) -> Iterator[str]:
        """See the base class."""
        yield from missing(arguments, ["ModelName", "TransformInput.DataSource.S3DataSource.S3Uri"])
        yield from not_whole(arguments, ["TransformResources.InstanceCount", "MaxPayloadInMB"])
        source = arguments.get("TransformInput") or {}
        yield from not_one_of(source.get("SplitType"), ("None", "Line"), "TransformInput.SplitType")
        yield from not_one_of(source.get("CompressionType"), ("None",), "TransformInput.CompressionType")
        yield from not_one_of(arguments.get("BatchStrategy"), ("MultiRecord", "SingleRecord"), "BatchStrategy")
        data = arguments.get("DataProcessing") or {}
        yield from not_one_of(data.get("InputFilter"), ("$",), "DataProcessing.InputFilter")
        yield from not_one_of(data.get("OutputFilter"), ("$",), "DataProcessing.OutputFilter")
        yield from not_one_of(data.get("JoinSource"), ("None",), "DataProcessing.JoinSource")

    def properties(self, step: Step, arguments: Mapping[str, Any], job_name: str) -> dict[str, Any]:
        """See the base class."""
        return {
            **arguments,
            "TransformJobName": job_name,
            "TransformJobArn": arn("transform-job", job_name),
            "TransformJobStatus": "Completed",
            "TransformOutput": {"S3OutputPath": "", **(arguments.get("TransformOutput") or {})},
        }

    def inputs(self, arguments: Mapping[str, Any]) -> list[tuple[str, str]]:
        """See the base class."""
        return [("TransformInput", arguments["TransformInput"]["DataSource"]["S3DataSource"]["S3Uri"])]

    def instances(self, arguments: Mapping[str, Any]) -> int:
        """See the base class."""
        return int((arguments.get("TransformResources") or {}).get("InstanceCount") or 1)

    def run(self, job: Job) -> Outcome:
        """See the base class."""
        arguments = job.arguments
        container = _container(job)
        source = arguments["TransformInput"]["DataSource"]["S3DataSource"]
        objects = fetch(job, source["S3Uri"], source.get("S3DataType"), "TransformInput")
        hosts = make_hosts(job, self.instances(arguments))
        for host in hosts:
            job.run.storage.download(share(objects, "ShardedByS3Key", host, len(hosts)), host.base / "input" / "data")
            _stage_model(job, container, host)
            _write_request(job, container, host)
        ended = run_hosts(
            job,
            hosts,
            lambda host: [job.run.python, str(_WORKER), str(host.view)],
            lambda host: {
                **rewritten_environment(container.get("Environment") or {}, host.view),
                **rewritten_environment(arguments.get("Environment") or {}, host.view),
                "SAGEMAKER_BASE_DIR": str(host.view),
                "SM_MODEL_DIR": str(host.view / "model"),
            },
            timeout=None,
        )
        properties = self.properties(job.step, arguments, job.name)
        output = properties["TransformOutput"]
        output["S3OutputPath"] = output["S3OutputPath"] or job.default_uri("output")
        files: dict[str, Path] = {}
        for host in hosts:
            files |= folder_files(host.base / "output" / "data", output["S3OutputPath"], "TransformOutput")
        upload(job, files)
        return Outcome(
            properties, {"transform_output": output["S3OutputPath"]}, peak_memory_bytes=ended.peak_memory_bytes
        )


def _container(job: Job) -> Mapping[str, Any]:
    name = job.arguments["ModelName"]
    for record in job.run.records.values():
        if record.type == "Model" and record.properties.get("ModelName") == name:
            found = containers(record.properties)
            if len(found) > 1:
                raise StepError(f"model {name!r} has {len(found)} containers in a row, which do not run locally")
            return found[0]
    raise StepError(f"there is no model {name!r}", mend="let the step take ModelName from a Model step of the run")


def _stage_model(job: Job, container: Mapping[str, Any], host: Host) -> None:
    folder = host.base / "model"
    folder.mkdir(parents=True, exist_ok=True)
    (host.base / "output" / "data").mkdir(parents=True, exist_ok=True)
    if not container.get("ModelDataUrl"):
        return
    try:
        for item in job.run.storage.objects(container["ModelDataUrl"]):
            if item.name.endswith((".tar.gz", ".tgz")):
                unpack(item.path, folder)
            else:
                copy_file(item.path, folder / item.name)
        submitted = str((container.get("Environment") or {}).get("SAGEMAKER_SUBMIT_DIRECTORY", ""))
        if submitted.startswith("s3://"):
            unpack(job.run.storage.objects(submitted)[0].path, folder / "code")
    except LocalRunError as error:
        raise StepError(f"the model: {error}") from None


def _write_request(job: Job, container: Mapping[str, Any], host: Host) -> None:
    arguments = job.arguments
    program = (container.get("Environment") or {}).get("SAGEMAKER_PROGRAM") or "inference.py"
    write_json(
        host.base / "input" / "config" / "transform.json",
        {
            "program": str(program),
            "content_type": arguments["TransformInput"].get("ContentType") or "text/csv",
            "accept": (arguments.get("TransformOutput") or {}).get("Accept") or "application/json",
            "split_lines": arguments["TransformInput"].get("SplitType") == "Line",
            "single": arguments.get("BatchStrategy") == "SingleRecord",
            "assemble_lines": (arguments.get("TransformOutput") or {}).get("AssembleWith") == "Line",
            "payload_bytes": int(arguments.get("MaxPayloadInMB") or 6) * 2**20,
        },
    )
