"""`StepBuilderBase`: a step of a pipeline definition from specification, contract and settings."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Generic, TypeVar, cast

from pipeline_script_contracts import ScriptContract
from pipeline_step_specs import OutputSpec, StepKind, StepSpecification
from pipeline_step_specs.naming import suggestion
from pipeline_steps.assets import AssetStore
from pipeline_steps.problems import CONFIGURATION, Problem
from pipeline_steps.references import Value, execution_variable, join, step_property
from pipeline_steps.settings import CachedSettings, PipelineSettings, RetriedSettings, StepSettings, Vpc

Arguments = dict[str, Any]
Settings = TypeVar("Settings", bound=StepSettings, covariant=True)


@dataclass(frozen=True)
class BuildContext:
    """What a builder knows of the pipeline while it builds its step.

    Args:
        pipeline: The settings of the pipeline.
        assets: Where code and small files get their addresses.
        inputs: The address of each dependency by logical name.
    """

    pipeline: PipelineSettings
    assets: AssetStore
    inputs: Mapping[str, Value]

    def results(self, *parts: str) -> Value:
        """Gives the address of a result of this execution, below the pipeline's storage."""
        storage = self.pipeline.storage.rstrip("/")
        return join(f"{storage}/runs", execution_variable("PipelineExecutionId"), *parts, on="/")


class StepBuilderBase(Generic[Settings]):
    """Builds one step; a subclass adds only what its step type has of its own.

    Args:
        name: The name of the step in the pipeline; the step type when None.
        settings: The settings of the step, of the class's `settings_class`.
        specification: The specification; by default the one of the class.
    """

    specification: ClassVar[StepSpecification | None] = None
    settings_class: ClassVar[type[StepSettings]] = StepSettings

    def __init__(
        self,
        name: str | None = None,
        settings: Settings | None = None,
        specification: StepSpecification | None = None,
    ) -> None:
        chosen = specification or type(self).specification
        if chosen is None:
            raise TypeError(f"{type(self).__name__} has no specification; give one")
        self.settings = settings if settings is not None else cast(Settings, self.settings_class())
        self.spec = with_columns(chosen, self.settings)
        self.name = name or chosen.step_type
        self.logger = logging.getLogger(f"pipeline_steps.{self.name}")

    @property
    def kind(self) -> StepKind:
        """SageMaker's type of the step."""
        return self.spec.kind

    @property
    def contract(self) -> ScriptContract | None:
        """The contract of the script that the step runs, if it runs one."""
        return self.spec.script_contract

    @property
    def script(self) -> Path | None:
        """The script that the step runs, if it runs one."""
        return None

    def validate_configuration(self) -> None:
        """Checks what a subclass wants to check beside `problems`; called before every compile.

        Raises:
            ValueError: The configuration is wrong; the message becomes a problem of the step.
        """

    def own_inputs(self, context: BuildContext) -> dict[str, Value]:
        """Gives the dependencies that the step feeds itself, by logical name.

        Args:
            context: The pipeline around it; `inputs` is still empty.

        Returns:
            An address for each; None where the platform delivers it.
        """
        return {}

    def problems(self) -> Iterator[Problem]:
        """Gives what is wrong with the settings."""
        try:
            self.validate_configuration()
        except ValueError as error:
            yield Problem(CONFIGURATION, str(error), self.name)
        inputs = [dependency.logical_name for dependency in self.spec.dependencies]
        outputs = [output.logical_name for output in self.spec.outputs]
        for field in ("given_columns", "required_columns", "output_columns"):
            known = outputs if field == "output_columns" else inputs
            for name in getattr(self.settings, field):
                if name not in known:
                    yield self.problem(f"{field}.{name}", f"there is no '{name}'; {suggestion(name, known)}")

    def problem(self, where: str, message: str) -> Problem:
        """Gives a problem with a setting of this step."""
        return Problem(CONFIGURATION, message, self.name, where)

    def address(self, output: OutputSpec, context: BuildContext) -> Value:
        """Gives what stands for an output of this step in the steps that need it.

        Args:
            output: The output.
            context: The pipeline around it; `inputs` is still empty.
        """
        return step_property(self.name, output.property_path)

    def arguments(self, context: BuildContext) -> Arguments:
        """Gives what SageMaker needs to run this step.

        Args:
            context: The pipeline around it, with the source of each dependency.
        """
        raise NotImplementedError

    def build(self, context: BuildContext) -> dict[str, Any]:
        """Gives the step as a pipeline definition has it."""
        step: dict[str, Any] = {"Name": self.name, "Type": str(self.kind), "Arguments": self.arguments(context)}
        settings = self.settings
        if settings.depends_on:
            step["DependsOn"] = list(settings.depends_on)
        if isinstance(settings, CachedSettings) and settings.cache_days:
            step["CacheConfig"] = {"Enabled": True, "ExpireAfter": f"P{settings.cache_days}D"}
        if isinstance(settings, RetriedSettings) and settings.retry:
            step["RetryPolicies"] = [policy.definition() for policy in settings.retry]
        return step


def with_columns(spec: StepSpecification, settings: StepSettings) -> StepSpecification:
    """Gives a specification with the columns that the settings declare for its dependencies and outputs.

    Raises:
        pydantic.ValidationError: The columns of an output pass through from something that is not a dependency.
    """
    if not settings.required_columns and not settings.output_columns:
        return spec
    dependencies = []
    for each in spec.dependencies:
        required = {**each.required_columns, **settings.required_columns.get(each.logical_name, {})}
        dependencies.append(each.model_copy(update={"required_columns": required}))
    outputs = [
        each.model_copy(update=dict(settings.output_columns[each.logical_name]))
        if each.logical_name in settings.output_columns
        else each
        for each in spec.outputs
    ]
    return StepSpecification(**{**dict(spec), "dependencies": dependencies, "outputs": outputs})


def without_empty(arguments: Arguments) -> Arguments:
    """Drops the entries that say nothing: None and empty lists and objects."""
    return {key: value for key, value in arguments.items() if value is not None and value not in ([], {})}


def key_values(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """Gives tags as SageMaker takes them."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def vpc_config(vpc: Vpc | None) -> dict[str, list[str]] | None:
    """Gives a private network as SageMaker takes it."""
    return {"SecurityGroupIds": list(vpc.security_group_ids), "Subnets": list(vpc.subnets)} if vpc else None
