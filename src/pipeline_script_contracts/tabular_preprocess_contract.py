"""The contract of dockers/names3risk_pytorch/tabular_preprocessing.py."""

from .contract import ProcessingScriptContract
from .image_requirements import PYTORCH_REQUIREMENTS

TABULAR_PREPROCESS_CONTRACT = ProcessingScriptContract(
    entry_point="tabular_preprocessing.py",
    expected_input_paths={
        "raw_data": "/opt/ml/processing/input/data",
        "config": "/opt/ml/processing/input/config",
    },
    expected_output_paths={"processed_data": "/opt/ml/processing/output"},
    expected_arguments={"job_type": "training"},
    optional_env_vars={"REGION": ""},
    framework_requirements=PYTORCH_REQUIREMENTS,
    description="Reads the raw table and its column schema (columns.json), applies labels and filters, keeps the first "
    "row of each entity and writes the splits train, val and test.",
)
