"""The contract of dockers/xgboost/inference_xgb.py."""

from .contract import InferenceScriptContract
from .image_requirements import XGBOOST_REQUIREMENTS

XGBOOST_INFERENCE_CONTRACT = InferenceScriptContract(
    entry_point="inference_xgb.py",
    expected_input_paths={"model": "/opt/ml/model"},
    framework_provided=("model",),
    framework_requirements=XGBOOST_REQUIREMENTS,
    description="Scores CSV, JSON, JSON lines and Parquet requests with a trained XGBoost model, with the "
    "preprocessing of its training, and gives legacy-score, calibrated-score and score-percentile.",
)
