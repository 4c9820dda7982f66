"""The specification of PyTorch Lightning multimodal training."""

from __future__ import annotations

from pipeline_script_contracts import PYTORCH_TRAIN_CONTRACT
from pipeline_step_specs.declarations import DependencySpec
from pipeline_step_specs.enums import DependencyType, NodeType
from pipeline_step_specs.step_specification import StepSpecification
from pipeline_step_specs.training_inputs import PRETRAINED
from pipeline_step_specs.training_outputs import TRAINING_OUTPUTS

PYTORCH_TRAINING_SPEC = StepSpecification(
    step_type="PyTorchTraining",
    node_type=NodeType.INTERNAL,
    script_contract=PYTORCH_TRAIN_CONTRACT,
    description="Trains a multimodal (text and tabular) PyTorch model.",
    dependencies=[
        DependencySpec(
            logical_name="input_path",
            dependency_type=DependencyType.TRAINING_DATA,
            compatible_sources=["TabularPreprocessing", "ProcessingStep", "DataLoad"],
            semantic_keywords=["data", "input", "training", "dataset", "processed", "train", "pytorch"],
            description="The training data: a folder with the splits train, val and test.",
            channels=["train", "val", "test"],
        ),
        PRETRAINED,
        DependencySpec(
            logical_name="config",
            dependency_type=DependencyType.HYPERPARAMETERS,
            compatible_sources=["HyperparameterPrep", "ProcessingStep"],
            semantic_keywords=["config", "params", "hyperparameters", "settings", "hyperparams"],
            description="The hyperparameters, which SageMaker writes to hyperparameters.json.",
        ),
    ],
    outputs=list(TRAINING_OUTPUTS),
)
