"""One attempt at one step: what it gets, and what comes of it."""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from pipeline_steps.local.definition import Step
from pipeline_steps.local.events import Event, EventCallback
from pipeline_steps.local.files import folder_name
from pipeline_steps.local.record import StepRecord
from pipeline_steps.local.sandbox import Sandbox
from pipeline_steps.local.storage import LocalS3, join_uri
from pipeline_steps.local.trace import Trace

Mode = Literal["portable", "sandbox"]
ARN = "arn:aws:sagemaker:local:000000000000"
DEFAULT_BUCKET = "s3://local"


@dataclass
class RunContext:
    """What all steps of a run share.

    Attributes:
        run_id: The execution id.
        pipeline_name: The pipeline.
        run_dir: The run's folder.
        storage: Where S3 is.
        registry_dir: Where model packages are registered.
        python: The interpreter for container scripts.
        sandbox: Gives steps their own view of the files; None in portable mode.
        memory: Bytes for all steps together; None for no limit.
        grace: Seconds that a process gets to end when it is told to.
        keep_work: Keep the folders of steps that succeeded.
        callables: What stands for Lambda functions and callback queues, by name.
        records: What is known of every step.
        stopping: Set when the run is to stop.
        on_event: Where events go.
    """

    run_id: str
    pipeline_name: str
    run_dir: Path
    storage: LocalS3
    registry_dir: Path
    python: str
    sandbox: Sandbox | None
    memory: int | None
    grace: float
    keep_work: bool
    callables: Mapping[str, Callable[..., Any]]
    records: Mapping[str, StepRecord]
    stopping: threading.Event
    on_event: EventCallback

    def step_folder(self, name: str) -> Path:
        """Where the attempts at a step lie."""
        return self.run_dir / "steps" / folder_name(name)


@dataclass
class Job:
    """One attempt at one step.

    Attributes:
        step: The step.
        arguments: Its `Arguments`, evaluated.
        attempt: From 1.
        threads: How many cores it may use.
        run: What it shares with the others.
        part: The name of this job, where the step runs several ones (the trials of a tuning).
        warnings: What it noticed.
        trace: What its script really used; None where nothing was recorded.
        findings: Where that is not what it may use, or not what the static analysis says.
    """

    step: Step
    arguments: Mapping[str, Any]
    attempt: int
    threads: int
    run: RunContext
    part: str = ""
    warnings: list[str] = field(default_factory=list)
    trace: Trace | None = None
    findings: list[dict[str, str]] = field(default_factory=list)

    @property
    def folder(self) -> Path:
        """Where this attempt works."""
        return self.run.step_folder(self.step.name) / f"attempt-{self.attempt}" / self.part

    @property
    def log(self) -> Path:
        """Where its output is kept."""
        return self.folder / "log.txt"

    @property
    def name(self) -> str:
        """The job's name, as SageMaker forms it; another one for each attempt."""
        return self.part or job_name(self.run.run_id, self.step.name, self.attempt)

    def default_uri(self, *parts: str) -> str:
        """Where an output goes when the definition does not say it."""
        pipeline = folder_name(self.run.pipeline_name)
        return join_uri(
            DEFAULT_BUCKET, pipeline, self.run.run_id, folder_name(self.step.name), *map(folder_name, parts)
        )

    def warn(self, message: str) -> None:
        """Tells something that is no error but deserves a look."""
        if message not in self.warnings:
            self.warnings.append(message)
            self.run.on_event(Event("step_warning", self.step.name, message))

    def write(self, line: str) -> None:
        """Writes a line to the step's log, for what no process of it writes there, and passes it on."""
        with self.log.open("a", encoding="utf-8") as file:
            file.write(line + "\n")
        self.say(line)

    def say(self, line: str) -> None:
        """Passes a line of the step's log on."""
        self.run.on_event(Event("step_log", self.step.name, line))


@dataclass
class Outcome:
    """What a step that ended well leaves.

    Attributes:
        properties: What `Steps.<name>...` refers to, as the service's Describe call has it.
        outputs: Output name to S3 URI.
        property_files: Property file name to content.
        peak_memory_bytes: The largest resident size of one of its processes.
    """

    properties: dict[str, Any]
    outputs: dict[str, str] = field(default_factory=dict)
    property_files: dict[str, Any] = field(default_factory=dict)
    peak_memory_bytes: int | None = None


def job_name(run_id: str, step: str, attempt: int) -> str:
    """A name as SageMaker gives to jobs of pipelines: `pipelines-<execution>-<step>-<suffix>`."""
    suffix = hashlib.sha256(f"{run_id}/{step}/{attempt}".encode()).hexdigest()[:10]
    plain = re.sub(r"[^A-Za-z0-9-]+", "-", step).strip("-")[:30] or "step"
    return f"pipelines-{run_id[:12]}-{plain}-{suffix}"
