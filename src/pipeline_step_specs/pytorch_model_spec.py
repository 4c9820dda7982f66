"""The specification of a SageMaker model: artifacts and an image, ready to be served or to transform batches."""

from __future__ import annotations

from pipeline_step_specs.declarations import DependencySpec, OutputSpec
from pipeline_step_specs.enums import DependencyType, NodeType, StepKind
from pipeline_step_specs.sources import TRAINED_MODELS
from pipeline_step_specs.step_specification import StepSpecification

PYTORCH_MODEL_SPEC = StepSpecification(
    step_type="PyTorchModel",
    node_type=NodeType.INTERNAL,
    step_kind=StepKind.MODEL,
    also_known_as=["CreateModel"],
    description="Makes a SageMaker model of trained artifacts.",
    dependencies=[
        DependencySpec(
            logical_name="model_input",
            dependency_type=DependencyType.MODEL_ARTIFACTS,
            compatible_sources=["Packaging", *TRAINED_MODELS],
            semantic_keywords=["model", "artifacts", "trained"],
            description="The trained model: model.tar.gz.",
        )
    ],
    outputs=[
        OutputSpec(
            logical_name="model_name",
            output_type=DependencyType.CUSTOM_PROPERTY,
            property_path="properties.ModelName",
            data_type="String",
            description="The name that SageMaker gave the model.",
            aliases=["ModelName", "model"],
        )
    ],
)
