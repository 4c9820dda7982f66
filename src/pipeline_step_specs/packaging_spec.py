"""The specification of packaging: a model, its calibration and its inference code in, one model.tar.gz out."""

from __future__ import annotations

from pipeline_script_contracts import PACKAGING_CONTRACT
from pipeline_step_specs.declarations import DependencySpec, OutputSpec
from pipeline_step_specs.enums import DependencyType, NodeType
from pipeline_step_specs.sources import TRAINED_MODELS
from pipeline_step_specs.step_specification import StepSpecification

PACKAGING_SPEC = StepSpecification(
    step_type="Packaging",
    node_type=NodeType.INTERNAL,
    script_contract=PACKAGING_CONTRACT,
    description="Puts a model, its calibration and its inference code into one model.tar.gz.",
    dependencies=[
        DependencySpec(
            logical_name="model_input",
            dependency_type=DependencyType.MODEL_ARTIFACTS,
            compatible_sources=TRAINED_MODELS,
            semantic_keywords=["model", "artifacts", "trained"],
            description="The trained model: model.tar.gz or its files.",
        ),
        DependencySpec(
            logical_name="calibration_input",
            dependency_type=DependencyType.PROCESSING_OUTPUT,
            required=False,
            compatible_sources=["ModelCalibration"],
            semantic_keywords=["calibration"],
            description="calibration.json.",
        ),
        DependencySpec(
            logical_name="inference_code",
            dependency_type=DependencyType.CUSTOM_PROPERTY,
            required=False,
            semantic_keywords=["inference", "code", "script"],
            description="The folder of the inference code; the builder publishes the one named in its settings.",
        ),
    ],
    outputs=[
        OutputSpec(
            logical_name="packaged_model",
            output_type=DependencyType.MODEL_ARTIFACTS,
            property_path="properties.ProcessingOutputConfig.Outputs['packaged_model'].S3Output.S3Uri",
            description="model.tar.gz with everything that serving needs.",
            aliases=["PackagedModel", "model_input"],
        )
    ],
)
