"""The specification of batch transform: a model and rows in, scored rows out."""

from __future__ import annotations

from pipeline_step_specs.declarations import DependencySpec, OutputSpec
from pipeline_step_specs.enums import DependencyType, NodeType, StepKind
from pipeline_step_specs.sources import PREPARED_ROWS
from pipeline_step_specs.step_specification import StepSpecification

BATCH_TRANSFORM_SPEC = StepSpecification(
    step_type="BatchTransform",
    node_type=NodeType.INTERNAL,
    step_kind=StepKind.TRANSFORM,
    description="Scores the rows of a folder with a SageMaker model.",
    dependencies=[
        DependencySpec(
            logical_name="model_name",
            dependency_type=DependencyType.CUSTOM_PROPERTY,
            compatible_sources=["PyTorchModel", "ModelStep"],
            semantic_keywords=["model", "name"],
            data_type="String",
            description="The name of the SageMaker model.",
        ),
        DependencySpec(
            logical_name="processed_data",
            dependency_type=DependencyType.PROCESSING_OUTPUT,
            compatible_sources=PREPARED_ROWS,
            semantic_keywords=["data", "rows", "processed", "test"],
            description="The rows to score.",
            subfolder="test",
        ),
    ],
    outputs=[
        OutputSpec(
            logical_name="transform_output",
            output_type=DependencyType.PROCESSING_OUTPUT,
            property_path="properties.TransformOutput.S3OutputPath",
            description="The scored rows, one file for each file that came in.",
            aliases=["predictions", "scores"],
        )
    ],
)
