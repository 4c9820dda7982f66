"""The contract of dockers/names3risk_pytorch/tokenizer_training.py."""

from .contract import ProcessingScriptContract
from .image_requirements import PYTORCH_REQUIREMENTS

TOKENIZER_TRAINING_CONTRACT = ProcessingScriptContract(
    entry_point="tokenizer_training.py",
    expected_input_paths={"train_data": "/opt/ml/processing/input/train"},
    expected_output_paths={"model_artifacts_output": "/opt/ml/processing/output"},
    expected_arguments={
        "target_compression": 2.5,
        "min_frequency": 25,
        "min_vocab_size": 1000,
        "max_vocab_size": 50000,
        "seed": 0,
    },
    framework_requirements=PYTORCH_REQUIREMENTS,
    description="Trains the byte-pair tokenizer on the text columns of the training split and writes tokenizer.json, "
    "vocab.json and tokenizer_report.json.",
)
