"""The contract of dockers/names3risk_pytorch/model_evaluation.py."""

from .contract import ProcessingScriptContract
from .image_requirements import PYTORCH_REQUIREMENTS

MODEL_EVALUATION_CONTRACT = ProcessingScriptContract(
    entry_point="model_evaluation.py",
    expected_input_paths={
        "model_input": "/opt/ml/processing/input/model",
        "eval_data": "/opt/ml/processing/input/eval_data",
    },
    expected_output_paths={
        "eval_output": "/opt/ml/processing/output/eval",
        "metrics_output": "/opt/ml/processing/output/metrics",
    },
    expected_arguments={"job_type": "testing"},
    framework_requirements=PYTORCH_REQUIREMENTS,
    description="Scores a preprocessed split with a trained model; writes predictions, pictures and evaluation.json.",
)
