"""What AWS refuses, and what it answers about executions, played by botocore's stubber."""

from __future__ import annotations

import datetime

import pytest
from botocore.stub import Stubber

from pipeline_steps.deploy import (
    AwsClients,
    DeployError,
    StepStatus,
    describe_execution,
    stop_execution,
    upsert_pipeline,
    wait_for_execution,
)

ARN = "arn:aws:sagemaker:us-east-1:123456789012:pipeline/small/execution/abcdefghijkl"
START = datetime.datetime(2024, 1, 1, tzinfo=datetime.UTC)


@pytest.fixture(scope="module")
def offline(aws_environment):
    """Clients that never send anything as long as they are stubbed."""
    return AwsClients("us-east-1")


@pytest.fixture
def stubbed(offline):
    """Clients that answer what a test tells them, and the stubber to tell it to."""
    clients = offline
    with Stubber(clients.sagemaker) as stubber:
        yield clients, stubber
        stubber.assert_no_pending_responses()


def executing(stubber, status, steps, reason=None):
    response = {"PipelineExecutionArn": ARN, "PipelineExecutionStatus": status, "CreationTime": START}
    if reason:
        response["FailureReason"] = reason
    stubber.add_response("describe_pipeline_execution", response)
    stubber.add_response("list_pipeline_execution_steps", {"PipelineExecutionSteps": steps})


def step(name, status, **fields):
    return {"StepName": name, "StepStatus": status, "StartTime": START, **fields}


@pytest.mark.parametrize(
    ("code", "message", "told"),
    [
        (
            "AccessDeniedException",
            "User is not authorized to perform: sagemaker:CreatePipeline",
            "permission is missing",
        ),
        ("ValidationException", "Could not assume role arn:aws:iam::1:role/x", "the role cannot be used: Could not"),
        ("ExpiredTokenException", "The security token is expired", "log in again"),
        ("ThrottlingException", "Rate exceeded", "AWS still throttles the requests"),
        ("ResourceLimitExceeded", "limit of 200 pipelines", "a limit of the account is reached"),
        ("ValidationException", "Step names must be unique", "Step names must be unique [ValidationException]"),
    ],
)
def test_what_is_refused_is_told_with_what_to_do(load, stubbed, code, message, told):
    clients, stubber = stubbed
    stubber.add_client_error("describe_pipeline", "ResourceNotFound", "Pipeline does not exist")
    stubber.add_client_error("create_pipeline", code, message)
    with pytest.raises(DeployError) as error:
        upsert_pipeline(load(), clients)
    assert str(error.value).startswith("cannot create the pipeline (Small): ")
    assert told in str(error.value)
    assert error.value.code == code


def test_requests_are_tried_again_when_throttled(offline):
    assert offline.sagemaker.meta.config.retries["total_max_attempts"] >= 5
    assert offline.sagemaker.meta.config.retries["mode"] == "standard"


def test_status_tells_steps_with_time_cache_and_reason(stubbed):
    clients, stubber = stubbed
    end = START + datetime.timedelta(seconds=90)
    steps = [
        step("A", "Succeeded", EndTime=end, CacheHitResult={"SourcePipelineExecutionArn": ARN}),
        step("B", "Failed", EndTime=end, FailureReason="ClientError: no data"),
        step("C", "Executing"),
    ]
    executing(stubber, "Failed", steps, "Step failure")
    found = describe_execution(ARN, clients)
    assert found.is_finished
    assert found.reason == "Step failure"
    assert found.steps == [
        StepStatus("A", "Succeeded", 90.0, cached=True),
        StepStatus("B", "Failed", 90.0, reason="ClientError: no data"),
        StepStatus("C", "Executing"),
    ]


def test_steps_come_in_pages(stubbed):
    clients, stubber = stubbed
    response = {"PipelineExecutionArn": ARN, "PipelineExecutionStatus": "Executing"}
    stubber.add_response("describe_pipeline_execution", response)
    page = {"PipelineExecutionSteps": [step("A", "Succeeded")], "NextToken": "more"}
    stubber.add_response("list_pipeline_execution_steps", page)
    stubber.add_response("list_pipeline_execution_steps", {"PipelineExecutionSteps": [step("B", "Executing")]})
    assert [each.name for each in describe_execution(ARN, clients).steps] == ["A", "B"]


def test_wait_asks_until_the_end_and_tells_changes_once(stubbed):
    clients, stubber = stubbed
    executing(stubber, "Executing", [step("A", "Executing")])
    executing(stubber, "Executing", [step("A", "Executing")])
    executing(stubber, "Succeeded", [step("A", "Succeeded")])
    pauses, changes = [], []
    found = wait_for_execution(ARN, clients, on_change=changes.append, sleep=pauses.append)
    assert found.status == "Succeeded"
    assert pauses == [2.0, 3.0]
    assert [each.status for each in changes] == ["Executing", "Succeeded"]


def test_wait_ends_when_the_time_is_over(stubbed):
    clients, stubber = stubbed
    for _ in range(3):
        executing(stubber, "Executing", [])
    now = [0.0]

    def sleep(seconds):
        now[0] += seconds

    with pytest.raises(DeployError, match="still Executing after 5 s"):
        wait_for_execution(ARN, clients, timeout_seconds=6, sleep=sleep, clock=lambda: now[0])


def test_stop_names_the_execution(stubbed):
    clients, stubber = stubbed
    stubber.add_response("stop_pipeline_execution", {"PipelineExecutionArn": ARN})
    stop_execution(ARN, clients)
    stubber.add_client_error("stop_pipeline_execution", "ResourceNotFound", "Execution not found")
    with pytest.raises(DeployError, match=r"cannot stop the execution \(arn.*\): Execution not found"):
        stop_execution(ARN, clients)
