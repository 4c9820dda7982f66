"""The specification of XGBoost training: splits in, a boosted model out."""

from __future__ import annotations

from pipeline_script_contracts import XGBOOST_TRAIN_CONTRACT
from pipeline_step_specs.declarations import DependencySpec
from pipeline_step_specs.enums import DependencyType, NodeType
from pipeline_step_specs.step_specification import StepSpecification
from pipeline_step_specs.training_outputs import DATA_OUTPUT, METRICS_OUTPUT, MODEL_OUTPUT, TRAINING_JOB_NAME

XGBOOST_TRAINING_SPEC = StepSpecification(
    step_type="XGBoostTraining",
    node_type=NodeType.INTERNAL,
    script_contract=XGBOOST_TRAIN_CONTRACT,
    description="Trains XGBoost on tabular and categorical fields.",
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
            logical_name="config",
            dependency_type=DependencyType.HYPERPARAMETERS,
            compatible_sources=["HyperparameterPrep", "ProcessingStep"],
            semantic_keywords=["config", "hyperparameters", "settings"],
            description="The hyperparameters, which SageMaker writes to hyperparameters.json.",
        ),
    ],
    outputs=[MODEL_OUTPUT, DATA_OUTPUT, TRAINING_JOB_NAME, METRICS_OUTPUT],
)
