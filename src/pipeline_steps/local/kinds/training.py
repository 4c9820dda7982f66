"""Training steps."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from pipeline_steps.local.archives import pack
from pipeline_steps.local.containers import command_line, inside, rewritten_environment
from pipeline_steps.local.definition import Step
from pipeline_steps.local.files import write_json
from pipeline_steps.local.hosts import Host, make_hosts, run_hosts, seconds_allowed, write_resource_config
from pipeline_steps.local.inputs import fetch, share
from pipeline_steps.local.job import Job, Outcome
from pipeline_steps.local.kinds.base import StepKind, arn, missing, not_one_of, not_whole, repeated
from pipeline_steps.local.script_mode import ScriptMode, script_mode
from pipeline_steps.local.storage import join_uri
from pipeline_steps.local.toolkit import as_strings, training_variables
from pipeline_steps.local.uploads import folder_files, upload


class TrainingKind(StepKind):
    """A script with channels and hyperparameters that leaves a model."""

    type: ClassVar[str] = "Training"
    cacheable: ClassVar[bool] = True

    def problems(self, step: Step, arguments: Mapping[str, Any]) -> Iterator[str]:
        """See the base class."""
        yield from not_whole(arguments, ["ResourceConfig.InstanceCount", "StoppingCondition.MaxRuntimeInSeconds"])
        yield from missing(arguments, ["AlgorithmSpecification"])
        algorithm = arguments.get("AlgorithmSpecification") or {}
        hyperparameters = arguments.get("HyperParameters") or {}
        if not algorithm.get("ContainerEntrypoint") and "sagemaker_program" not in hyperparameters:
            yield (
                "neither AlgorithmSpecification.ContainerEntrypoint nor the hyperparameter sagemaker_program is there: "
                "what the image itself would start cannot be known here"
            )
        mode = algorithm.get("TrainingInputMode")
        yield from not_one_of(mode, ("File", "FastFile"), "AlgorithmSpecification.TrainingInputMode")
        if (arguments.get("ResourceConfig") or {}).get("InstanceGroups"):
            yield "ResourceConfig.InstanceGroups does not run locally; name InstanceType and InstanceCount"
        yield from _checkpoint_problems(arguments.get("CheckpointConfig") or {})
        names = [item.get("ChannelName") for item in arguments.get("InputDataConfig") or []]
        yield from (f"two channels have the name {name!r}" for name in repeated(names))
        for item in arguments.get("InputDataConfig") or []:
            where = f"channel {item.get('ChannelName')!r}"
            if not re.fullmatch(r"[A-Za-z0-9._-]{1,64}", str(item.get("ChannelName"))) or set(item["ChannelName"]) == {
                "."
            }:
                yield f"{where}: a channel's name has letters, digits, '.', '-' and '_' only"
            yield from (f"{where}: {text}" for text in missing(item, ["DataSource.S3DataSource.S3Uri"]))
            source = (item.get("DataSource") or {}).get("S3DataSource") or {}
            yield from not_one_of(source.get("S3DataType"), ("S3Prefix", "ManifestFile"), f"{where}: S3DataType")
            yield from not_one_of(item.get("CompressionType"), ("None",), f"{where}: CompressionType")
            yield from not_one_of(item.get("InputMode"), ("File", "FastFile"), f"{where}: InputMode")

    def properties(self, step: Step, arguments: Mapping[str, Any], job_name: str) -> dict[str, Any]:
        """See the base class."""
        algorithm = arguments.get("AlgorithmSpecification") or {}
        metrics = algorithm.get("MetricDefinitions") or []
        return {
            **arguments,
            "TrainingJobName": job_name,
            "TrainingJobArn": arn("training-job", job_name),
            "TrainingJobStatus": "Completed",
            "SecondaryStatus": "Completed",
            "ModelArtifacts": {"S3ModelArtifacts": ""},
            "OutputDataConfig": {"S3OutputPath": "", **(arguments.get("OutputDataConfig") or {})},
            "FinalMetricDataList": [{"MetricName": item.get("Name"), "Value": 0.0} for item in metrics],
        }

    def salvage(self, job: Job, earlier: Path) -> Mapping[str, Path]:
        """The checkpoints: as on SageMaker, they outlive the job that wrote them."""
        return _checkpoints(job, sorted(earlier.glob("algo-*/opt/ml")))

    def inputs(self, arguments: Mapping[str, Any]) -> list[tuple[str, str]]:
        """See the base class."""
        items = arguments.get("InputDataConfig") or []
        return [(f"channel {item['ChannelName']!r}", item["DataSource"]["S3DataSource"]["S3Uri"]) for item in items]

    def instances(self, arguments: Mapping[str, Any]) -> int:
        """See the base class."""
        return int((arguments.get("ResourceConfig") or {}).get("InstanceCount") or 1)

    def run(self, job: Job) -> Outcome:
        """See the base class."""
        arguments = job.arguments
        hosts = make_hosts(job, self.instances(arguments))
        hyperparameters = as_strings(arguments.get("HyperParameters") or {})
        for host in hosts:
            _make_layout(job, host, len(hosts), hyperparameters)
        _stage_channels(job, hosts)
        _fetch_checkpoints(job, hosts)
        script = script_mode(job, hosts, hyperparameters)
        ended = run_hosts(
            job,
            hosts,
            lambda host: _command(job, host, script),
            lambda host: _environment(job, host, hosts, hyperparameters, script),
            timeout=seconds_allowed(arguments),
            isolated=bool(arguments.get("EnableNetworkIsolation")),
            folder_for=(lambda host: host.view / "code") if script else None,
        )
        properties = self.properties(job.step, arguments, job.name)
        properties["FinalMetricDataList"] = list(_final_metrics(job))
        outputs, files = _outputs(job, hosts, properties)
        upload(job, files)
        job.run.storage.upload(_checkpoints(job, [host.base for host in hosts]))
        return Outcome(properties, outputs, peak_memory_bytes=ended.peak_memory_bytes)


def _checkpoint_problems(config: Mapping[str, Any]) -> Iterator[str]:
    try:
        inside(str(config.get("LocalPath") or "/opt/ml/checkpoints"), Path("/"))
    except ValueError as error:
        yield f"CheckpointConfig.LocalPath: {error}"


def _make_layout(job: Job, host: Host, count: int, hyperparameters: Mapping[str, str]) -> None:
    for name in ("input/config", "input/data", "model", "output/data", "output/intermediate", "checkpoints", "code"):
        (host.base / name).mkdir(parents=True, exist_ok=True)
    config = host.base / "input" / "config"
    write_json(config / "hyperparameters.json", hyperparameters)
    write_json(config / "inputdataconfig.json", _input_data_config(job))
    instance_type = str((job.arguments.get("ResourceConfig") or {}).get("InstanceType", "local"))
    write_resource_config(config / "resourceconfig.json", host, count, instance_type)


def _input_data_config(job: Job) -> dict[str, Any]:
    return {
        item["ChannelName"]: {
            "TrainingInputMode": item.get("InputMode") or "File",
            "S3DistributionType": item["DataSource"]["S3DataSource"].get("S3DataDistributionType", "FullyReplicated"),
            "RecordWrapperType": item.get("RecordWrapperType", "None"),
            **({"ContentType": item["ContentType"]} if item.get("ContentType") else {}),
        }
        for item in job.arguments.get("InputDataConfig") or []
    }


def _stage_channels(job: Job, hosts: Sequence[Host]) -> None:
    for item in job.arguments.get("InputDataConfig") or []:
        name, source = item["ChannelName"], item["DataSource"]["S3DataSource"]
        objects = fetch(job, source["S3Uri"], source.get("S3DataType"), f"channel {name!r}")
        for host in hosts:
            mine = share(objects, source.get("S3DataDistributionType"), host, len(hosts))
            job.run.storage.download(mine, host.base / "input" / "data" / name)


def _checkpoint_folder(job: Job, base: Path) -> Path:
    local = (job.arguments.get("CheckpointConfig") or {}).get("LocalPath") or "/opt/ml/checkpoints"
    return inside(local, base)


def _fetch_checkpoints(job: Job, hosts: Sequence[Host]) -> None:
    uri = (job.arguments.get("CheckpointConfig") or {}).get("S3Uri")
    if uri and job.run.storage.path(uri).is_dir() and any(job.run.storage.path(uri).iterdir()):
        for host in hosts:
            job.run.storage.download(job.run.storage.objects(uri), _checkpoint_folder(job, host.base))


def _command(job: Job, host: Host, script: ScriptMode | None) -> list[str]:
    if script:
        return script.command(host)
    algorithm = job.arguments["AlgorithmSpecification"]
    return command_line(
        algorithm["ContainerEntrypoint"], algorithm.get("ContainerArguments") or [], host.view, job.run.python
    )


def _environment(
    job: Job, host: Host, hosts: Sequence[Host], hyperparameters: Mapping[str, str], script: ScriptMode | None
) -> dict[str, str]:
    variables = training_variables(
        host.view,
        channels=list(_input_data_config(job)),
        hyperparameters=hyperparameters,
        hosts=[other.name for other in hosts],
        current_host=host.name,
        instance_type=str((job.arguments.get("ResourceConfig") or {}).get("InstanceType", "local")),
        input_data_config=_input_data_config(job),
        cores=max(1, job.threads // len(hosts)),
        job_name=job.name,
        program=script.program if script else None,
    )
    if job.arguments.get("CheckpointConfig"):
        variables["SM_CHECKPOINT_DIR"] = str(_checkpoint_folder(job, host.view))
    if script:
        variables |= script.variables(host)
    variables |= rewritten_environment(job.arguments.get("Environment") or {}, host.view)
    return variables | {"SAGEMAKER_BASE_DIR": str(host.view)}


def _outputs(job: Job, hosts: Sequence[Host], properties: dict[str, Any]) -> tuple[dict[str, str], dict[str, Path]]:
    """Packs the folders of all machines, later ones over earlier ones, and says where each file goes."""
    output = properties["OutputDataConfig"]
    output["S3OutputPath"] = output["S3OutputPath"] or job.default_uri("output")
    place = join_uri(output["S3OutputPath"], job.name, "output")
    outputs: dict[str, str] = {}
    files: dict[str, Path] = {}
    for name, part in (("model", "model"), ("output", "output/data")):
        found: dict[str, Path] = {}
        for host in hosts:
            found |= folder_files(host.base / part, "", part)
        if name == "model" and not found:
            job.warn("the script left nothing in /opt/ml/model: model.tar.gz is empty")
        if found or name == "model":
            archive = job.folder / f"{name}.tar.gz"
            pack({uri.lstrip("/"): path for uri, path in found.items()}, archive)
            outputs[name] = join_uri(place, archive.name)
            files[outputs[name]] = archive
    properties["ModelArtifacts"] = {"S3ModelArtifacts": outputs["model"]}
    uri = (job.arguments.get("CheckpointConfig") or {}).get("S3Uri")
    if uri and any(any(_checkpoint_folder(job, host.base).iterdir()) for host in hosts):
        outputs["checkpoints"] = uri
    return outputs, files


def _checkpoints(job: Job, bases: Sequence[Path]) -> dict[str, Path]:
    uri = (job.arguments.get("CheckpointConfig") or {}).get("S3Uri")
    files: dict[str, Path] = {}
    for base in bases:
        folder = _checkpoint_folder(job, base)
        if uri and folder.is_dir():
            files |= folder_files(folder, uri, "checkpoints")
    return files


def _final_metrics(job: Job) -> Iterator[dict[str, Any]]:
    definitions = job.arguments["AlgorithmSpecification"].get("MetricDefinitions") or []
    log = job.log.read_text(encoding="utf-8", errors="replace") if definitions else ""
    absent = []
    for item in definitions:
        found = re.findall(item["Regex"], log)
        if found:
            last = found[-1] if isinstance(found[-1], str) else found[-1][0]
            yield {"MetricName": item["Name"], "Value": float(last)}
        else:
            absent.append(item["Name"])
    if absent:
        job.warn(f"nothing in the log matches the regular expressions of the metrics {', '.join(absent)}")
