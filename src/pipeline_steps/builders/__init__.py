"""Step builders, one list of them: a new one is its class and a line here."""

from typing import Any

from pipeline_steps.builders.base import BuildContext, StepBuilderBase
from pipeline_steps.builders.control import ConditionStepBuilder, FailStepBuilder
from pipeline_steps.builders.delivery import (
    ModelCalibrationStepBuilder,
    PackagingStepBuilder,
    PayloadStepBuilder,
)
from pipeline_steps.builders.external import (
    CallbackStepBuilder,
    DataLoadingStepBuilder,
    EMRStepBuilder,
    HyperparameterPrepStepBuilder,
    LambdaStepBuilder,
)
from pipeline_steps.builders.model import BatchTransformStepBuilder, ModelStepBuilder
from pipeline_steps.builders.names3risk import (
    ModelEvaluationStepBuilder,
    Names3RiskTrainingStepBuilder,
    PyTorchTrainingStepBuilder,
    TabularPreprocessingStepBuilder,
    TokenizerTrainingStepBuilder,
)
from pipeline_steps.builders.registration import RegisterModelStepBuilder
from pipeline_steps.builders.tuning import Names3RiskTuningStepBuilder
from pipeline_steps.builders.xgboost import XGBoostEvaluationStepBuilder, XGBoostTrainingStepBuilder

BUILDERS: tuple[type[StepBuilderBase[Any]], ...] = (
    DataLoadingStepBuilder,
    HyperparameterPrepStepBuilder,
    TabularPreprocessingStepBuilder,
    TokenizerTrainingStepBuilder,
    Names3RiskTrainingStepBuilder,
    Names3RiskTuningStepBuilder,
    PyTorchTrainingStepBuilder,
    XGBoostTrainingStepBuilder,
    ModelEvaluationStepBuilder,
    XGBoostEvaluationStepBuilder,
    ModelCalibrationStepBuilder,
    PackagingStepBuilder,
    PayloadStepBuilder,
    ModelStepBuilder,
    BatchTransformStepBuilder,
    RegisterModelStepBuilder,
    ConditionStepBuilder,
    FailStepBuilder,
    LambdaStepBuilder,
    CallbackStepBuilder,
    EMRStepBuilder,
)

__all__ = [
    "BUILDERS",
    "BatchTransformStepBuilder",
    "BuildContext",
    "CallbackStepBuilder",
    "ConditionStepBuilder",
    "DataLoadingStepBuilder",
    "EMRStepBuilder",
    "FailStepBuilder",
    "HyperparameterPrepStepBuilder",
    "LambdaStepBuilder",
    "ModelCalibrationStepBuilder",
    "ModelEvaluationStepBuilder",
    "ModelStepBuilder",
    "Names3RiskTrainingStepBuilder",
    "Names3RiskTuningStepBuilder",
    "PackagingStepBuilder",
    "PayloadStepBuilder",
    "PyTorchTrainingStepBuilder",
    "RegisterModelStepBuilder",
    "StepBuilderBase",
    "TabularPreprocessingStepBuilder",
    "TokenizerTrainingStepBuilder",
    "XGBoostEvaluationStepBuilder",
    "XGBoostTrainingStepBuilder",
]
