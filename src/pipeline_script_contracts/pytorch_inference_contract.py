"""The contract of inference.py in dockers/names3risk_pytorch and dockers/pytorch_bsm."""

from .contract import InferenceScriptContract

PYTORCH_INFERENCE_CONTRACT = InferenceScriptContract(
    entry_point="inference.py",
    expected_input_paths={"model": "/opt/ml/model"},
    framework_provided=("model",),
    description="Scores CSV, JSON, JSON lines and Parquet requests with a trained model, with the preprocessing of its "
    "training, and gives legacy-score, calibrated-score and score-percentile.",
)
