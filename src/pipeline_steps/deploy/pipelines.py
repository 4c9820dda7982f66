"""Pipelines on SageMaker: created, updated when they changed, listed."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any, Literal

from pipeline_steps.definition_diff import DefinitionDiff, diff_definitions
from pipeline_steps.deploy.clients import AwsClients
from pipeline_steps.deploy.errors import DeployError, aws_errors
from pipeline_steps.deploy.publishing import split_uri
from pipeline_steps.pipeline_builder import PipelineBuilder, canonical_json
from pipeline_steps.references import is_reference
from pipeline_steps.step_graph import Definition

LARGEST_INLINE_DEFINITION = 100 * 1024
"""Bytes; a larger definition is uploaded to S3 and named by its address."""


@dataclass(frozen=True)
class UpsertReport:
    """What was done, or would be.

    Args:
        action: Whether the pipeline was created, updated, or was as it shall be.
        arn: The ARN of the pipeline; empty where it does not exist yet.
        definition_uri: The address of the definition, where it is too large to be sent.
        difference: What changed from the deployed definition; None for a new pipeline.
    """

    action: Literal["created", "updated", "unchanged"]
    arn: str = ""
    definition_uri: str = ""
    difference: DefinitionDiff | None = None


def upsert_pipeline(pipeline: PipelineBuilder, clients: AwsClients, *, dry_run: bool = False) -> UpsertReport:
    """Creates a pipeline, or updates it when it is not as it shall be.

    Args:
        pipeline: The pipeline; its assets are published separately.
        clients: The account to deploy to.
        dry_run: Only look what would be done.

    Raises:
        PipelineError: The pipeline cannot be compiled.
        DeployError: AWS cannot be reached, or refused.
    """
    settings = pipeline.settings
    if is_reference(settings.role):
        raise DeployError("pipeline.role must be the ARN of a role to deploy, it is a reference")
    definition = pipeline.definition()
    text = canonical_json(definition)
    deployed = describe_pipeline(settings.name, clients)
    wanted: dict[str, Any] = {"PipelineDescription": settings.description, "RoleArn": settings.role}
    if settings.max_parallel_steps:
        wanted["ParallelismConfiguration"] = {"MaxParallelExecutionSteps": settings.max_parallel_steps}
    difference = None
    if deployed is not None:
        difference = diff_definitions(deployed_definition(deployed), definition)
        tags_fit = _missing_tags(settings.tags, deployed["PipelineArn"], clients) == {}
        if difference.is_empty and tags_fit and all(deployed.get(key, "") == value for key, value in wanted.items()):
            return UpsertReport("unchanged", deployed["PipelineArn"], difference=difference)
    request = {"PipelineName": settings.name, **{key: value for key, value in wanted.items() if value}}
    definition_uri = _add_definition(request, text, settings.storage, clients, dry_run=dry_run)
    arn = deployed["PipelineArn"] if deployed is not None else ""
    action: Literal["created", "updated"] = "created" if deployed is None else "updated"
    if not dry_run:
        arn = _create(request, settings.tags, clients) if deployed is None else _update(request, settings.tags, clients)
    return UpsertReport(action, arn, definition_uri, difference)


def describe_pipeline(name: str, clients: AwsClients) -> dict[str, Any] | None:
    """Gives a deployed pipeline, or None.

    Raises:
        DeployError: AWS cannot be reached, or refused.
    """
    try:
        with aws_errors("look for the pipeline", name):
            found: dict[str, Any] = clients.sagemaker.describe_pipeline(PipelineName=name)
            return found
    except DeployError as error:
        if error.code in ("ResourceNotFound", "ResourceNotFoundException") or "not find pipeline" in str(error):
            return None
        raise


def deployed_definition(deployed: dict[str, Any]) -> Definition:
    """Gives the definition of a deployed pipeline.

    Raises:
        DeployError: What is deployed is not a pipeline definition.
    """
    try:
        definition: Definition = json.loads(deployed["PipelineDefinition"])
    except json.JSONDecodeError as error:
        name = deployed.get("PipelineName", "")
        raise DeployError(f"the deployed definition of the pipeline '{name}' is not JSON: {error}") from error
    return definition


def list_pipelines(clients: AwsClients) -> list[dict[str, Any]]:
    """Gives the deployed pipelines, the last changed first.

    Raises:
        DeployError: AWS cannot be reached, or refused.
    """
    found: list[dict[str, Any]] = []
    request: dict[str, Any] = {"SortBy": "CreationTime", "SortOrder": "Descending"}
    with aws_errors("list pipelines"):
        while True:
            page = clients.sagemaker.list_pipelines(**request)
            found += page["PipelineSummaries"]
            if not page.get("NextToken"):
                return found
            request["NextToken"] = page["NextToken"]


def _add_definition(request: dict[str, Any], text: str, storage: str, clients: AwsClients, *, dry_run: bool) -> str:
    content = text.encode()
    if len(content) <= LARGEST_INLINE_DEFINITION:
        request["PipelineDefinition"] = text
        return ""
    bucket, prefix = split_uri(storage)
    name = f"definitions/{hashlib.sha256(content).hexdigest()}.json"
    key = f"{prefix}/{name}" if prefix else name
    request["PipelineDefinitionS3Location"] = {"Bucket": bucket, "ObjectKey": key}
    if not dry_run:
        with aws_errors("upload the definition", f"s3://{bucket}/{key}"):
            clients.s3.put_object(Bucket=bucket, Key=key, Body=content, ContentType="application/json")
    return f"s3://{bucket}/{key}"


def _create(request: dict[str, Any], tags: dict[str, str], clients: AwsClients) -> str:
    tagged = {**request, "Tags": _entries(tags)} if tags else request
    with aws_errors("create the pipeline", request["PipelineName"]):
        return str(clients.sagemaker.create_pipeline(**tagged)["PipelineArn"])


def _update(request: dict[str, Any], tags: dict[str, str], clients: AwsClients) -> str:
    with aws_errors("update the pipeline", request["PipelineName"]):
        arn = str(clients.sagemaker.update_pipeline(**request)["PipelineArn"])
        missing = _missing_tags(tags, arn, clients)
        if missing:
            clients.sagemaker.add_tags(ResourceArn=arn, Tags=_entries(missing))
    return arn


def _missing_tags(tags: dict[str, str], arn: str, clients: AwsClients) -> dict[str, str]:
    if not tags:
        return {}
    with aws_errors("read the tags", arn):
        there = {tag["Key"]: tag["Value"] for tag in clients.sagemaker.list_tags(ResourceArn=arn).get("Tags", ())}
    return {key: value for key, value in tags.items() if there.get(key) != value}


def _entries(tags: dict[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]
