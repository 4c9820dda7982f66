"""Hyperparameter tuning: many training jobs, and the best of their models."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

from pydantic import Field

from pipeline_step_specs import NAMES3RISK_TUNING_SPEC, OutputSpec
from pipeline_step_specs.training_metrics import PYTORCH_TRAINING_METRICS
from pipeline_steps.builders.base import Arguments, BuildContext, key_values, without_empty
from pipeline_steps.builders.training import CHANNELS, CODE_CHANNEL, TrainingStepBuilder
from pipeline_steps.references import Value, join, step_property
from pipeline_steps.settings import Strict, TrainingSettings

Scaling = Literal["Auto", "Linear", "Logarithmic", "ReverseLogarithmic"]
_ARCHIVES = {"model_output": "output/model.tar.gz", "data_output": "output/output.tar.gz"}


class IntegerRange(Strict):
    """Whole numbers from a lowest to a highest."""

    type: Literal["Integer"]
    min: int
    max: int
    scaling: Scaling = "Auto"


class ContinuousRange(Strict):
    """Numbers from a lowest to a highest."""

    type: Literal["Continuous"]
    min: float
    max: float
    scaling: Scaling = "Auto"


class CategoricalRange(Strict):
    """Some values."""

    type: Literal["Categorical"]
    values: list[str] = Field(min_length=1)


Range = Annotated[IntegerRange | ContinuousRange | CategoricalRange, Field(discriminator="type")]


class TuningSettings(TrainingSettings):
    """The settings of a tuning step.

    Args:
        ranges: The hyperparameters that are searched, and where.
        objective: The metric that is optimised; one that the script prints, or one of `metrics`.
        goal: Whether the metric shall be large or small.
        strategy: How the next values are chosen.
        max_jobs: The number of training jobs.
        max_parallel_jobs: The number of them at once.
        early_stopping: Whether hopeless jobs are stopped.
    """

    ranges: dict[str, Range] = Field(min_length=1)
    objective: str
    goal: Literal["Maximize", "Minimize"]
    strategy: Literal["Bayesian", "Random", "Hyperband", "Grid"] = "Bayesian"
    max_jobs: int = Field(default=10, ge=1)
    max_parallel_jobs: int = Field(default=2, ge=1)
    early_stopping: bool = False


class Names3RiskTuningStepBuilder(TrainingStepBuilder):
    """Builds the step that searches the hyperparameters of Names3Risk training.

    A tuning job cannot name the command of its containers, so the image must hold SageMaker's training toolkit, which
    reads the script's name from the hyperparameters.
    """

    specification = NAMES3RISK_TUNING_SPEC
    printed_metrics = PYTORCH_TRAINING_METRICS
    settings_class = TuningSettings

    def validate_configuration(self) -> None:
        """Checks that the objective is measured and that nothing is both fixed and searched."""
        settings = self._tuning
        metrics = list(self.metrics())
        if settings.objective not in metrics:
            raise ValueError(f"the objective '{settings.objective}' is not among the metrics: {', '.join(metrics)}")
        both = [name for name in settings.ranges if name in settings.hyperparameters]
        if both:
            raise ValueError(f"{', '.join(both)}: both under hyperparameters and under ranges; keep one")
        if settings.distribution != "none":
            raise ValueError("a tuning job cannot start torchrun; leave out distribution")

    def arguments(self, context: BuildContext) -> Arguments:
        """Gives the CreateHyperParameterTuningJob request."""
        settings = self._tuning
        training = super().arguments(context)
        algorithm = training["AlgorithmSpecification"]
        algorithm.pop("ContainerEntrypoint")
        algorithm.pop("ContainerArguments", None)
        training["HyperParameterTuningResourceConfig"] = training.pop("ResourceConfig")
        training["StaticHyperParameters"] = {**training.pop("HyperParameters", {}), **self._script_mode()}
        training.pop("Tags", None)
        return without_empty(
            {
                "HyperParameterTuningJobConfig": {
                    "Strategy": settings.strategy,
                    "HyperParameterTuningJobObjective": {"Type": settings.goal, "MetricName": settings.objective},
                    "ResourceLimits": {
                        "MaxNumberOfTrainingJobs": settings.max_jobs,
                        "MaxParallelTrainingJobs": settings.max_parallel_jobs,
                    },
                    "ParameterRanges": _ranges(settings.ranges),
                    "TrainingJobEarlyStoppingType": "Auto" if settings.early_stopping else "Off",
                },
                "TrainingJobDefinition": without_empty(training),
                "Tags": key_values({**context.pipeline.tags, **settings.tags}),
            }
        )

    def address(self, output: OutputSpec, context: BuildContext) -> Value:
        """Gives the address of an output; that of the best job's archives is made of its name."""
        if output.logical_name not in _ARCHIVES:
            return super().address(output, context)
        best = step_property(self.name, output.property_path)
        return join(context.results(self.name, "output"), best, _ARCHIVES[output.logical_name], on="/")

    def _script_mode(self) -> dict[str, str]:
        assert self.contract is not None
        return {
            "sagemaker_program": json.dumps(self.contract.entry_point),
            "sagemaker_submit_directory": json.dumps(f"{CHANNELS}/{CODE_CHANNEL}"),
        }

    @property
    def _tuning(self) -> TuningSettings:
        assert isinstance(self.settings, TuningSettings)
        return self.settings


def _ranges(ranges: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, list[dict[str, Any]]] = {}
    for name, each in ranges.items():
        entry: dict[str, Any] = {"Name": name}
        if isinstance(each, CategoricalRange):
            entry["Values"] = list(each.values)
        else:
            entry |= {"MinValue": str(each.min), "MaxValue": str(each.max), "ScalingType": each.scaling}
        found.setdefault(f"{each.type}ParameterRanges", []).append(entry)
    return found
