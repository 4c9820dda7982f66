"""The local runner: a SageMaker pipeline definition on this machine, without Docker and without AWS."""

from pipeline_steps.local.definition import read_definition
from pipeline_steps.local.errors import DefinitionError, LocalRunError
from pipeline_steps.local.events import Event, EventCallback
from pipeline_steps.local.locking import is_held
from pipeline_steps.local.progress import show_progress
from pipeline_steps.local.record import RunRecord, StepRecord, load_run
from pipeline_steps.local.registry import ModelPackage, packages
from pipeline_steps.local.runner import resume, run_pipeline
from pipeline_steps.local.storage import LocalS3

__all__ = [
    "DefinitionError",
    "Event",
    "EventCallback",
    "LocalRunError",
    "LocalS3",
    "ModelPackage",
    "RunRecord",
    "StepRecord",
    "is_held",
    "load_run",
    "packages",
    "read_definition",
    "resume",
    "run_pipeline",
    "show_progress",
]
