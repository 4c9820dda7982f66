"""The contract of dockers/xgboost/inference_xgb.py."""

from .contract import InferenceScriptContract

XGBOOST_INFERENCE_CONTRACT = InferenceScriptContract(
    entry_point="inference_xgb.py",
    expected_input_paths={"model": "/opt/ml/model"},
    framework_provided=("model",),
    description="Scores CSV, JSON, JSON lines and Parquet requests with a trained XGBoost model, with the "
    "preprocessing of its training, and gives legacy-score, calibrated-score and score-percentile.",
)
