"""Fail steps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from pipeline_steps.local.definition import Step
from pipeline_steps.local.errors import StepError
from pipeline_steps.local.expressions import as_text
from pipeline_steps.local.job import Job, Outcome
from pipeline_steps.local.kinds.base import StepKind, missing


class FailKind(StepKind):
    """Ends the run as failed, with a message."""

    type: ClassVar[str] = "Fail"

    def problems(self, step: Step, arguments: Mapping[str, Any]) -> Iterator[str]:
        """See the base class."""
        yield from missing(arguments, ["ErrorMessage"])

    def properties(self, step: Step, arguments: Mapping[str, Any], job_name: str) -> dict[str, Any]:
        """See the base class."""
        return {"ErrorMessage": arguments.get("ErrorMessage", "")}

    def run(self, job: Job) -> Outcome:
        """See the base class."""
        raise StepError(as_text(job.arguments["ErrorMessage"]))
