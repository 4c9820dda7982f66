"""The specification of model calibration: predictions of labelled rows in, a calibration out."""

from __future__ import annotations

from pipeline_script_contracts import MODEL_CALIBRATION_CONTRACT
from pipeline_step_specs.declarations import DependencySpec, OutputSpec
from pipeline_step_specs.enums import DependencyType, NodeType
from pipeline_step_specs.step_specification import StepSpecification

MODEL_CALIBRATION_SPEC = StepSpecification(
    step_type="ModelCalibration",
    node_type=NodeType.INTERNAL,
    script_contract=MODEL_CALIBRATION_CONTRACT,
    description="Fits a calibration on one part of the scored rows and measures it on the other.",
    dependencies=[
        DependencySpec(
            logical_name="evaluation_data",
            dependency_type=DependencyType.PROCESSING_OUTPUT,
            compatible_sources=["ModelEvaluation", "XGBoostEvaluation", "ProcessingStep"],
            semantic_keywords=["evaluation", "predictions", "scores"],
            description="Predictions of labelled rows that the model was not trained on.",
            aliases=["eval_output"],
        )
    ],
    outputs=[
        OutputSpec(
            logical_name="calibration_output",
            output_type=DependencyType.PROCESSING_OUTPUT,
            property_path="properties.ProcessingOutputConfig.Outputs['calibration_output'].S3Output.S3Uri",
            description="calibration.json, which serving reads beside the model.",
            aliases=["calibration_input", "calibration"],
        ),
        OutputSpec(
            logical_name="calibrated_data",
            output_type=DependencyType.PROCESSING_OUTPUT,
            property_path="properties.ProcessingOutputConfig.Outputs['calibrated_data'].S3Output.S3Uri",
            description="The predictions with calibrated scores and percentiles.",
            columns={"calibrated_prob_class_1": "number", "calibration_part": "string"},
            keeps_columns_of="evaluation_data",
        ),
        OutputSpec(
            logical_name="metrics_output",
            output_type=DependencyType.PROCESSING_OUTPUT,
            property_path="properties.ProcessingOutputConfig.Outputs['metrics_output'].S3Output.S3Uri",
            description="calibration_metrics.json (ECE, MCE and Brier score before and after) and the picture.",
            aliases=["calibration_metrics"],
        ),
    ],
)
