"""The registration of a trained model in the model registry."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from pipeline_step_specs import REGISTRATION_SPEC
from pipeline_steps.builders.base import Arguments, BuildContext, without_empty
from pipeline_steps.builders.serving import ServingSettings, ServingStepBuilder
from pipeline_steps.references import Value
from pipeline_steps.settings import Referable


class RegistrationSettings(ServingSettings):
    """The settings of a registration, beside those of the container.

    Args:
        model_package_group: The group that gets a new version.
        approval_status: The status of the new version.
        description: What the version is, for people.
        content_types: The media types that the model takes.
        response_types: The media types that it answers with.
        inference_instances: The instance types it may be served on.
        transform_instances: The instance types it may transform batches on.
        metadata: Customer metadata of the version.
        metrics: The address of evaluation.json, or the folder of it, shown with the version; set by `inputs`.
    """

    model_package_group: Referable
    approval_status: Referable | Literal["Approved", "Rejected", "PendingManualApproval"] = "PendingManualApproval"
    description: str = ""
    content_types: list[str] = Field(default_factory=lambda: ["text/csv", "application/json"], min_length=1)
    response_types: list[str] = Field(default_factory=lambda: ["application/json"], min_length=1)
    inference_instances: list[str] = Field(default_factory=lambda: ["ml.m5.large"])
    transform_instances: list[str] = Field(default_factory=lambda: ["ml.m5.large"])
    metadata: dict[str, str] = Field(default_factory=dict)
    metrics: Referable = None


class RegisterModelStepBuilder(ServingStepBuilder[RegistrationSettings]):
    """Builds the step that makes a trained model a new version of a model package group."""

    specification = REGISTRATION_SPEC
    settings_class = RegistrationSettings

    def arguments(self, context: BuildContext) -> Arguments:
        """Gives the CreateModelPackage request."""
        settings = self.settings
        return without_empty(
            {
                "ModelPackageGroupName": settings.model_package_group,
                "ModelPackageDescription": settings.description or None,
                "ModelApprovalStatus": settings.approval_status,
                "InferenceSpecification": without_empty(
                    {
                        "Containers": [self.container(context)],
                        "SupportedContentTypes": settings.content_types,
                        "SupportedResponseMIMETypes": settings.response_types,
                        "SupportedRealtimeInferenceInstanceTypes": settings.inference_instances,
                        "SupportedTransformInstanceTypes": settings.transform_instances,
                    }
                ),
                "SamplePayloadUrl": context.inputs.get("payload_samples"),
                "ModelMetrics": _metrics(settings.metrics),
                "CustomerMetadataProperties": settings.metadata,
            }
        )


def _metrics(uri: Value) -> dict[str, Any] | None:
    if uri is None:
        return None
    return {"ModelQuality": {"Statistics": {"ContentType": "application/json", "S3Uri": uri}}}
