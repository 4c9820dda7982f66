"""Property paths such as `ProcessingOutputConfig.Outputs['train'].S3Output.S3Uri`, checked against Describe shapes."""

from __future__ import annotations

import re
from functools import cache

from pipeline_step_specs.enums import StepKind
from pipeline_step_specs.naming import suggestion
from pipeline_step_specs.service_model import Shape, service_shapes

DESCRIBE_SHAPES = {
    StepKind.PROCESSING: ("sagemaker", "DescribeProcessingJobResponse"),
    StepKind.TRAINING: ("sagemaker", "DescribeTrainingJobResponse"),
    StepKind.TRANSFORM: ("sagemaker", "DescribeTransformJobResponse"),
    StepKind.MODEL: ("sagemaker", "DescribeModelOutput"),
    StepKind.REGISTER_MODEL: ("sagemaker", "DescribeModelPackageOutput"),
    StepKind.TUNING: ("sagemaker", "DescribeHyperParameterTuningJobResponse"),
    StepKind.EMR: ("emr", "Step"),
}
_LISTED = {(StepKind.TUNING, "TrainingJobSummaries"): "ListTrainingJobsForHyperParameterTuningJobResponse"}
"""Properties that come from another call than Describe."""
_STEP_OUTPUTS = (StepKind.LAMBDA, StepKind.CALLBACK)
_OUTPUT_PARAMETER = re.compile(r"OutputParameters\['[^']+'\]")
_SEGMENT = re.compile(r"\.?([A-Za-z_]\w*)|\[(\d+)\]|\['([^']*)'\]|\[\"([^\"]*)\"\]")


class PropertyPathError(ValueError):
    """The service has no such property."""


def without_prefix(property_path: str) -> str:
    """Gives a property path without a leading `properties.`."""
    return property_path.removeprefix("properties.")


def split_property_path(path: str) -> list[str | int | tuple[str]]:
    """Splits a path into members (`str`), list positions (`int`) and keys in brackets (a tuple of one `str`).

    Raises:
        PropertyPathError: The path is not well formed.
    """
    parts: list[str | int | tuple[str]] = []
    position = 0
    while position < len(path):
        match = _SEGMENT.match(path, position)
        if match is None or (not parts and match[1] is None) or (match[0].startswith(".") and not parts):
            raise PropertyPathError(f"'{path}' is not a property path; expected for instance A.B['key'].C[0]")
        member, index, single, double = match.groups()
        if member is not None:
            parts.append(member)
        elif index is not None:
            parts.append(int(index))
        else:
            parts.append((single if single is not None else double,))
        position = match.end()
    if not parts:
        raise PropertyPathError("a property path must not be empty")
    return parts


@cache
def property_type(kind: StepKind, path: str) -> str:
    """Gives the type that a property has, as botocore names it (`string`, `integer`, `structure`, ...).

    Args:
        kind: The kind of the step that has the property.
        path: The path, with or without a leading `properties.`.

    Raises:
        PropertyPathError: The service has no such property; the message names the nearest that it has.
    """
    path = without_prefix(path)
    if kind in _STEP_OUTPUTS:
        if not _OUTPUT_PARAMETER.fullmatch(path):
            raise PropertyPathError(f"a {kind} step has properties OutputParameters['name'] only, not '{path}'")
        return "string"
    if kind not in DESCRIBE_SHAPES:
        raise PropertyPathError(f"a {kind} step has no properties, so there is no '{path}'")
    service, shape_name = DESCRIBE_SHAPES[kind]
    parts = split_property_path(path)
    shape_name = _LISTED.get((kind, str(parts[0])), shape_name)
    shapes = service_shapes(service)
    shape = shapes[shape_name]
    for part in parts:
        shape = _enter(shapes, shape, part, f"'{path}' is not a property of {shape_name}")
    return str(shape["type"])


def _enter(shapes: dict[str, Shape], shape: Shape, part: str | int | tuple[str], problem: str) -> Shape:
    kind = shape["type"]
    if isinstance(part, str) and kind == "structure":
        members = shape["members"]
        if part not in members:
            raise PropertyPathError(f"{problem}: there is no '{part}'; {suggestion(part, members)}")
        return shapes[members[part]["shape"]]
    if isinstance(part, tuple) and kind == "map":
        return shapes[shape["value"]["shape"]]
    if kind == "list" and not isinstance(part, str):
        member = shapes[shape["member"]["shape"]]
        named = member["type"] == "structure" and any(name.endswith("Name") for name in member["members"])
        if isinstance(part, int) or named:
            return member
    shown = f"'{part}'" if isinstance(part, str) else f"[{part[0]!r}]" if isinstance(part, tuple) else f"[{part}]"
    raise PropertyPathError(f"{problem}: a {kind} has no {shown}")
