"""The types of steps that run locally."""

from __future__ import annotations

from collections.abc import Mapping

from pipeline_steps.local.kinds.base import StepKind
from pipeline_steps.local.kinds.callables import CallbackKind, EMRKind, LambdaKind
from pipeline_steps.local.kinds.condition import ConditionKind
from pipeline_steps.local.kinds.fail import FailKind
from pipeline_steps.local.kinds.model import ModelKind
from pipeline_steps.local.kinds.processing import ProcessingKind
from pipeline_steps.local.kinds.register import RegisterModelKind
from pipeline_steps.local.kinds.training import TrainingKind
from pipeline_steps.local.kinds.transform import TransformKind
from pipeline_steps.local.kinds.tuning import TuningKind

KINDS: Mapping[str, StepKind] = {
    kind.type: kind
    for kind in (
        ProcessingKind(),
        TrainingKind(),
        TuningKind(),
        ModelKind(),
        RegisterModelKind(),
        TransformKind(),
        ConditionKind(),
        FailKind(),
        LambdaKind(),
        CallbackKind(),
        EMRKind(),
    )
}

__all__ = ["KINDS", "StepKind"]
