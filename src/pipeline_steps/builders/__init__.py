"""Step builders, one list of them: a new one is its class and a line here."""

from typing import Any

from pipeline_steps.builders.base import BuildContext, StepBuilderBase
from pipeline_steps.builders.control import ConditionStepBuilder, FailStepBuilder
from pipeline_steps.builders.names3risk import (
    ModelEvaluationStepBuilder,
    Names3RiskTrainingStepBuilder,
    PyTorchTrainingStepBuilder,
    TabularPreprocessingStepBuilder,
    TokenizerTrainingStepBuilder,
)
from pipeline_steps.builders.registration import RegisterModelStepBuilder

BUILDERS: tuple[type[StepBuilderBase[Any]], ...] = (
    TabularPreprocessingStepBuilder,
    TokenizerTrainingStepBuilder,
    Names3RiskTrainingStepBuilder,
    PyTorchTrainingStepBuilder,
    ModelEvaluationStepBuilder,
    RegisterModelStepBuilder,
    ConditionStepBuilder,
    FailStepBuilder,
)

__all__ = [
    "BUILDERS",
    "BuildContext",
    "ConditionStepBuilder",
    "FailStepBuilder",
    "ModelEvaluationStepBuilder",
    "Names3RiskTrainingStepBuilder",
    "PyTorchTrainingStepBuilder",
    "RegisterModelStepBuilder",
    "StepBuilderBase",
    "TabularPreprocessingStepBuilder",
    "TokenizerTrainingStepBuilder",
]
