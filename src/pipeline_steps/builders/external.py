"""Steps that other systems carry out: Lambda functions, callbacks through a queue, Spark on EMR."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from pipeline_step_specs import (
    DATA_LOADING_SPEC,
    HYPERPARAMETER_PREP_SPEC,
    DependencyType,
    NodeType,
    OutputSpec,
    StepKind,
    StepSpecification,
)
from pipeline_steps.builders.base import Arguments, BuildContext, StepBuilderBase, without_empty
from pipeline_steps.references import Value, as_string
from pipeline_steps.settings import CachedSettings, Referable, Strict


class OutputParameter(Strict):
    """An output of a Lambda function or a callback.

    Args:
        type: The type of the value.
        gives: What it is to steps that depend on it.
        s3_uri: Whether it is an address of S3.
    """

    type: Literal["String", "Integer", "Float", "Boolean"] = "String"
    gives: DependencyType = DependencyType.CUSTOM_PROPERTY
    s3_uri: bool = False


class ExternalSettings(CachedSettings):
    """The settings of a Lambda or callback step.

    Args:
        arguments: What the other system is told, by name.
        outputs: What it answers, by name.
    """

    arguments: dict[str, Referable] = Field(default_factory=dict)
    outputs: dict[str, OutputParameter] = Field(default_factory=dict)


class ExternalStepBuilder(StepBuilderBase[ExternalSettings]):
    """Builds a step whose outputs are declared with its settings."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        declared = [output.logical_name for output in self.spec.outputs]
        added = [_output(name, each) for name, each in self.settings.outputs.items() if name not in declared]
        if added:
            outputs = [*self.spec.outputs, *added]
            fields = {**dict(self.spec), "node_type": NodeType.SOURCE, "outputs": outputs}
            self.spec = StepSpecification(**fields)

    def arguments(self, context: BuildContext) -> Arguments:
        """Gives what the other system is told."""
        return dict(self.settings.arguments)

    def build(self, context: BuildContext) -> dict[str, Any]:
        """Gives the step as a pipeline definition has it, with its address and its outputs."""
        types = {output.logical_name: "String" for output in self.spec.outputs}
        types |= {name: each.type for name, each in self.settings.outputs.items()}
        outputs = [{"OutputName": name, "OutputType": kind} for name, kind in types.items()]
        return {**super().build(context), **self.target(), "OutputParameters": outputs}

    def target(self) -> dict[str, Value]:
        """Gives the fields of the step that say who carries it out."""
        raise NotImplementedError


class LambdaSettings(ExternalSettings):
    """The settings of a Lambda step.

    Args:
        function_arn: The ARN of the function.
    """

    function_arn: Referable


class LambdaStepBuilder(ExternalStepBuilder):
    """Builds a step that calls a Lambda function."""

    specification = StepSpecification(step_type="Lambda", node_type=NodeType.SINGULAR, step_kind=StepKind.LAMBDA)
    settings_class = LambdaSettings

    def target(self) -> dict[str, Value]:
        """Gives the function."""
        assert isinstance(self.settings, LambdaSettings)
        return {"FunctionArn": self.settings.function_arn}


class HyperparameterPrepStepBuilder(LambdaStepBuilder):
    """Builds the step in which a Lambda function writes a configuration file."""

    specification = HYPERPARAMETER_PREP_SPEC


class CallbackSettings(ExternalSettings):
    """The settings of a callback step.

    Args:
        queue_url: The URL of the SQS queue that the other system reads.
    """

    queue_url: Referable


class CallbackStepBuilder(ExternalStepBuilder):
    """Builds a step that waits until another system calls back."""

    specification = StepSpecification(step_type="Callback", node_type=NodeType.SINGULAR, step_kind=StepKind.CALLBACK)
    settings_class = CallbackSettings

    def target(self) -> dict[str, Value]:
        """Gives the queue."""
        assert isinstance(self.settings, CallbackSettings)
        return {"SqsQueueUrl": self.settings.queue_url}


class DataLoadingStepBuilder(CallbackStepBuilder):
    """Builds the step in which a data loader puts the raw table into S3."""

    specification = DATA_LOADING_SPEC


class EMRSettings(CachedSettings):
    """The settings of a step on an EMR cluster.

    Args:
        cluster_id: The cluster.
        jar: The jar that is run; `command-runner.jar` runs `spark-submit`.
        main_class: The class in the jar, where it does not name one.
        args: The arguments of the jar.
        outputs: Addresses that the step writes, by logical name; steps that read them wait for it.
    """

    cluster_id: Referable
    jar: Referable = "command-runner.jar"
    main_class: str | None = None
    args: list[Referable] = Field(default_factory=list)
    outputs: dict[str, Referable] = Field(default_factory=dict)


class EMRStepBuilder(StepBuilderBase[EMRSettings]):
    """Builds a step that runs on an EMR cluster, Spark included."""

    specification = StepSpecification(step_type="EMR", node_type=NodeType.SINGULAR, step_kind=StepKind.EMR)
    settings_class = EMRSettings

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.settings.outputs:
            outputs = [_written(name) for name in self.settings.outputs]
            fields = {**dict(self.spec), "node_type": NodeType.SOURCE, "outputs": outputs}
            self.spec = StepSpecification(**fields)

    def arguments(self, context: BuildContext) -> Arguments:
        """Gives the cluster and the step that it runs."""
        settings = self.settings
        jar = {
            "Jar": settings.jar,
            "MainClass": settings.main_class,
            "Args": [as_string(value) for value in settings.args],
        }
        return {"ClusterId": settings.cluster_id, "StepConfig": {"HadoopJarStep": without_empty(jar)}}

    def address(self, output: OutputSpec, context: BuildContext) -> Value:
        """Gives the address that the settings name."""
        return self.settings.outputs[output.logical_name]


def _output(name: str, parameter: OutputParameter) -> OutputSpec:
    return OutputSpec(
        logical_name=name,
        output_type=parameter.gives,
        property_path=f"properties.OutputParameters['{name}']",
        data_type="S3Uri" if parameter.s3_uri else "String",
    )


def _written(name: str) -> OutputSpec:
    return OutputSpec(logical_name=name, output_type=DependencyType.PROCESSING_OUTPUT, property_path="properties.Id")
