"""The specification of the evaluation of an XGBoost model: what model evaluation needs and gives, its own script."""

from __future__ import annotations

from pipeline_script_contracts import XGBOOST_EVALUATION_CONTRACT
from pipeline_step_specs.model_evaluation_spec import MODEL_EVALUATION_SPEC
from pipeline_step_specs.sources import ANY_TRAINING, MODELS_OF_XGBOOST
from pipeline_step_specs.step_specification import StepSpecification

XGBOOST_EVALUATION_SPEC = StepSpecification(
    step_type="XGBoostEvaluation",
    node_type=MODEL_EVALUATION_SPEC.node_type,
    script_contract=XGBOOST_EVALUATION_CONTRACT,
    description="Scores labelled rows with XGBoost and computes metrics, overall and per marketplace.",
    dependencies=[
        each.model_copy(update={"compatible_sources": [*MODELS_OF_XGBOOST, *ANY_TRAINING]})
        if each.logical_name == "model_input"
        else each
        for each in MODEL_EVALUATION_SPEC.dependencies
    ],
    outputs=list(MODEL_EVALUATION_SPEC.outputs),
)
