"""The specification of PyTorch Lightning multimodal training."""

from __future__ import annotations

from pipeline_script_contracts import PYTORCH_TRAIN_CONTRACT
from pipeline_step_specs.enums import NodeType
from pipeline_step_specs.step_specification import StepSpecification
from pipeline_step_specs.training_inputs import HYPERPARAMETERS, PRETRAINED, SPLITS
from pipeline_step_specs.training_outputs import TRAINING_OUTPUTS

PYTORCH_TRAINING_SPEC = StepSpecification(
    step_type="PyTorchTraining",
    node_type=NodeType.INTERNAL,
    script_contract=PYTORCH_TRAIN_CONTRACT,
    description="Trains a multimodal (text and tabular) PyTorch model.",
    dependencies=[
        SPLITS,
        HYPERPARAMETERS,
        PRETRAINED,
    ],
    outputs=list(TRAINING_OUTPUTS),
)
