"""Lambda, Callback and EMR steps: Python callables stand for what AWS would call."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar

from pipeline_steps.local.definition import Step
from pipeline_steps.local.errors import StepError
from pipeline_steps.local.job import Job, Outcome
from pipeline_steps.local.kinds.base import StepKind, missing

_PYTHON_TYPES = {"String": str, "Integer": int, "Boolean": bool, "Float": float}


class LambdaKind(StepKind):
    """Calls the callable whose name is the function's name (the last part of its ARN)."""

    type: ClassVar[str] = "Lambda"
    target: ClassVar[str] = "FunctionArn"
    wanted: ClassVar[str] = "give one for what AWS would call"

    def problems(self, step: Step, arguments: Mapping[str, Any]) -> Iterator[str]:
        """See the base class."""
        if not isinstance(step.body.get(self.target), str):
            yield f"{self.target} is {step.body.get(self.target)!r}, expected a text"

    def properties(self, step: Step, arguments: Mapping[str, Any], job_name: str) -> dict[str, Any]:
        """See the base class."""
        return {
            "OutputParameters": {str(item.get("OutputName")): "" for item in step.body.get("OutputParameters") or []}
        }

    def run(self, job: Job) -> Outcome:
        """See the base class."""
        name = callable_name(job.step)
        function: Callable[..., Any] = job.run.callables[name]
        try:
            answer = function(dict(job.arguments))
        except Exception as error:
            raise StepError(f"{name} raised {type(error).__name__}: {error}") from error
        values = {}
        for item in job.step.body.get("OutputParameters") or []:
            key, kind = item["OutputName"], _PYTHON_TYPES.get(item.get("OutputType", "String"), str)
            if not isinstance(answer, Mapping) or key not in answer:
                raise StepError(f"{name} returned {answer!r}, which has no {key!r}", expected="a mapping")
            if not isinstance(answer[key], kind) or (isinstance(answer[key], bool) and kind is not bool):
                raise StepError(f"{name}: output {key!r} is {answer[key]!r}, expected a {kind.__name__}")
            values[key] = answer[key]
        return Outcome({"OutputParameters": values})


class CallbackKind(LambdaKind):
    """Calls the callable whose name is the queue's name (the last part of its URL)."""

    type: ClassVar[str] = "Callback"
    target: ClassVar[str] = "SqsQueueUrl"


class EMRKind(LambdaKind):
    """Calls the callable whose name is the step's; it does what the cluster would do."""

    type: ClassVar[str] = "EMR"
    wanted: ClassVar[str] = (
        "no cluster is emulated here: give a function of the step's name that does its work, or write the step as a "
        "Processing step that starts smspark-submit, which runs with the Spark of this machine"
    )

    def problems(self, step: Step, arguments: Mapping[str, Any]) -> Iterator[str]:
        """See the base class."""
        yield from missing(arguments, ["StepConfig.HadoopJarStep.Jar"])

    def properties(self, step: Step, arguments: Mapping[str, Any], job_name: str) -> dict[str, Any]:
        """See the base class."""
        jar = (arguments.get("StepConfig") or {}).get("HadoopJarStep") or {}
        return {"Id": job_name, "Name": step.name, "Config": dict(jar), "Status": {"State": "COMPLETED"}}

    def run(self, job: Job) -> Outcome:
        """See the base class."""
        super().run(job)
        return Outcome(self.properties(job.step, job.arguments, job.name))


def callable_name(step: Step) -> str:
    """The name under which `run_pipeline` finds the callable of a step."""
    target = str(step.body.get("FunctionArn") or step.body.get("SqsQueueUrl") or step.name)
    return target.rsplit("/", 1)[-1].rsplit(":", 1)[-1]
