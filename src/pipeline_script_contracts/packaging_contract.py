"""The contract of dockers/names3risk_pytorch/model_packaging.py (packaging.py would hide the package of that name)."""

from .contract import ProcessingScriptContract
from .image_requirements import PYTORCH_REQUIREMENTS

PACKAGING_CONTRACT = ProcessingScriptContract(
    entry_point="model_packaging.py",
    expected_input_paths={
        "model_input": "/opt/ml/processing/input/model",
        "calibration_input": "/opt/ml/processing/input/calibration",
        "inference_code": "/opt/ml/processing/input/inference_code",
    },
    expected_output_paths={"packaged_model": "/opt/ml/processing/output/model"},
    expected_arguments={"code_files": "*"},
    framework_requirements=PYTORCH_REQUIREMENTS,
    description="Packs the model's files, calibration.json and, below code/, the inference code into model.tar.gz.",
)
