"""The contract of dockers/xgboost/model_evaluation_xgb.py."""

from .contract import ProcessingScriptContract
from .image_requirements import XGBOOST_REQUIREMENTS

XGBOOST_EVALUATION_CONTRACT = ProcessingScriptContract(
    entry_point="model_evaluation_xgb.py",
    expected_input_paths={
        "model_input": "/opt/ml/processing/input/model",
        "eval_data": "/opt/ml/processing/input/eval_data",
    },
    expected_output_paths={
        "eval_output": "/opt/ml/processing/output/eval",
        "metrics_output": "/opt/ml/processing/output/metrics",
    },
    expected_arguments={"job_type": "testing"},
    framework_requirements=XGBOOST_REQUIREMENTS,
    description="Scores a preprocessed split with a trained XGBoost model; writes predictions, pictures and "
    "evaluation.json.",
)
