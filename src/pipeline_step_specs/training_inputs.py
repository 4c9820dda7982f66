"""The input that the training steps of PyTorch models share."""

from __future__ import annotations

from pipeline_step_specs.declarations import DependencySpec
from pipeline_step_specs.enums import DependencyType

PRETRAINED = DependencySpec(
    logical_name="pretrained",
    dependency_type=DependencyType.CUSTOM_PROPERTY,
    required=False,
    semantic_keywords=["pretrained", "encoder", "bert", "weights"],
    description="The folder below which the hyperparameter `pretrained` names a pretrained encoder; usually an "
    "address in S3.",
)
