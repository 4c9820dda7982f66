"""Step builders, the pipeline definition, deployment and the local runner."""

from pipeline_steps.assets import Asset, publish_local
from pipeline_steps.builders import (
    BUILDERS,
    BatchTransformStepBuilder,
    BuildContext,
    CallbackStepBuilder,
    ConditionStepBuilder,
    DataLoadingStepBuilder,
    EMRStepBuilder,
    FailStepBuilder,
    HyperparameterPrepStepBuilder,
    LambdaStepBuilder,
    ModelEvaluationStepBuilder,
    ModelStepBuilder,
    Names3RiskTrainingStepBuilder,
    Names3RiskTuningStepBuilder,
    PyTorchTrainingStepBuilder,
    RegisterModelStepBuilder,
    StepBuilderBase,
    TabularPreprocessingStepBuilder,
    TokenizerTrainingStepBuilder,
    XGBoostEvaluationStepBuilder,
    XGBoostTrainingStepBuilder,
)
from pipeline_steps.configuration import load_pipeline
from pipeline_steps.definition_checks import check_definition
from pipeline_steps.parameters import PipelineParameter
from pipeline_steps.pipeline_builder import PipelineBuilder, canonical_json
from pipeline_steps.problems import PipelineError, Problem

__all__ = [
    "BUILDERS",
    "Asset",
    "BatchTransformStepBuilder",
    "BuildContext",
    "CallbackStepBuilder",
    "ConditionStepBuilder",
    "DataLoadingStepBuilder",
    "EMRStepBuilder",
    "FailStepBuilder",
    "HyperparameterPrepStepBuilder",
    "LambdaStepBuilder",
    "ModelEvaluationStepBuilder",
    "ModelStepBuilder",
    "Names3RiskTrainingStepBuilder",
    "Names3RiskTuningStepBuilder",
    "PipelineBuilder",
    "PipelineError",
    "PipelineParameter",
    "Problem",
    "PyTorchTrainingStepBuilder",
    "RegisterModelStepBuilder",
    "StepBuilderBase",
    "TabularPreprocessingStepBuilder",
    "TokenizerTrainingStepBuilder",
    "XGBoostEvaluationStepBuilder",
    "XGBoostTrainingStepBuilder",
    "canonical_json",
    "check_definition",
    "load_pipeline",
    "publish_local",
]
