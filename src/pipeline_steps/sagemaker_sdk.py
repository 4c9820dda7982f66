"""A pipeline as objects of the SageMaker Python SDK v3, to be mixed with steps that are written with the SDK.

The SDK is large and slow to import, so it is an extra (`pip install 'names3risk[sagemaker]'`) and imported here only
when it is used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from pipeline_step_specs import StepKind
from pipeline_step_specs.property_paths import DESCRIBE_SHAPES
from pipeline_steps.problems import PipelineError
from pipeline_steps.step_graph import Step

if TYPE_CHECKING:
    from pipeline_steps.pipeline_builder import PipelineBuilder

_PARAMETERS = {
    "String": "ParameterString",
    "Integer": "ParameterInteger",
    "Float": "ParameterFloat",
    "Boolean": "ParameterBoolean",
}


def to_sdk_pipeline(pipeline: PipelineBuilder, session: Any = None) -> Any:
    """Gives a `sagemaker.mlops.workflow.pipeline.Pipeline` with the same definition.

    Args:
        pipeline: The pipeline; its assets are published separately.
        session: The SDK's session; the SDK makes one of its own when None.

    Returns:
        The SDK's pipeline: its steps have `properties` that further steps of the SDK can refer to, and it can be
        upserted and started as any other.

    Raises:
        PipelineError: The pipeline cannot be compiled, or the SDK v3 is not installed.
    """
    definition = pipeline.definition()
    sdk = _load("sagemaker.mlops.workflow.pipeline")
    steps = [_compiled_step(step) for step in definition["Steps"]]
    options: dict[str, Any] = {} if session is None else {"sagemaker_session": session}
    return sdk.Pipeline(
        name=pipeline.settings.name,
        parameters=[_parameter(entry) for entry in definition["Parameters"]],
        pipeline_experiment_config=None,
        steps=steps,
        **options,
    )


def _load(module: str) -> Any:
    try:
        return import_module(module)
    except ImportError as error:
        mend = "run: pip install 'names3risk[sagemaker]'"
        raise PipelineError(f"the SageMaker Python SDK v3 is not installed ({error}); {mend}") from error


def _parameter(entry: dict[str, Any]) -> Any:
    made = getattr(_load("sagemaker.core.workflow.parameters"), _PARAMETERS[entry["Type"]])
    options = {"enum_values": entry["EnumValues"]} if "EnumValues" in entry else {}
    return made(name=entry["Name"], default_value=entry.get("DefaultValue"), **options)


def _compiled_step(step: Step) -> Any:
    base = _load("sagemaker.mlops.workflow.steps")
    kind = StepKind(step["Type"])

    class CompiledStep(base.Step):  # type: ignore[misc, name-defined]  # the SDK is known only at run time
        """A step that was compiled outside the SDK."""

        @property
        def arguments(self) -> dict[str, Any]:
            return dict(step["Arguments"])

        @property
        def properties(self) -> Any:
            service, shape = DESCRIBE_SHAPES[kind]
            properties = _load("sagemaker.core.workflow.properties")
            return properties.Properties(step_name=self.name, step=self, shape_name=shape, service_name=service)

        def to_request(self) -> dict[str, Any]:
            return dict(step)

    return CompiledStep(step["Name"], step_type=base.StepTypeEnum(str(kind)), depends_on=step.get("DependsOn"))
