"""The specification of XGBoost training: splits in, a boosted model out."""

from __future__ import annotations

from pipeline_script_contracts import XGBOOST_TRAIN_CONTRACT
from pipeline_step_specs.enums import NodeType
from pipeline_step_specs.step_specification import StepSpecification
from pipeline_step_specs.training_inputs import HYPERPARAMETERS, SPLITS
from pipeline_step_specs.training_outputs import DATA_OUTPUT, METRICS_OUTPUT, MODEL_OUTPUT, TRAINING_JOB_NAME

XGBOOST_TRAINING_SPEC = StepSpecification(
    step_type="XGBoostTraining",
    node_type=NodeType.INTERNAL,
    script_contract=XGBOOST_TRAIN_CONTRACT,
    description="Trains XGBoost on tabular and categorical fields.",
    dependencies=[
        SPLITS,
        HYPERPARAMETERS,
    ],
    outputs=[MODEL_OUTPUT, DATA_OUTPUT, TRAINING_JOB_NAME, METRICS_OUTPUT],
)
