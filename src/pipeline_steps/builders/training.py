"""Training steps: channels in, a model out."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any, ClassVar

from pipeline_step_specs import DependencySpec
from pipeline_steps.builders.base import Arguments, BuildContext, key_values, vpc_config, without_empty
from pipeline_steps.builders.job import JobStepBuilder
from pipeline_steps.problems import ARGUMENT_INVALID, Problem
from pipeline_steps.references import Value, as_string, is_reference, join
from pipeline_steps.settings import StepSettings, TrainingSettings

CHANNELS = PurePosixPath("/opt/ml/input/data")
CODE_CHANNEL = "code"
HYPERPARAMETERS_FILE = "/opt/ml/input/config/hyperparameters.json"
RENDEZVOUS = "algo-1:29400"
MAX_HYPERPARAMETERS = 100
MAX_HYPERPARAMETER_LENGTH = 2500


class TrainingStepBuilder(JobStepBuilder[TrainingSettings]):
    """Builds a step that runs the script of its contract in a SageMaker training job."""

    settings_class: ClassVar[type[StepSettings]] = TrainingSettings
    printed_metrics: ClassVar[Mapping[str, str]] = {}
    """Metrics that the script prints, by name, with the regular expressions that find them in its log."""

    def own_inputs(self, context: BuildContext) -> dict[str, Value]:
        """Says that SageMaker delivers the hyperparameters, when the contract reads them where it writes them."""
        return {
            dependency.logical_name: None
            for dependency in self.spec.dependencies
            if self.input_path(dependency) == HYPERPARAMETERS_FILE
        }

    def problems(self) -> Iterator[Problem]:
        """Gives what is wrong with the settings, SageMaker's limits on hyperparameters included."""
        yield from super().problems()
        values = self.hyperparameters()
        if len(values) > MAX_HYPERPARAMETERS:
            yield Problem(
                ARGUMENT_INVALID,
                f"SageMaker takes at most {MAX_HYPERPARAMETERS} hyperparameters, these are {len(values)}; "
                "move some into a file that the script reads",
                self.name,
                "hyperparameters",
            )
        for name, value in values.items():
            if isinstance(value, str) and len(value) > MAX_HYPERPARAMETER_LENGTH:
                yield Problem(
                    ARGUMENT_INVALID,
                    f"SageMaker takes at most {MAX_HYPERPARAMETER_LENGTH} characters in a hyperparameter, this one has "
                    f"{len(value)}; shorten it or move it into a file that the script reads",
                    self.name,
                    f"hyperparameters.{name}",
                )

    def arguments(self, context: BuildContext) -> Arguments:
        """Gives the CreateTrainingJob request."""
        settings = self.settings
        return without_empty(
            {
                "AlgorithmSpecification": without_empty(
                    {
                        "TrainingImage": settings.image,
                        "TrainingInputMode": "File",
                        "ContainerEntrypoint": self.entrypoint(),
                        "ContainerArguments": self.command_line(),
                        "MetricDefinitions": [{"Name": name, "Regex": regex} for name, regex in self.metrics().items()],
                    }
                ),
                "RoleArn": context.pipeline.role,
                "InputDataConfig": self.channels(context),
                "OutputDataConfig": without_empty(
                    {"S3OutputPath": context.results(self.name, "output"), "KmsKeyId": settings.kms_key}
                ),
                "CheckpointConfig": self.checkpoints(context),
                "ResourceConfig": without_empty(
                    {
                        "InstanceType": settings.instance_type,
                        "InstanceCount": settings.instance_count,
                        "VolumeSizeInGB": settings.volume_size_gb,
                        "VolumeKmsKeyId": settings.kms_key,
                    }
                ),
                "StoppingCondition": without_empty(
                    {
                        "MaxRuntimeInSeconds": settings.max_runtime_seconds,
                        "MaxWaitTimeInSeconds": self.max_wait_seconds(),
                    }
                ),
                "HyperParameters": self.hyperparameters(),
                "Environment": self.environment(),
                "EnableManagedSpotTraining": settings.spot or None,
                "EnableNetworkIsolation": settings.network_isolation or None,
                "EnableInterContainerTrafficEncryption": settings.encrypt_traffic or None,
                "VpcConfig": vpc_config(settings.vpc),
                "Tags": key_values({**context.pipeline.tags, **settings.tags}),
            }
        )

    def entrypoint(self) -> list[Value]:
        """Gives the command that the container runs on every instance.

        With `torchrun`, instances find each other at the first one, which SageMaker calls `algo-1`; all run the same
        command.
        """
        assert self.contract is not None
        script = f"{CHANNELS}/{CODE_CHANNEL}/{self.contract.entry_point}"
        settings = self.settings
        if settings.distribution == "none":
            return ["python3", script]
        processes = [f"--nproc_per_node={settings.processes_per_instance}"]
        if settings.instance_count == 1:
            return ["torchrun", "--standalone", *processes, script]
        nodes = join("--nnodes=", settings.instance_count) if is_reference(settings.instance_count) else None
        return [
            "torchrun",
            nodes or f"--nnodes={settings.instance_count}",
            *processes,
            "--rdzv_backend=c10d",
            f"--rdzv_endpoint={RENDEZVOUS}",
            f"--rdzv_id={self.name}",
            script,
        ]

    def metrics(self) -> dict[str, str]:
        """Gives the metrics that SageMaker reads from the log: those that the script prints, then the settings'."""
        return {**self.printed_metrics, **{each.name: each.regex for each in self.settings.metrics}}

    def hyperparameters(self) -> dict[str, Value]:
        """Gives the hyperparameters as SageMaker takes them: every value a string, structures as JSON."""
        return {name: _hyperparameter(value) for name, value in self.settings.hyperparameters.items()}

    def channels(self, context: BuildContext) -> list[dict[str, Any]]:
        """Gives the code channel, and the channels of each dependency that has a source."""
        channels = []
        if self.settings.code is not None:
            channels.append(_channel(CODE_CHANNEL, context.assets.add_folder(self.settings.code), "FullyReplicated"))
        for dependency in self.spec.dependencies:
            uri = context.inputs.get(dependency.logical_name)
            if uri is None:
                continue
            for name, source in _parts(dependency, uri, self._path(dependency)):
                channels.append(_channel(name, source, self.settings.s3_distribution))
        return channels

    def checkpoints(self, context: BuildContext) -> dict[str, Any] | None:
        """Gives where checkpoints are kept, when the contract writes any."""
        output = self.spec.get_output("checkpoints")
        path = self.output_path(output) if output else None
        return {"S3Uri": context.results(self.name, "checkpoints"), "LocalPath": path} if path else None

    def max_wait_seconds(self) -> Value:
        """Gives how long a spot job may wait and run; None for other jobs."""
        if not self.settings.spot:
            return None
        return self.settings.max_wait_seconds or self.settings.max_runtime_seconds

    def _path(self, dependency: DependencySpec) -> PurePosixPath:
        found = self.input_path(dependency)
        return PurePosixPath(found) if found else CHANNELS / dependency.logical_name


def _parts(dependency: DependencySpec, uri: Value, path: PurePosixPath) -> Iterator[tuple[str, Value]]:
    if dependency.channels:
        for channel in dependency.channels:
            yield channel, join(uri, channel, on="/")
    else:
        name = path.relative_to(CHANNELS).parts[0] if path != CHANNELS else dependency.logical_name
        yield name, uri


def _channel(name: str, uri: Value, distribution: str) -> dict[str, Any]:
    source = {"S3DataType": "S3Prefix", "S3Uri": uri, "S3DataDistributionType": distribution}
    return {"ChannelName": name, "DataSource": {"S3DataSource": source}}


def _hyperparameter(value: Value) -> Value:
    if isinstance(value, str) or is_reference(value):
        return as_string(value)
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
