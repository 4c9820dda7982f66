"""The inputs that training steps share."""

from __future__ import annotations

from pipeline_step_specs.declarations import DependencySpec
from pipeline_step_specs.enums import DependencyType
from pipeline_step_specs.sources import PREPARED_ROWS

SPLITS = DependencySpec(
    logical_name="input_path",
    dependency_type=DependencyType.TRAINING_DATA,
    compatible_sources=PREPARED_ROWS,
    semantic_keywords=["data", "input", "training", "dataset", "processed", "train", "split", "pytorch"],
    description="The training data: a folder with the splits train, val and test.",
    channels=["train", "val", "test"],
)
HYPERPARAMETERS = DependencySpec(
    logical_name="config",
    dependency_type=DependencyType.HYPERPARAMETERS,
    compatible_sources=["HyperparameterPrep", "ProcessingStep"],
    semantic_keywords=["config", "params", "hyperparameters", "settings", "hyperparams"],
    description="The hyperparameters, which SageMaker writes to hyperparameters.json.",
)
PRETRAINED = DependencySpec(
    logical_name="pretrained",
    dependency_type=DependencyType.CUSTOM_PROPERTY,
    required=False,
    semantic_keywords=["pretrained", "encoder", "bert", "weights"],
    description="The folder below which the hyperparameter `pretrained` names a pretrained encoder; usually an "
    "address in S3.",
)
