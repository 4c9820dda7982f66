"""The contract of dockers/names3risk_pytorch/model_calibration.py."""

from .contract import ProcessingScriptContract
from .image_requirements import PYTORCH_REQUIREMENTS

MODEL_CALIBRATION_CONTRACT = ProcessingScriptContract(
    entry_point="model_calibration.py",
    expected_input_paths={"evaluation_data": "/opt/ml/processing/input/evaluation_data"},
    expected_output_paths={
        "calibration_output": "/opt/ml/processing/output/calibration",
        "calibrated_data": "/opt/ml/processing/output/calibrated_data",
        "metrics_output": "/opt/ml/processing/output/metrics",
    },
    expected_arguments={"method": "isotonic", "fit_share": 0.5, "seed": 0},
    framework_requirements=PYTORCH_REQUIREMENTS,
    description="Fits a calibration and the percentiles on one part of the predictions, measures it on the other, and "
    "writes calibration.json, the calibrated predictions, ECE, MCE and Brier score before and after, and the picture.",
)
