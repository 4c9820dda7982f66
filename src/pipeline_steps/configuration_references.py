"""How a configuration writes references, and what they become in the definition language.

{parameter: MinimumAuroc}                                       a parameter of the pipeline
{execution: PipelineExecutionId}                                a variable of the execution
{step: Train, output: model_output, subfolder: a}               an output of a step, or a part of it
{step: Train, property: TrainingJobName}                        any property of a step
{step: Evaluate, property_file: Evaluation, path: metrics.auroc}  a value in a property file
{join: [s3://bucket, {parameter: Prefix}], on: /}               constants and references as one string
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from pipeline_step_specs.naming import suggestion
from pipeline_steps.references import Value, execution_variable, join, json_get, parameter, step_property

_FORMS = (
    frozenset({"parameter"}),
    frozenset({"execution"}),
    frozenset({"step", "output"}),
    frozenset({"step", "output", "subfolder"}),
    frozenset({"step", "property"}),
    frozenset({"step", "property_file", "path"}),
    frozenset({"join"}),
    frozenset({"join", "on"}),
)


def is_written_reference(value: object) -> bool:
    """Tells whether a mapping of a configuration is a reference."""
    return isinstance(value, dict) and frozenset(value) in _FORMS


def with_references(value: Any, steps: Collection[str], address: Callable[[str, str], Value]) -> Value:
    """Gives a value of a configuration with its references in the definition language.

    Args:
        value: The value, read from YAML.
        steps: The names of all steps.
        address: Gives what stands for an output of a step, by the names of both.

    Raises:
        ValueError: A reference speaks of a step or output that does not exist.
    """
    if is_written_reference(value):
        return _reference(value, steps, address)
    if isinstance(value, dict):
        return {key: with_references(inner, steps, address) for key, inner in value.items()}
    if isinstance(value, list):
        return [with_references(inner, steps, address) for inner in value]
    return value


def _reference(value: dict[str, Any], steps: Collection[str], address: Callable[[str, str], Value]) -> Value:
    if "parameter" in value:
        return parameter(str(value["parameter"]))
    if "execution" in value:
        return execution_variable(str(value["execution"]))
    if "join" in value:
        if not isinstance(value["join"], list):
            raise ValueError("join must be a list of constants and references")
        parts = [part if isinstance(part, dict) else str(part) for part in value["join"]]
        return join(*(with_references(part, steps, address) for part in parts), on=str(value.get("on", "")))
    step = str(value["step"])
    if step not in steps:
        raise ValueError(f"there is no step '{step}'; {suggestion(step, steps)}")
    if "property" in value:
        return step_property(step, str(value["property"]))
    if "property_file" in value:
        return json_get(step, str(value["property_file"]), str(value["path"]))
    found = address(step, str(value["output"]))
    return join(found, str(value["subfolder"]), on="/") if "subfolder" in value else found
