"""The settings of a pipeline and of its steps, in the words of SageMaker."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from pipeline_step_specs.declarations import ColumnType

Referable = Any
"""A constant or a reference of the definition language."""
_FORMS = {
    "name": (r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,255}", "at most 256 letters, digits and single -, such as Names3Risk"),
    "role": (r"arn:aws[a-z-]*:iam::\d{12}:role/[\w+=,.@/-]+", "arn:aws:iam::<account>:role/<name>, or a parameter"),
    "storage": (r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/\S*)?", "s3://bucket/prefix"),
}


class Strict(BaseModel):
    """A model that rejects unknown fields and is not changed after it was made."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class RetryPolicy(Strict):
    """When and how often SageMaker tries a step again.

    Args:
        exception_types: For instance `Step.THROTTLING`, `SageMaker.JOB_INTERNAL_ERROR`, `SageMaker.CAPACITY_ERROR`.
        interval_seconds: The wait before the first retry.
        backoff_rate: The factor by which the wait grows.
        max_attempts: The number of attempts.
        expire_after_minutes: The time after which no further attempt is made; instead of `max_attempts`.
    """

    exception_types: list[str] = Field(min_length=1)
    interval_seconds: int = Field(default=1, ge=1)
    backoff_rate: float = Field(default=2.0, gt=0)
    max_attempts: int | None = Field(default=None, ge=1)
    expire_after_minutes: int | None = Field(default=None, ge=1)

    def definition(self) -> dict[str, Any]:
        """Gives the policy as a pipeline definition has it."""
        policy: dict[str, Any] = {
            "ExceptionType": list(self.exception_types),
            "IntervalSeconds": self.interval_seconds,
            "BackoffRate": self.backoff_rate,
        }
        if self.max_attempts is not None:
            policy["MaxAttempts"] = self.max_attempts
        if self.expire_after_minutes is not None:
            policy["ExpireAfterMin"] = self.expire_after_minutes
        return policy


class PropertyFile(Strict):
    """A JSON file among the outputs of a processing step whose values conditions can read.

    Args:
        output: The logical name of the output that holds the file.
        path: The path of the file in that output.
    """

    output: str
    path: str


class Vpc(Strict):
    """The private network that jobs run in."""

    subnets: list[str] = Field(min_length=1)
    security_group_ids: list[str] = Field(min_length=1)


class MetricDefinition(Strict):
    """A metric that SageMaker reads from the log of a training job by a regular expression."""

    name: str
    regex: str


class OutputColumns(Strict):
    """The columns of an output.

    Args:
        columns: Columns that it has, with their types.
        keeps_columns_of: The dependency whose columns pass through.
        drops_columns: Columns of that dependency that do not.
    """

    columns: dict[str, ColumnType] = Field(default_factory=dict)
    keeps_columns_of: str | None = None
    drops_columns: list[str] = Field(default_factory=list)


class StepSettings(Strict):
    """The settings that every kind of step has.

    Args:
        depends_on: Steps that must finish before this one, beside those that feed it.
        given_columns: By dependency, the columns of a table that no step feeds it with.
        required_columns: By dependency, columns that its table must have, beside those of the specification.
        output_columns: By output, the columns of its table.
    """

    depends_on: list[str] = Field(default_factory=list)
    given_columns: dict[str, dict[str, ColumnType]] = Field(default_factory=dict)
    required_columns: dict[str, dict[str, ColumnType]] = Field(default_factory=dict)
    output_columns: dict[str, OutputColumns] = Field(default_factory=dict)


class RetriedSettings(StepSettings):
    """The settings of a step that can be tried again.

    Args:
        retry: Retry policies, in order.
    """

    retry: list[RetryPolicy] = Field(default_factory=list)


class CachedSettings(RetriedSettings):
    """The settings of a step whose result can be reused.

    Args:
        cache_days: The number of days for which an earlier result is reused; 0 turns the cache off.
    """

    cache_days: int = Field(default=0, ge=0)


class JobSettings(CachedSettings):
    """The settings of a step that runs a script of ours in a container.

    Args:
        image: The URI of the container image.
        code: The folder with the script; published by content and mounted into the container.
        job_type: The variant of the step type: training, validation, testing or calibration.
        instance_type: For instance `ml.m5.xlarge`.
        instance_count: The number of instances.
        volume_size_gb: The size of the storage volume of each instance, in GiB.
        max_runtime_seconds: The time after which the job is stopped.
        environment: Environment variables; names must be known to the script's contract.
        arguments: Command line arguments without the leading dashes; names must be known to the contract.
        tags: Tags of the job.
        kms_key: The key that volumes and outputs are encrypted with.
        vpc: The private network that the job runs in.
        network_isolation: Whether the container has no network.
        encrypt_traffic: Whether the traffic between instances is encrypted.
        s3_distribution: `ShardedByS3Key` gives every instance its share of the input's files.
    """

    image: Referable = None
    code: Path | None = None
    job_type: Literal["training", "validation", "testing", "calibration"] | None = None
    instance_type: Referable = "ml.m5.xlarge"
    instance_count: Referable = 1
    volume_size_gb: Referable = 30
    max_runtime_seconds: Referable = 86_400
    environment: dict[str, Referable] = Field(default_factory=dict)
    arguments: dict[str, Referable] = Field(default_factory=dict)
    tags: dict[str, str] = Field(default_factory=dict)
    kms_key: Referable = None
    vpc: Vpc | None = None
    network_isolation: bool = False
    encrypt_traffic: bool = False
    s3_distribution: Literal["FullyReplicated", "ShardedByS3Key"] = "FullyReplicated"


class ProcessingSettings(JobSettings):
    """The settings of a processing step.

    Args:
        property_files: JSON files among the outputs whose values conditions can read, by name.
        launcher: What starts the script: `smspark-submit` in SageMaker's Spark images.
    """

    launcher: Literal["python3", "smspark-submit"] = "python3"
    property_files: dict[str, PropertyFile] = Field(default_factory=dict)


class TrainingSettings(JobSettings):
    """The settings of a training step.

    Args:
        hyperparameters: Hyperparameters; anything that is not a string is written as JSON.
        spot: Whether the job runs on spot instances and goes on from its checkpoints after an interruption.
        max_wait_seconds: The time for which a spot job may wait and run together.
        metrics: The metrics that SageMaker reads from the log.
        distribution: `torchrun` starts several processes on every instance, which train together.
        processes_per_instance: The number of processes that `torchrun` starts on an instance; `gpu` is one a GPU.
    """

    hyperparameters: dict[str, Referable] = Field(default_factory=dict)
    spot: bool = False
    max_wait_seconds: int | None = Field(default=None, ge=1)
    metrics: list[MetricDefinition] = Field(default_factory=list)
    distribution: Literal["none", "torchrun"] = "none"
    processes_per_instance: int | Literal["gpu", "cpu", "auto"] = "gpu"


class PipelineSettings(Strict):
    """The settings of a whole pipeline.

    Args:
        name: The name of the pipeline.
        role: The ARN of the role that jobs run under.
        storage: The `s3://bucket/prefix` for code and results.
        description: What the pipeline does, for people.
        max_parallel_steps: The number of steps that SageMaker runs at once; no limit when None.
        tags: Tags of the pipeline and of every job.
    """

    name: str
    role: Referable
    storage: str
    description: str = ""
    max_parallel_steps: int | None = Field(default=None, ge=1)
    tags: dict[str, str] = Field(default_factory=dict)

    @field_validator("name", "role", "storage")
    @classmethod
    def _has_its_form(cls, value: Referable, info: ValidationInfo) -> Referable:
        pattern, expected = _FORMS[str(info.field_name)]
        if isinstance(value, dict) or re.fullmatch(pattern, str(value)):
            return value
        raise ValueError(f"{value!r} cannot be the {info.field_name} of a pipeline; expected {expected}")
