"""The contract of dockers/names3risk_pytorch/pytorch_training.py."""

from .contract import TrainingScriptContract
from .image_requirements import PYTORCH_REQUIREMENTS

NAMES3RISK_TRAINING_CONTRACT = TrainingScriptContract(
    entry_point="pytorch_training.py",
    expected_input_paths={
        "input_path": "/opt/ml/input/data",
        "model_artifacts_input": "/opt/ml/input/data/model_artifacts_input",
        "config": "/opt/ml/input/config/hyperparameters.json",
        "pretrained": "/opt/ml/input/data/pretrained",
    },
    expected_output_paths={
        "model_output": "/opt/ml/model",
        "data_output": "/opt/ml/output/data",
        "checkpoints": "/opt/ml/checkpoints",
    },
    optional_env_vars={
        "SM_CHECKPOINT_DIR": "/opt/ml/checkpoints",
        "REGION": "",
        "USE_PRECOMPUTED_IMPUTATION": "false",
        "USE_PRECOMPUTED_RISK_TABLES": "false",
    },
    hyperparameters="names3risk.hyperparameters.Hyperparameters",
    framework_provided=("config",),
    framework_requirements=PYTORCH_REQUIREMENTS,
    description="Trains LSTM2Risk or Transformer2Risk on the channels train, val and test and writes the model, its "
    "artefacts, predictions, metrics and pictures.",
)
