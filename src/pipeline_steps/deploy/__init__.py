"""Deployment on boto3: publish code, create or update pipelines, start and follow executions."""

from pipeline_steps.deploy.clients import AwsClients
from pipeline_steps.deploy.errors import DeployError
from pipeline_steps.deploy.executions import (
    Execution,
    StepStatus,
    describe_execution,
    list_executions,
    start_execution,
    stop_execution,
    wait_for_execution,
)
from pipeline_steps.deploy.pipelines import UpsertReport, list_pipelines, upsert_pipeline
from pipeline_steps.deploy.publishing import PublishReport, publish_assets

__all__ = [
    "AwsClients",
    "DeployError",
    "Execution",
    "PublishReport",
    "StepStatus",
    "UpsertReport",
    "describe_execution",
    "list_executions",
    "list_pipelines",
    "publish_assets",
    "start_execution",
    "stop_execution",
    "upsert_pipeline",
    "wait_for_execution",
]
