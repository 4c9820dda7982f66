"""Publishing, upserting and starting, against a stand-in for AWS."""

from __future__ import annotations

import json

import pytest

from pipeline_steps import PipelineError
from pipeline_steps.deploy import (
    AwsClients,
    DeployError,
    list_executions,
    list_pipelines,
    publish_assets,
    start_execution,
    upsert_pipeline,
)
from pipeline_steps.deploy.pipelines import describe_pipeline


def keys(clients, bucket="bucket"):
    return [each["Key"] for each in clients.s3.list_objects_v2(Bucket=bucket).get("Contents", [])]


def test_publish_uploads_what_is_missing_once(load, clients, project):
    assets = load().assets()
    planned = publish_assets(assets, clients, dry_run=True)
    assert len(planned.uploaded) == 5
    assert keys(clients) == []
    assert publish_assets(assets, clients) == planned
    assert [f"s3://bucket/{key}" for key in keys(clients)] == sorted(planned.uploaded)
    again = publish_assets(load().assets(), clients)
    assert again.uploaded == []
    assert sorted(again.present) == sorted(planned.uploaded)
    script = next(key for key in keys(clients) if key.endswith("pytorch_training.py"))
    body = clients.s3.get_object(Bucket="bucket", Key=script)["Body"].read()
    assert body == (project / "code" / "pytorch_training.py").read_bytes()


def test_a_missing_bucket_is_told(load, clients):
    pipeline = load(environments=["prod"])
    with pytest.raises(DeployError, match=r"s3://prod/small/.* there is no such bucket; create it, or name another"):
        publish_assets(pipeline.assets(), clients)


def test_upsert_creates_then_leaves_alone_then_updates(load, clients):
    pipeline = load()
    assert upsert_pipeline(pipeline, clients, dry_run=True).action == "created"
    assert list_pipelines(clients) == []
    created = upsert_pipeline(pipeline, clients)
    assert created.action == "created"
    deployed = describe_pipeline("Small", clients)
    assert deployed["PipelineArn"] == created.arn
    assert json.loads(deployed["PipelineDefinition"]) == pipeline.definition()
    assert upsert_pipeline(pipeline, clients).action == "unchanged"
    changed = load(("lr: 0.001", "lr: 0.01"))
    planned = upsert_pipeline(changed, clients, dry_run=True)
    assert planned.action == "updated"
    assert "HyperParameters.lr" in str(planned.difference)
    assert describe_pipeline("Small", clients)["PipelineDefinition"] == deployed["PipelineDefinition"]
    assert upsert_pipeline(changed, clients).action == "updated"
    assert json.loads(describe_pipeline("Small", clients)["PipelineDefinition"]) == changed.definition()
    assert [each["PipelineName"] for each in list_pipelines(clients)] == ["Small"]


def test_tags_and_role_are_part_of_what_is_deployed(load, clients):
    upsert_pipeline(load(), clients)
    tagged = load(pipeline={"tags": {"team": "risk"}, "description": "Small one"})
    report = upsert_pipeline(tagged, clients)
    assert report.action == "updated"
    tags = clients.sagemaker.list_tags(ResourceArn=report.arn)["Tags"]
    assert {"Key": "team", "Value": "risk"} in tags
    assert upsert_pipeline(tagged, clients).action == "unchanged"


def test_a_large_definition_goes_by_s3(load, clients):
    hyperparameters = {f"p{index}": "x" * 2400 for index in range(50)}
    pipeline = load(steps={"Train": {"hyperparameters": hyperparameters}})
    assert len(pipeline.definition_json()) > 100 * 1024
    report = upsert_pipeline(pipeline, clients)
    assert report.definition_uri.startswith("s3://bucket/small/definitions/")
    uploaded = clients.s3.get_object(Bucket="bucket", Key=report.definition_uri.removeprefix("s3://bucket/"))
    assert uploaded["Body"].read().decode() == pipeline.definition_json()
    assert "p49" in describe_pipeline("Small", clients)["PipelineDefinition"]


def test_start_checks_parameters_before_it_asks(load, clients):
    upsert_pipeline(load(), clients)
    arn = start_execution("Small", clients, {"MinimumAuroc": "0.9"}, "first")
    assert [each["PipelineExecutionArn"] for each in list_executions("Small", clients)] == [arn]
    for parameters, told in (
        ({"MinimumAurox": "1"}, "there is no parameter 'MinimumAurox'; did you mean 'MinimumAuroc'"),
        ({"MinimumAuroc": "high"}, "'MinimumAuroc' is 'high', expected a value of type Float"),
        ({"Count": "1.5"}, "expected a value of type Integer"),
    ):
        with pytest.raises(DeployError, match=told):
            start_execution("Small", clients, parameters)
    assert len(list_executions("Small", clients)) == 1


def test_parameters_without_default_and_enums(load, clients):
    pipeline = load(
        ("  Count: {type: Integer, default: 1}", "  Count: {type: Integer}\n  Mode: {type: String, enum: [a, b]}")
    )
    upsert_pipeline(pipeline, clients)
    with pytest.raises(DeployError) as error:
        start_execution("Small", clients, {"Mode": "c"})
    assert "parameter 'Count' has no default; give it a value" in str(error.value)
    assert "parameter 'Mode' is 'c', expected one of a, b" in str(error.value)


def test_a_pipeline_that_is_not_there_is_told(load, clients):
    upsert_pipeline(load(), clients)
    with pytest.raises(DeployError, match="there is no pipeline 'Smal' in this region; did you mean 'Small'"):
        start_execution("Smal", clients)


def test_a_broken_pipeline_is_not_deployed(load, clients):
    with pytest.raises(PipelineError, match="did you mean 'job_type'"):
        upsert_pipeline(load(steps={"Evaluate": {"arguments": {"jobtype": "x"}}}), clients)
    assert list_pipelines(clients) == []


def test_a_role_that_is_a_parameter_cannot_be_deployed(load, clients):
    role = ("role: arn:aws:iam::123456789012:role/Runner", "role: {parameter: RawDataUri}")
    with pytest.raises(DeployError, match=r"pipeline\.role must be the ARN of a role"):
        upsert_pipeline(load(role), clients)


def test_no_region_no_credentials_no_profile(load, monkeypatch, tmp_path):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with pytest.raises(DeployError, match="no AWS region is set; set AWS_REGION, or name a region with --region"):
        list_pipelines(AwsClients())
    with pytest.raises(DeployError, match=r"unable to locate credentials.*aws configure"):
        list_pipelines(AwsClients("us-east-1"))
    with pytest.raises(DeployError, match=r"config profile \(none\) could not be found"):
        list_pipelines(AwsClients(profile="none"))


@pytest.mark.usefixtures("clients")
def test_an_address_that_does_not_answer_is_told():
    silent = AwsClients("us-east-1", endpoint_url="http://127.0.0.1:9", max_attempts=1)
    with pytest.raises(DeployError, match="check the network and the name of the region"):
        list_pipelines(silent)
