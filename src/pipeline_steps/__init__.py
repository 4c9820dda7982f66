"""Step builders, the pipeline definition, deployment and the local runner."""

from pipeline_steps.assets import Asset, publish_local
from pipeline_steps.builders import (
    BUILDERS,
    BuildContext,
    ConditionStepBuilder,
    FailStepBuilder,
    ModelEvaluationStepBuilder,
    Names3RiskTrainingStepBuilder,
    PyTorchTrainingStepBuilder,
    RegisterModelStepBuilder,
    StepBuilderBase,
    TabularPreprocessingStepBuilder,
    TokenizerTrainingStepBuilder,
)
from pipeline_steps.definition_checks import check_definition
from pipeline_steps.parameters import PipelineParameter
from pipeline_steps.pipeline_builder import PipelineBuilder, canonical_json
from pipeline_steps.problems import PipelineError, Problem

__all__ = [
    "BUILDERS",
    "Asset",
    "BuildContext",
    "ConditionStepBuilder",
    "FailStepBuilder",
    "ModelEvaluationStepBuilder",
    "Names3RiskTrainingStepBuilder",
    "PipelineBuilder",
    "PipelineError",
    "PipelineParameter",
    "Problem",
    "PyTorchTrainingStepBuilder",
    "RegisterModelStepBuilder",
    "StepBuilderBase",
    "TabularPreprocessingStepBuilder",
    "TokenizerTrainingStepBuilder",
    "canonical_json",
    "check_definition",
    "publish_local",
]
