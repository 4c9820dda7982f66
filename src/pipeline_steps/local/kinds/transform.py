"""Transform steps: a model's serving handlers over files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

from pipeline_steps.local.archives import unpack
from pipeline_steps.local.containers import rewritten_environment
from pipeline_steps.local.definition import Step
from pipeline_steps.local.errors import LocalRunError, StepError
from pipeline_steps.local.expressions import Later
from pipeline_steps.local.files import copy_file, remove_tree, write_json
from pipeline_steps.local.hosts import Host, make_hosts, run_hosts
from pipeline_steps.local.inputs import fetch, share
from pipeline_steps.local.job import Job, Outcome
from pipeline_steps.local.kinds.base import StepKind, arn, missing, not_one_of, not_whole
from pipeline_steps.local.kinds.model import containers, program_of
from pipeline_steps.local.uploads import folder_files, upload
from pipeline_steps.local.workers.batch_transform.json_paths import parse_json_path
from pipeline_steps.local.workers.batch_transform.records import format_of

_WORKERS = Path(__file__).parent.parent / "workers"
_START = (
    "import pathlib, sys; sys.path.insert(0, sys.argv[1]); from batch_transform.job import serve; "
    "del sys.path[0]; serve(pathlib.Path(sys.argv[2]))"
)
_DEFAULT_ACCEPT = "application/json"


class TransformKind(StepKind):
    """Batch transform through `model_fn`, `input_fn`, `predict_fn` and `output_fn`."""

    type: ClassVar[str] = "Transform"
    cacheable: ClassVar[bool] = False

    def problems(self, step: Step, arguments: Mapping[str, Any]) -> Iterator[str]:
        """See the base class."""
        yield from missing(arguments, ["ModelName", "TransformInput.DataSource.S3DataSource.S3Uri"])
        yield from not_whole(arguments, ["TransformResources.InstanceCount"])
        payload = arguments.get("MaxPayloadInMB")
        if payload is not None and (not isinstance(payload, int | Later) or isinstance(payload, bool)):
            yield f"MaxPayloadInMB is {payload!r}, expected a whole number; 0 for no limit"
        source = arguments.get("TransformInput") or {}
        yield from not_one_of(source.get("SplitType"), ("None", "Line"), "TransformInput.SplitType")
        yield from not_one_of(source.get("CompressionType"), ("None",), "TransformInput.CompressionType")
        yield from not_one_of(arguments.get("BatchStrategy"), ("MultiRecord", "SingleRecord"), "BatchStrategy")
        yield from _data_processing_problems(arguments)

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
        model = _model(job)
        stages = containers(model)
        source = arguments["TransformInput"]["DataSource"]["S3DataSource"]
        objects = fetch(job, source["S3Uri"], source.get("S3DataType"), "TransformInput")
        hosts = make_hosts(job, self.instances(arguments))
        for host in hosts:
            job.run.storage.download(share(objects, "ShardedByS3Key", host, len(hosts)), host.base / "input" / "data")
            (host.base / "output" / "data").mkdir(parents=True)
        peak = 0
        for index, container in enumerate(stages):
            for host in hosts:
                _stage_model(job, container, host)
                write_json(
                    host.base / "input" / "config" / "transform.json",
                    _request(arguments, container, index, len(stages)),
                )
            ended = run_hosts(
                job,
                hosts,
                lambda host: [job.run.python, "-c", _START, str(_WORKERS), str(host.view)],
                partial(_environment, job, container),
                timeout=None,
                isolated=bool(model.get("EnableNetworkIsolation")),
            )
            peak = max(peak, ended.peak_memory_bytes)
        properties = self.properties(job.step, arguments, job.name)
        output = properties["TransformOutput"]
        output["S3OutputPath"] = output["S3OutputPath"] or job.default_uri("output")
        files: dict[str, Path] = {}
        for host in hosts:
            files |= folder_files(host.base / "output" / "data", output["S3OutputPath"], "TransformOutput")
        upload(job, files)
        return Outcome(properties, {"transform_output": output["S3OutputPath"]}, peak_memory_bytes=peak)


def _data_processing_problems(arguments: Mapping[str, Any]) -> Iterator[str]:
    data = arguments.get("DataProcessing") or {}
    yield from not_one_of(data.get("JoinSource"), ("None", "Input"), "DataProcessing.JoinSource")
    for name in ("InputFilter", "OutputFilter"):
        try:
            parse_json_path(str(data.get(name) or "$"))
        except ValueError as error:
            yield f"DataProcessing.{name}: {error}"
    wanted = {
        "TransformInput.ContentType": (_content_type(arguments), ("InputFilter", "JoinSource")),
        "TransformOutput.Accept": (_accept(arguments), ("OutputFilter", "JoinSource")),
    }
    for field, (media_type, options) in wanted.items():
        used = [name for name in options if data.get(name) not in (None, "", "$", "None")]
        if used and format_of(media_type) is None:
            yield f"DataProcessing.{used[0]} works on CSV and JSON; {field} is {media_type!r}"
    if data.get("JoinSource") == "Input" and format_of(_content_type(arguments)) != format_of(_accept(arguments)):
        yield (
            f"DataProcessing.JoinSource needs answers in the format of the input; TransformInput.ContentType is "
            f"{_content_type(arguments)!r}, TransformOutput.Accept {_accept(arguments)!r}"
        )


def _content_type(arguments: Mapping[str, Any]) -> str:
    return str((arguments.get("TransformInput") or {}).get("ContentType") or "text/csv")


def _accept(arguments: Mapping[str, Any]) -> str:
    return str((arguments.get("TransformOutput") or {}).get("Accept") or _DEFAULT_ACCEPT)


def _model(job: Job) -> Mapping[str, Any]:
    """The model, as the step that made it describes it."""
    name = job.arguments["ModelName"]
    for record in job.run.records.values():
        if record.type == "Model" and record.properties.get("ModelName") == name:
            return record.properties
    raise StepError(f"there is no model {name!r}", mend="let the step take ModelName from a Model step of the run")


def _environment(job: Job, container: Mapping[str, Any], host: Host) -> dict[str, str]:
    return {
        **rewritten_environment(container.get("Environment") or {}, host.view),
        **rewritten_environment(job.arguments.get("Environment") or {}, host.view),
        "SAGEMAKER_BASE_DIR": str(host.view),
        "SM_MODEL_DIR": str(host.view / "model"),
    }


def _stage_model(job: Job, container: Mapping[str, Any], host: Host) -> None:
    folder = host.base / "model"
    remove_tree(folder)  # of the container before
    folder.mkdir(parents=True)
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


def _request(arguments: Mapping[str, Any], container: Mapping[str, Any], index: int, count: int) -> dict[str, Any]:
    data, source = arguments.get("DataProcessing") or {}, arguments["TransformInput"]
    payload = arguments.get("MaxPayloadInMB")
    default_accept = (container.get("Environment") or {}).get("SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT")
    return {
        "container": index,
        "containers": count,
        "program": program_of(container),
        "content_type": _content_type(arguments),
        "accept": _accept(arguments) if index == count - 1 else str(default_accept or _DEFAULT_ACCEPT),
        "lines": source.get("SplitType") == "Line",
        "single": arguments.get("BatchStrategy") == "SingleRecord",
        "limit": (6 if payload is None else int(payload)) * 2**20,
        "assemble_lines": (arguments.get("TransformOutput") or {}).get("AssembleWith") == "Line",
        "input_filter": str(data.get("InputFilter") or "$"),
        "output_filter": str(data.get("OutputFilter") or "$"),
        "join": data.get("JoinSource") == "Input",
    }
