"""The specification of Names3Risk training: splits and a tokenizer in, a model out."""

from __future__ import annotations

from pipeline_script_contracts import NAMES3RISK_TRAINING_CONTRACT
from pipeline_step_specs.declarations import DependencySpec
from pipeline_step_specs.enums import DependencyType, NodeType
from pipeline_step_specs.step_specification import StepSpecification
from pipeline_step_specs.training_inputs import PRETRAINED
from pipeline_step_specs.training_outputs import TRAINING_OUTPUTS

NAMES3RISK_TRAINING_SPEC = StepSpecification(
    step_type="Names3RiskTraining",
    node_type=NodeType.INTERNAL,
    script_contract=NAMES3RISK_TRAINING_CONTRACT,
    description="Trains LSTM2Risk or Transformer2Risk on names, e-mail text and tabular fields.",
    dependencies=[
        DependencySpec(
            logical_name="input_path",
            dependency_type=DependencyType.TRAINING_DATA,
            compatible_sources=["TabularPreprocessing", "ProcessingStep", "DataLoad"],
            semantic_keywords=["data", "input", "training", "processed", "split"],
            description="The training data: a folder with the splits train, val and test.",
            channels=["train", "val", "test"],
        ),
        DependencySpec(
            logical_name="model_artifacts_input",
            dependency_type=DependencyType.MODEL_ARTIFACTS,
            compatible_sources=["TokenizerTraining", "ProcessingStep"],
            semantic_keywords=["tokenizer", "vocabulary", "artifacts"],
            description="The tokenizer and, where they were fitted before, imputation and risk tables.",
        ),
        PRETRAINED,
        DependencySpec(
            logical_name="config",
            dependency_type=DependencyType.HYPERPARAMETERS,
            compatible_sources=["HyperparameterPrep", "ProcessingStep"],
            semantic_keywords=["config", "hyperparameters", "settings"],
            description="The hyperparameters, which SageMaker writes to hyperparameters.json.",
        ),
    ],
    outputs=list(TRAINING_OUTPUTS),
)
