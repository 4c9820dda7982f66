"""The builders of the XGBoost pipeline."""

from __future__ import annotations

from pipeline_step_specs import XGBOOST_EVALUATION_SPEC, XGBOOST_TRAINING_SPEC
from pipeline_step_specs.training_metrics import XGBOOST_TRAINING_METRICS
from pipeline_steps.builders.processing import ProcessingStepBuilder
from pipeline_steps.builders.training import TrainingStepBuilder


class XGBoostTrainingStepBuilder(TrainingStepBuilder):
    """Builds the step that trains XGBoost; the processes of several instances find each other by themselves."""

    specification = XGBOOST_TRAINING_SPEC
    printed_metrics = XGBOOST_TRAINING_METRICS

    def validate_configuration(self) -> None:
        """Refuses torchrun: XGBoost's processes are not PyTorch's."""
        if self.settings.distribution != "none":
            raise ValueError(
                "XGBoost does not train under torchrun; leave out distribution, and set instance_count for several "
                "instances"
            )


class XGBoostEvaluationStepBuilder(ProcessingStepBuilder):
    """Builds the step that scores a split with XGBoost and computes metrics."""

    specification = XGBOOST_EVALUATION_SPEC
