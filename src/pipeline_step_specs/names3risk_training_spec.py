"""The specification of Names3Risk training: splits and a tokenizer in, a model out."""

from __future__ import annotations

from pipeline_script_contracts import NAMES3RISK_TRAINING_CONTRACT
from pipeline_step_specs.declarations import DependencySpec
from pipeline_step_specs.enums import DependencyType, NodeType
from pipeline_step_specs.step_specification import StepSpecification
from pipeline_step_specs.training_inputs import HYPERPARAMETERS, PRETRAINED, SPLITS
from pipeline_step_specs.training_outputs import TRAINING_OUTPUTS

NAMES3RISK_TRAINING_SPEC = StepSpecification(
    step_type="Names3RiskTraining",
    node_type=NodeType.INTERNAL,
    script_contract=NAMES3RISK_TRAINING_CONTRACT,
    description="Trains LSTM2Risk or Transformer2Risk on names, e-mail text and tabular fields.",
    dependencies=[
        SPLITS,
        DependencySpec(
            logical_name="model_artifacts_input",
            dependency_type=DependencyType.MODEL_ARTIFACTS,
            compatible_sources=["TokenizerTraining", "ProcessingStep"],
            semantic_keywords=["tokenizer", "vocabulary", "artifacts"],
            description="The tokenizer and, where they were fitted before, imputation and risk tables.",
        ),
        HYPERPARAMETERS,
        PRETRAINED,
    ],
    outputs=list(TRAINING_OUTPUTS),
)
