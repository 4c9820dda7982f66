"""`names3risk pipeline publish|upsert|start|list` against a stand-in for AWS, as they are called."""

from __future__ import annotations

import urllib.request
from pathlib import Path

import boto3
import pytest
from botocore.stub import Stubber
from typer.testing import CliRunner

from names3risk.cli import pipeline_deploy
from names3risk.cli.pipeline import app
from names3risk.errors import Names3RiskError
from pipeline_steps.deploy import AwsClients

EXAMPLE = Path(__file__).parents[3] / "examples" / "names3risk.yaml"


@pytest.fixture
def aws(monkeypatch):
    """A moto server that boto3 talks to instead of AWS, with the bucket of the example."""
    server_module = pytest.importorskip("moto.server", reason="moto[server] is not installed")
    server = server_module.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    request = urllib.request.Request(f"http://{host}:{port}/moto-api/reset", method="POST")
    urllib.request.urlopen(request).read()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="names3risk-example")
    yield s3
    server.stop()


def call(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_the_way_from_code_to_an_execution(aws, tmp_path):
    (tmp_path / "mails.csv").write_text("id\n1\n")
    planned = call("publish", EXAMPLE, "--dry-run")
    assert "would upload s3://names3risk-example/pipelines/names3risk/code/" in planned.output
    assert "dry run: nothing was changed" in planned.output
    assert aws.list_objects_v2(Bucket="names3risk-example")["KeyCount"] == 0
    assert "pipeline Names3Risk: created (dry run: nothing was changed)" in call("upsert", EXAMPLE, "--dry-run").output
    assert "pipeline Names3Risk: created arn:aws:sagemaker:us-east-1:" in call("upsert", EXAMPLE).output
    assert "pipeline Names3Risk: unchanged" in call("upsert", EXAMPLE).output
    changed = call("upsert", EXAMPLE, "-e", "transformer2risk").output
    assert "~ step TrainModel" in changed
    assert "pipeline Names3Risk: updated" in changed
    assert call("list").output.startswith("Names3Risk  arn:aws:sagemaker")
    started = call("start", EXAMPLE, "-p", f"RawDataUri=file:{tmp_path / 'mails.csv'}")
    assert started.exit_code == 0, started.output
    assert started.output.strip() in call("list", "Names3Risk").output
    objects = aws.list_objects_v2(Bucket="names3risk-example")["Contents"]
    assert any(each["Key"].endswith("/mails.csv") for each in objects)


def test_mistakes_are_one_message(aws):
    error = call("start", EXAMPLE).exception
    assert isinstance(error, Names3RiskError)
    assert "there is no pipeline 'Names3Risk' in this region" in str(error)
    arn = "arn:aws:sagemaker:us-east-1:123456789012:pipeline/x/execution/abc"
    assert "cannot describe the execution" in str(call("status", arn).exception)


def test_status_wait_and_stop(monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    arn = "arn:aws:sagemaker:us-east-1:123456789012:pipeline/x/execution/abc"
    clients = AwsClients("us-east-1")
    monkeypatch.setattr(pipeline_deploy, "_clients", lambda region, profile: clients)
    steps = [{"StepName": "Train", "StepStatus": "Failed", "FailureReason": "ClientError: no data"}]
    described = {"PipelineExecutionArn": arn, "PipelineExecutionStatus": "Failed", "FailureReason": "a step failed"}
    with Stubber(clients.sagemaker) as stubber:
        for _ in range(2):
            stubber.add_response("describe_pipeline_execution", described)
            stubber.add_response("list_pipeline_execution_steps", {"PipelineExecutionSteps": steps})
        stubber.add_response("stop_pipeline_execution", {"PipelineExecutionArn": arn})
        shown = call("status", arn)
        assert shown.exit_code == 0
        assert "Failed      Train  ClientError: no data" in shown.output
        assert "a step failed" in shown.output
        waited = call("wait", arn)
        assert waited.exit_code == 1
        assert waited.output == shown.output
        assert call("stop", arn).output == f"stopping {arn}\n"
