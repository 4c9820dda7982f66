"""The contract of dockers/pytorch_bsm/train.py."""

from .contract import TrainingScriptContract
from .image_requirements import PYTORCH_REQUIREMENTS

PYTORCH_TRAIN_CONTRACT = TrainingScriptContract(
    entry_point="train.py",
    expected_input_paths={
        "input_path": "/opt/ml/input/data",
        "config": "/opt/ml/input/config/hyperparameters.json",
        "pretrained": "/opt/ml/input/data/pretrained",
    },
    expected_output_paths={
        "model_output": "/opt/ml/model",
        "data_output": "/opt/ml/output/data",
        "checkpoints": "/opt/ml/checkpoints",
    },
    optional_env_vars={"SM_CHECKPOINT_DIR": "/opt/ml/checkpoints"},
    framework_provided=("config",),
    framework_requirements=PYTORCH_REQUIREMENTS,
    description="Trains a multimodal model (text and table) with PyTorch Lightning.",
)
