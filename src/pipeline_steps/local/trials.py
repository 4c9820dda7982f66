"""The trials of a tuning: training jobs that differ in their hyperparameters, each kept when it has completed."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from pipeline_steps.local.errors import StepError, StepStopped
from pipeline_steps.local.files import write_json
from pipeline_steps.local.job import Job, Outcome, job_name
from pipeline_steps.local.storage import join_uri
from pipeline_steps.local.tuning_values import trial_values

CONFIG = "HyperParameterTuningJobConfig"
OBJECTIVE = "HyperParameterTuningJobObjective"
_KEPT = "trials"


@dataclass
class Trial:
    """What came of a trial.

    Attributes:
        name: The name of its training job.
        values: The hyperparameters that were tried.
        status: `Completed` or `Failed`.
        objective: The value of the objective metric; None where its log has none.
        failure: Why it failed.
        outputs: Output name to S3 URI.
        peak_memory_bytes: The largest resident size of one of its processes.
        trace: What its script really used; None where nothing was recorded.
        findings: Where that is not what the static analysis says.
    """

    name: str
    values: dict[str, str]
    status: str = "Failed"
    objective: float | None = None
    failure: str = ""
    outputs: dict[str, str] = field(default_factory=dict)
    peak_memory_bytes: int = 0
    trace: dict[str, Any] | None = None
    findings: list[dict[str, str]] = field(default_factory=list)


@dataclass(frozen=True)
class PlannedTrial:
    """A trial before it runs.

    Attributes:
        job: Its training job.
        values: The hyperparameters that it tries.
    """

    job: Job
    values: dict[str, str]

    @property
    def kept(self) -> Path:
        """Where it is kept when it has completed: beside the step's attempts, for the next one to find."""
        return self.job.folder.parents[1] / _KEPT / f"{self.job.part}.json"


def plan_trials(job: Job, threads: int) -> list[PlannedTrial]:
    """The trials of a tuning, the same ones in every attempt.

    Args:
        job: The attempt at the tuning step.
        threads: How many cores a trial may use.
    """
    tuning = job_name(job.run.run_id, job.step.name, 1)
    planned = []
    for index, values in enumerate(trial_values(job.arguments[CONFIG], seed=job.step.name), start=1):
        told = json.dumps([job.arguments["TrainingJobDefinition"], values], sort_keys=True)
        name = f"{tuning}-{index:03d}-{hashlib.sha256(told.encode()).hexdigest()[:8]}"
        arguments = training_arguments(job.arguments, name, values)
        trial = Job(job.step, arguments, job.attempt, threads, job.run, name, job.warnings)
        planned.append(PlannedTrial(trial, values))
    return planned


def training_arguments(arguments: Mapping[str, Any], name: str, values: Mapping[str, str]) -> dict[str, Any]:
    """The CreateTrainingJob request that a tuning makes for a trial.

    Args:
        arguments: The CreateHyperParameterTuningJob request.
        name: The training job.
        values: The hyperparameters that it tries.
    """
    training = dict(arguments["TrainingJobDefinition"])
    training["ResourceConfig"] = resources(training)
    training["HyperParameters"] = {
        **(training.pop("StaticHyperParameters", None) or {}),
        **values,
        "_tuning_objective_metric": (arguments[CONFIG].get(OBJECTIVE) or {}).get("MetricName"),
    }
    checkpoints = training.get("CheckpointConfig") or {}
    if checkpoints.get("S3Uri"):
        training["CheckpointConfig"] = {**checkpoints, "S3Uri": join_uri(checkpoints["S3Uri"], name)}
    return training


def resources(definition: Mapping[str, Any]) -> Mapping[str, Any]:
    """The machines of a tuning's training jobs, from either field that may say it."""
    return definition.get("HyperParameterTuningResourceConfig") or definition.get("ResourceConfig") or {}


def run_trial(planned: PlannedTrial, train: Callable[[Job], Outcome], say: Callable[[str], None]) -> Trial:
    """Runs a trial, or finds what came of it in an earlier attempt.

    Args:
        planned: The trial.
        train: Runs a training job.
        say: Takes a line for the tuning's log.

    Raises:
        StepError: It failed for a reason that is not its script's.
        StepStopped: The run is being stopped.
    """
    job, label = planned.job, ", ".join(f"{name}={value}" for name, value in planned.values.items())
    objective = job.arguments["HyperParameters"]["_tuning_objective_metric"]
    if planned.kept.is_file():
        trial = Trial(**json.loads(planned.kept.read_text(encoding="utf-8")))
        say(f"{label}: {objective} {trial.objective}, from an earlier attempt")
        return trial
    if job.run.stopping.is_set():
        raise StepStopped
    trial = Trial(job.part, planned.values)
    job.folder.mkdir(parents=True, exist_ok=True)
    try:
        outcome = train(job)
    except StepError as error:
        if error.retry_as:
            raise
        trial.failure = str(error)
        say(f"{label}: failed, {error.what.splitlines()[0]}")
    else:
        metrics = {item["MetricName"]: item["Value"] for item in outcome.properties["FinalMetricDataList"]}
        trial.objective = metrics.get(objective)
        trial.status, trial.outputs = "Completed", outcome.outputs
        trial.peak_memory_bytes = outcome.peak_memory_bytes or 0
    trial.findings = job.findings
    trial.trace = job.trace.to_json() if job.trace else None
    if trial.status == "Completed":
        write_json(planned.kept, asdict(trial))
        say(f"{label}: {objective} {trial.objective}")
    return trial


class TuningLog:
    """The log of a tuning step: a line for each trial.

    Args:
        job: The attempt at the tuning step.
    """

    def __init__(self, job: Job) -> None:
        self.job, self.lock = job, threading.Lock()

    def __call__(self, line: str) -> None:
        """Writes a line and passes it on."""
        with self.lock:
            self.job.write(line)
