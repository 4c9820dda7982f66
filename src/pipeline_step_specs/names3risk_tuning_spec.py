"""The specification of Names3Risk tuning: the training script, run with many hyperparameters, the best model out."""

from __future__ import annotations

from pipeline_step_specs.declarations import OutputSpec
from pipeline_step_specs.enums import DependencyType, NodeType, StepKind
from pipeline_step_specs.names3risk_training_spec import NAMES3RISK_TRAINING_SPEC
from pipeline_step_specs.step_specification import StepSpecification

_BEST = "properties.BestTrainingJob.TrainingJobName"

NAMES3RISK_TUNING_SPEC = StepSpecification(
    step_type="Names3RiskTuning",
    node_type=NodeType.INTERNAL,
    step_kind=StepKind.TUNING,
    script_contract=NAMES3RISK_TRAINING_SPEC.script_contract,
    description="Searches hyperparameters of Names3Risk training.",
    dependencies=NAMES3RISK_TRAINING_SPEC.dependencies,
    outputs=[
        OutputSpec(
            logical_name="model_output",
            output_type=DependencyType.MODEL_ARTIFACTS,
            property_path=_BEST,
            description="model.tar.gz of the best training job, whose name is part of its address.",
            aliases=["ModelArtifacts", "model_data", "model_input"],
        ),
        OutputSpec(
            logical_name="data_output",
            output_type=DependencyType.PROCESSING_OUTPUT,
            property_path=_BEST,
            description="output.tar.gz of the best training job, whose name is part of its address.",
        ),
        OutputSpec(
            logical_name="checkpoints",
            output_type=DependencyType.MODEL_ARTIFACTS,
            property_path="properties.TrainingJobDefinition.CheckpointConfig.S3Uri",
            description="The checkpoints of all training jobs.",
        ),
        OutputSpec(
            logical_name="best_training_job_name",
            output_type=DependencyType.CUSTOM_PROPERTY,
            property_path=_BEST,
            data_type="String",
            description="The name of the best training job.",
            framework_provided=True,
        ),
    ],
)
