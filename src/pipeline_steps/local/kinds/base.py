"""What the runner needs to know of a type of step."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from pipeline_steps.local.definition import Step
from pipeline_steps.local.expressions import Later
from pipeline_steps.local.job import ARN, Job, Outcome


class StepKind(ABC):
    """A type of step. A new one is a module here and a line in `kinds/__init__.py`."""

    type: ClassVar[str]
    cacheable: ClassVar[bool] = False

    @abstractmethod
    def problems(self, step: Step, arguments: Mapping[str, Any]) -> Iterator[str]:
        """What is wrong with a step, before anything runs.

        Args:
            step: The step.
            arguments: Its arguments, with placeholders where they refer to steps that have not run.
        """

    @abstractmethod
    def properties(self, step: Step, arguments: Mapping[str, Any], job_name: str) -> dict[str, Any]:
        """What `Steps.<name>...` can refer to, in the shape of the service's Describe call.

        Args:
            step: The step.
            arguments: Its arguments; placeholders before the run.
            job_name: The name of its job.
        """

    @abstractmethod
    def run(self, job: Job) -> Outcome:
        """Runs the step.

        Raises:
            StepError: It did not end well.
        """

    def salvage(self, job: Job, earlier: Path) -> Mapping[str, Path]:
        """What an attempt that was broken off leaves for the next one: files by the URI each one gets.

        Args:
            job: The next attempt.
            earlier: The folder of the one before.
        """
        return {}

    def inputs(self, arguments: Mapping[str, Any]) -> list[tuple[str, str]]:
        """What it reads from S3: a name for messages and the URI."""
        return []

    def instances(self, arguments: Mapping[str, Any]) -> int:
        """How many machines it asks for; 0 for a step that only the service itself works on."""
        return 0


def arn(kind: str, name: str) -> str:
    """The name of a local resource in Amazon's form."""
    return f"{ARN}:{kind}/{name}"


def missing(arguments: Mapping[str, Any], keys: Sequence[str]) -> Iterator[str]:
    """A message for each required field (dotted) that is not there."""
    for key in keys:
        value: Any = arguments
        for part in key.split("."):
            value = value.get(part) if isinstance(value, Mapping) else None
        if value in (None, ""):
            yield f"{key} is missing"


def not_whole(arguments: Mapping[str, Any], keys: Sequence[str]) -> Iterator[str]:
    """A message for each field (dotted) that is there and not a whole number from 1 on."""
    for key in keys:
        value: Any = arguments
        for part in key.split("."):
            value = value.get(part) if isinstance(value, Mapping) else None
        if value is None or isinstance(value, Later):
            continue
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            yield f"{key} is {value!r}, expected a whole number from 1 on"


def not_one_of(value: object, allowed: Sequence[object], field: str) -> Iterator[str]:
    """A message when a field is there and none of the values that work locally."""
    if value is not None and not isinstance(value, Later) and value not in allowed:
        yield f"{field} is {value!r}, which does not run locally; expected one of {', '.join(map(repr, allowed))}"


def repeated(names: Sequence[object]) -> list[object]:
    """The names that come more than once."""
    return sorted({name for name in names if names.count(name) > 1}, key=str)
