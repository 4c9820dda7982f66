"""The specification of model evaluation: a model and labelled rows in, predictions and metrics out."""

from __future__ import annotations

from pipeline_script_contracts import MODEL_EVALUATION_CONTRACT
from pipeline_step_specs.declarations import DependencySpec, OutputSpec
from pipeline_step_specs.enums import DependencyType, NodeType
from pipeline_step_specs.sources import ANY_TRAINING, MODELS_OF_NETWORKS, PREPARED_ROWS
from pipeline_step_specs.step_specification import StepSpecification

MODEL_EVALUATION_SPEC = StepSpecification(
    step_type="ModelEvaluation",
    node_type=NodeType.INTERNAL,
    script_contract=MODEL_EVALUATION_CONTRACT,
    description="Scores labelled rows and computes metrics, overall and per marketplace.",
    dependencies=[
        DependencySpec(
            logical_name="model_input",
            dependency_type=DependencyType.MODEL_ARTIFACTS,
            compatible_sources=[*MODELS_OF_NETWORKS, *ANY_TRAINING],
            semantic_keywords=["model", "artifacts", "trained"],
            description="The trained model: model.tar.gz or its files.",
        ),
        DependencySpec(
            logical_name="eval_data",
            dependency_type=DependencyType.PROCESSING_OUTPUT,
            compatible_sources=PREPARED_ROWS,
            semantic_keywords=["evaluation", "test", "processed", "split"],
            description="The split to score.",
            subfolder="test",
            required_columns={"label": "integer"},
        ),
    ],
    outputs=[
        OutputSpec(
            logical_name="eval_output",
            output_type=DependencyType.PROCESSING_OUTPUT,
            property_path="properties.ProcessingOutputConfig.Outputs['eval_output'].S3Output.S3Uri",
            description="Predictions and the pictures of the ROC and precision-recall curves.",
            aliases=["evaluation_data", "predictions"],
            columns={"score": "number"},
            keeps_columns_of="eval_data",
        ),
        OutputSpec(
            logical_name="metrics_output",
            output_type=DependencyType.PROCESSING_OUTPUT,
            property_path="properties.ProcessingOutputConfig.Outputs['metrics_output'].S3Output.S3Uri",
            description="evaluation.json: metrics overall and per marketplace.",
            aliases=["evaluation_metrics"],
        ),
    ],
)
