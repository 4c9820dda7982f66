"""Executions of a deployed pipeline: started, followed, stopped."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pipeline_step_specs.naming import suggestion
from pipeline_steps.deploy.clients import AwsClients
from pipeline_steps.deploy.errors import DeployError, aws_errors
from pipeline_steps.deploy.pipelines import deployed_definition, describe_pipeline, list_pipelines
from pipeline_steps.parameters import PipelineParameter

FINISHED = ("Succeeded", "Failed", "Stopped")


@dataclass(frozen=True)
class StepStatus:
    """How far a step is.

    Args:
        name: The step.
        status: `Starting`, `Executing`, `Succeeded`, `Failed`, `Stopping` or `Stopped`.
        seconds: How long it took; None while it runs.
        cached: Whether its result was taken from an earlier execution.
        reason: Why it failed.
    """

    name: str
    status: str
    seconds: float | None = None
    cached: bool = False
    reason: str = ""


@dataclass(frozen=True)
class Execution:
    """How far an execution is.

    Args:
        arn: Its ARN.
        status: `Executing`, `Stopping`, `Stopped`, `Failed` or `Succeeded`.
        started: When it was started.
        reason: Why it failed.
        steps: Its steps, in the order in which they were started.
    """

    arn: str
    status: str
    started: datetime | None = None
    reason: str = ""
    steps: list[StepStatus] = field(default_factory=list)

    @property
    def is_finished(self) -> bool:
        """Whether nothing more will happen."""
        return self.status in FINISHED


def start_execution(
    name: str, clients: AwsClients, parameters: Mapping[str, str] | None = None, display_name: str | None = None
) -> str:
    """Starts a deployed pipeline.

    Args:
        name: The pipeline.
        clients: The account that it is deployed to.
        parameters: Values for parameters; they are checked against the deployed definition first.
        display_name: What the execution is called in lists.

    Returns:
        The ARN of the execution.

    Raises:
        DeployError: There is no such pipeline, a parameter does not fit, or AWS refused.
    """
    deployed = describe_pipeline(name, clients)
    if deployed is None:
        known = [each["PipelineName"] for each in list_pipelines(clients)]
        raise DeployError(f"there is no pipeline '{name}' in this region; {suggestion(name, known)}")
    check_parameters(parameters or {}, deployed_definition(deployed).get("Parameters") or [])
    request: dict[str, Any] = {"PipelineName": name}
    if parameters:
        request["PipelineParameters"] = [{"Name": key, "Value": value} for key, value in parameters.items()]
    if display_name:
        request["PipelineExecutionDisplayName"] = display_name
    with aws_errors("start the pipeline", name):
        return str(clients.sagemaker.start_pipeline_execution(**request)["PipelineExecutionArn"])


def check_parameters(given: Mapping[str, str], declared: list[dict[str, Any]]) -> None:
    """Checks values for parameters against their declaration.

    Raises:
        DeployError: A name is unknown, a value has another type or is not allowed, or a value is missing.
    """
    known = {entry["Name"]: entry for entry in declared}
    problems = [f"there is no parameter '{name}'; {suggestion(name, known)}" for name in given if name not in known]
    for name, entry in known.items():
        if name not in given:
            if "DefaultValue" not in entry:
                problems.append(f"parameter '{name}' has no default; give it a value")
            continue
        value = _typed(given[name], entry["Type"])
        if value is None:
            problems.append(f"parameter '{name}' is '{given[name]}', expected a value of type {entry['Type']}")
        elif entry.get("EnumValues") and value not in entry["EnumValues"]:
            allowed = ", ".join(str(each) for each in entry["EnumValues"])
            problems.append(f"parameter '{name}' is '{given[name]}', expected one of {allowed}")
    if problems:
        raise DeployError("; ".join(problems))


def describe_execution(arn: str, clients: AwsClients) -> Execution:
    """Gives how far an execution and its steps are.

    Raises:
        DeployError: There is no such execution, or AWS refused.
    """
    with aws_errors("describe the execution", arn):
        found = clients.sagemaker.describe_pipeline_execution(PipelineExecutionArn=arn)
    steps: list[StepStatus] = []
    request: dict[str, Any] = {"PipelineExecutionArn": arn, "SortOrder": "Ascending"}
    with aws_errors("list the steps", arn):
        while True:
            page = clients.sagemaker.list_pipeline_execution_steps(**request)
            steps += [_step(each) for each in page.get("PipelineExecutionSteps", ())]
            if not page.get("NextToken"):
                break
            request["NextToken"] = page["NextToken"]
    status, reason = found["PipelineExecutionStatus"], found.get("FailureReason", "")
    return Execution(arn, status, found.get("CreationTime"), reason, steps)


def list_executions(name: str, clients: AwsClients, largest: int = 100) -> list[dict[str, Any]]:
    """Gives the last executions of a pipeline, newest first.

    Raises:
        DeployError: There is no such pipeline, or AWS refused.
    """
    with aws_errors("list the executions", name):
        page = clients.sagemaker.list_pipeline_executions(PipelineName=name, SortOrder="Descending", MaxResults=largest)
    found: list[dict[str, Any]] = page["PipelineExecutionSummaries"]
    return found


def stop_execution(arn: str, clients: AwsClients) -> None:
    """Stops an execution.

    Raises:
        DeployError: There is no such execution, it has ended, or AWS refused.
    """
    with aws_errors("stop the execution", arn):
        clients.sagemaker.stop_pipeline_execution(PipelineExecutionArn=arn)


def wait_for_execution(
    arn: str,
    clients: AwsClients,
    *,
    timeout_seconds: float | None = None,
    on_change: Callable[[Execution], None] | None = None,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> Execution:
    """Waits until an execution has ended, asking more and more seldom, at most every half minute.

    Args:
        arn: The execution.
        clients: The account that it runs in.
        timeout_seconds: How long to wait; without end when None.
        on_change: Called when the execution or one of its steps has another status.
        sleep: How to wait.
        clock: What tells the seconds.

    Raises:
        DeployError: The time is over, or AWS refused.
    """
    began, pause, last = clock(), 2.0, None
    while True:
        execution = describe_execution(arn, clients)
        if on_change is not None and execution != last:
            on_change(execution)
        last = execution
        if execution.is_finished:
            return execution
        waited = clock() - began
        if timeout_seconds is not None and waited + pause > timeout_seconds:
            raise DeployError(f"the execution is still {execution.status} after {waited:.0f} s: {arn}; it goes on")
        sleep(pause)
        pause = min(pause * 1.5, 30.0)


def _step(entry: Mapping[str, Any]) -> StepStatus:
    start, end = entry.get("StartTime"), entry.get("EndTime")
    seconds = (end - start).total_seconds() if start and end else None
    cached = bool(entry.get("CacheHitResult"))
    return StepStatus(entry["StepName"], entry["StepStatus"], seconds, cached, entry.get("FailureReason", ""))


def _typed(text: str, kind: str) -> Any:
    try:
        value: Any = {"Integer": int, "Float": float}.get(kind, str)(text)
    except ValueError:
        return None
    if kind == "Boolean":
        value = {"true": True, "false": False}.get(text.casefold())
    return value if PipelineParameter.model_validate({"type": kind}).accepts_type(value) else None
