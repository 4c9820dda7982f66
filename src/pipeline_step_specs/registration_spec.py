"""The specification of model registration, which runs no script: SageMaker registers the artifacts itself."""

from __future__ import annotations

from pipeline_step_specs.declarations import DependencySpec, OutputSpec
from pipeline_step_specs.enums import DependencyType, NodeType, StepKind
from pipeline_step_specs.sources import TRAINED_MODELS
from pipeline_step_specs.step_specification import StepSpecification

REGISTRATION_SPEC = StepSpecification(
    step_type="Registration",
    node_type=NodeType.INTERNAL,
    step_kind=StepKind.REGISTER_MODEL,
    also_known_as=["RegisterModel", "ModelRegistration"],
    description="Registers a trained model as a new version of a model package group.",
    dependencies=[
        DependencySpec(
            logical_name="model_input",
            dependency_type=DependencyType.MODEL_ARTIFACTS,
            compatible_sources=["Packaging", *TRAINED_MODELS],
            semantic_keywords=["model", "package", "artifacts"],
            description="The model to register: model.tar.gz.",
            aliases=["PackagedModel"],
        ),
        DependencySpec(
            logical_name="payload_samples",
            dependency_type=DependencyType.PAYLOAD_SAMPLES,
            required=False,
            compatible_sources=["Payload"],
            semantic_keywords=["payload", "samples", "requests"],
            description="Sample requests for load tests: payload.tar.gz.",
            aliases=["GeneratedPayloadSamples"],
        ),
    ],
    outputs=[
        OutputSpec(
            logical_name="model_package_arn",
            output_type=DependencyType.CUSTOM_PROPERTY,
            property_path="properties.ModelPackageArn",
            data_type="String",
            description="The ARN of the registered version.",
            aliases=["ModelPackageArn"],
        )
    ],
)
