"""The contract of dockers/names3risk_pytorch/payload.py."""

from .contract import ProcessingScriptContract
from .image_requirements import PYTORCH_REQUIREMENTS

PAYLOAD_CONTRACT = ProcessingScriptContract(
    entry_point="payload.py",
    expected_input_paths={"payload_source": "/opt/ml/processing/input/payload_source"},
    expected_output_paths={"payload_samples": "/opt/ml/processing/output"},
    expected_arguments={
        "content_types": "text/csv,application/json",
        "requests": 10,
        "rows_per_request": 1,
        "seed": 0,
    },
    framework_requirements=PYTORCH_REQUIREMENTS,
    description="Writes sample requests for load tests, like the rows of a split but with invented values, and their "
    "archive payload.tar.gz.",
)
