"""Processing steps."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from pipeline_steps.local.containers import command_line, inside, rewritten_environment
from pipeline_steps.local.definition import Step
from pipeline_steps.local.errors import StepError
from pipeline_steps.local.files import write_json
from pipeline_steps.local.hosts import Host, make_hosts, run_hosts, seconds_allowed, write_resource_config
from pipeline_steps.local.inputs import fetch, share
from pipeline_steps.local.job import Job, Outcome
from pipeline_steps.local.kinds.base import StepKind, arn, missing, not_one_of, not_whole, repeated
from pipeline_steps.local.spark import CONFIGURATION, is_spark, spark_entrypoint, spark_variables
from pipeline_steps.local.uploads import folder_files, upload

_COUNT = "ProcessingResources.ClusterConfig.InstanceCount"


class ProcessingKind(StepKind):
    """A script with inputs and outputs at paths of its own choice."""

    type: ClassVar[str] = "Processing"
    cacheable: ClassVar[bool] = True

    def problems(self, step: Step, arguments: Mapping[str, Any]) -> Iterator[str]:
        """See the base class."""
        yield from not_whole(arguments, [_COUNT, "StoppingCondition.MaxRuntimeInSeconds"])
        yield from missing(arguments, ["AppSpecification"])
        if not (arguments.get("AppSpecification") or {}).get("ContainerEntrypoint"):
            yield (
                "AppSpecification.ContainerEntrypoint is missing: what the image itself would start cannot be known "
                "here; name the command, such as ['python3', '/opt/ml/processing/input/code/script.py']"
            )
        for item in arguments.get("ProcessingInputs") or []:
            name = f"input {item.get('InputName')!r}"
            source = item.get("S3Input") or {}
            yield from (f"{name}: {problem}" for problem in missing(item, ["InputName", "S3Input.S3Uri"]))
            yield from _path_problems(source.get("LocalPath"), name)
            yield from not_one_of(source.get("S3DataType"), ("S3Prefix", "ManifestFile"), f"{name}: S3DataType")
            yield from not_one_of(source.get("S3CompressionType"), ("None",), f"{name}: S3CompressionType")
            yield from not_one_of(source.get("S3InputMode"), ("File",), f"{name}: S3InputMode")
        for item in _outputs(arguments):
            name = f"output {item.get('OutputName')!r}"
            yield from (f"{name}: {problem}" for problem in missing(item, ["OutputName", "S3Output"]))
            yield from _path_problems((item.get("S3Output") or {}).get("LocalPath"), name)
        for kind, names in (
            ("inputs", [item.get("InputName") for item in arguments.get("ProcessingInputs") or []]),
            ("outputs", [item.get("OutputName") for item in _outputs(arguments)]),
        ):
            yield from (f"two {kind} have the name {name!r}" for name in repeated(names))
        known = {item.get("OutputName") for item in _outputs(arguments)}
        for file in step.property_files:
            if file.get("OutputName") not in known:
                yield f"property file {file.get('PropertyFileName')!r}: there is no output {file.get('OutputName')!r}"

    def properties(self, step: Step, arguments: Mapping[str, Any], job_name: str) -> dict[str, Any]:
        """See the base class."""
        return {
            **arguments,
            "ProcessingInputs": list(arguments.get("ProcessingInputs") or []),
            "ProcessingOutputConfig": {
                **(arguments.get("ProcessingOutputConfig") or {}),
                "Outputs": [
                    {**item, "S3Output": {"S3Uri": "", **(item.get("S3Output") or {})}} for item in _outputs(arguments)
                ],
            },
            "ProcessingJobName": job_name,
            "ProcessingJobArn": arn("processing-job", job_name),
            "ProcessingJobStatus": "Completed",
            "ExitMessage": "",
        }

    def inputs(self, arguments: Mapping[str, Any]) -> list[tuple[str, str]]:
        """See the base class."""
        items = arguments.get("ProcessingInputs") or []
        return [(f"input {item['InputName']!r}", item["S3Input"]["S3Uri"]) for item in items]

    def instances(self, arguments: Mapping[str, Any]) -> int:
        """See the base class."""
        return int(((arguments.get("ProcessingResources") or {}).get("ClusterConfig") or {}).get("InstanceCount") or 1)

    def run(self, job: Job) -> Outcome:
        """See the base class."""
        arguments = job.arguments
        spark = is_spark(arguments["AppSpecification"])
        hosts = make_hosts(job, 1 if spark else self.instances(arguments))  # a local Spark has one machine
        _stage_inputs(job, hosts)
        for host in hosts:
            for item in _outputs(arguments):
                inside(item["S3Output"]["LocalPath"], host.base).mkdir(parents=True, exist_ok=True)
            _write_config(job, host, len(hosts))
        if spark and (hosts[0].base / CONFIGURATION).is_file():
            job.warn(
                f"{CONFIGURATION} configures SageMaker's Spark image; it has no effect on the Spark of this machine"
            )
        ended = run_hosts(
            job,
            hosts,
            lambda host: _command(job, host),
            lambda host: {
                **(spark_variables(job.run.python) if spark else {}),
                **rewritten_environment(arguments.get("Environment") or {}, host.view),
                "SAGEMAKER_BASE_DIR": str(host.view),
                "PROCESSING_JOB_NAME": job.name,
            },
            timeout=seconds_allowed(arguments),
            isolated=bool((arguments.get("NetworkConfig") or {}).get("EnableNetworkIsolation")),
        )
        properties = self.properties(job.step, arguments, job.name)
        property_files = _read_property_files(job, hosts)
        outputs = {}
        files: dict[str, Path] = {}
        for item in properties["ProcessingOutputConfig"]["Outputs"]:
            name, target = item["OutputName"], item["S3Output"]
            target["S3Uri"] = outputs[name] = target["S3Uri"] or job.default_uri("output", name)
            before = len(files)
            for host in hosts:
                files |= folder_files(inside(target["LocalPath"], host.base), outputs[name], f"output {name!r}")
            if len(files) == before:
                job.warn(f"output {name!r} is empty: the script wrote nothing to {target['LocalPath']}")
        upload(job, files)
        return Outcome(properties, outputs, property_files, peak_memory_bytes=ended.peak_memory_bytes)


def _command(job: Job, host: Host) -> list[str]:
    app = job.arguments["AppSpecification"]
    entrypoint = app["ContainerEntrypoint"]
    if is_spark(app):
        entrypoint = spark_entrypoint(entrypoint, host.base, job.run.python, job.threads)
    return command_line(entrypoint, app.get("ContainerArguments") or [], host.view, job.run.python)


def _outputs(arguments: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return list((arguments.get("ProcessingOutputConfig") or {}).get("Outputs") or [])


def _path_problems(path: object, name: str) -> Iterator[str]:
    try:
        inside(str(path), Path("/"))
    except ValueError:
        yield f"{name}: LocalPath is {path!r}, expected a path below /opt/ml/processing without '..'"


def _stage_inputs(job: Job, hosts: Sequence[Host]) -> None:
    for item in job.arguments.get("ProcessingInputs") or []:
        source = item["S3Input"]
        objects = fetch(job, source["S3Uri"], source.get("S3DataType"), f"input {item['InputName']!r}")
        for host in hosts:
            job.run.storage.download(
                share(objects, source.get("S3DataDistributionType"), host, len(hosts)),
                inside(source["LocalPath"], host.base),
            )


def _write_config(job: Job, host: Host, count: int) -> None:
    folder = host.base / "config"
    cluster = (job.arguments.get("ProcessingResources") or {}).get("ClusterConfig") or {}
    write_resource_config(folder / "resourceconfig.json", host, count, str(cluster.get("InstanceType", "local")))
    write_json(
        folder / "processingjobconfig.json",
        {
            **{key: value for key, value in job.arguments.items() if key != "RoleArn"},
            "ProcessingJobName": job.name,
            "ProcessingJobArn": arn("processing-job", job.name),
        },
    )


def _read_property_files(job: Job, hosts: Sequence[Host]) -> dict[str, Any]:
    folders = {item["OutputName"]: item["S3Output"]["LocalPath"] for item in _outputs(job.arguments)}
    found = {}
    for item in job.step.property_files:
        name, output = item["PropertyFileName"], item["OutputName"]
        what = f"property file {name!r}"
        path = inside(folders[output], hosts[0].base) / item["FilePath"]
        try:
            if ".." in Path(item["FilePath"]).parts or Path(item["FilePath"]).is_absolute():
                raise StepError(f"{what}: FilePath {item['FilePath']!r} leads outside output {output!r}")
            found[name] = json.loads(path.read_text(encoding="utf-8"))
        except OSError:
            raise StepError(f"{what}: the script wrote no {item['FilePath']!r} to output {output!r}") from None
        except ValueError as error:
            raise StepError(f"{what}: {item['FilePath']!r} is not JSON: {error}") from None
    return found
