"""Model steps: a name for a model's data, its image and its environment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

from pipeline_steps.local.archives import member_names
from pipeline_steps.local.definition import Step
from pipeline_steps.local.errors import LocalRunError, StepError
from pipeline_steps.local.job import Job, Outcome
from pipeline_steps.local.kinds.base import StepKind, arn


class ModelKind(StepKind):
    """Makes a model known by name, for transform steps."""

    type: ClassVar[str] = "Model"

    def problems(self, step: Step, arguments: Mapping[str, Any]) -> Iterator[str]:
        """See the base class."""
        if not containers(arguments):
            yield "neither PrimaryContainer nor Containers is there"

    def properties(self, step: Step, arguments: Mapping[str, Any], job_name: str) -> dict[str, Any]:
        """See the base class."""
        name = str(arguments.get("ModelName") or job_name)
        return {**arguments, "ModelName": name, "ModelArn": arn("model", name)}

    def run(self, job: Job) -> Outcome:
        """See the base class."""
        for container in containers(job.arguments):
            if container.get("ModelDataUrl"):
                try:
                    found = job.run.storage.objects(container["ModelDataUrl"])
                    archives = [item.path for item in found if item.name.endswith((".tar.gz", ".tgz"))]
                    names = [name for archive in archives for name in member_names(archive)]
                except LocalRunError as error:
                    raise StepError(f"ModelDataUrl: {error}") from None
                if archives and not _serves(container, names):
                    job.warn(
                        f"{container['ModelDataUrl']} has no code/{program_of(container)}: a transform of the model "
                        "will find no serving handlers"
                    )
        return Outcome(self.properties(job.step, job.arguments, job.name))


def containers(arguments: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The containers of a model, in the order in which they serve."""
    primary = arguments.get("PrimaryContainer")
    return [primary] if primary else list(arguments.get("Containers") or [])


def program_of(container: Mapping[str, Any]) -> str:
    """The serving handlers of a container: a file in its `code` folder, or a module of the interpreter."""
    return str((container.get("Environment") or {}).get("SAGEMAKER_PROGRAM") or "inference.py")


def _serves(container: Mapping[str, Any], names: Sequence[str]) -> bool:
    program = program_of(container)
    elsewhere = str((container.get("Environment") or {}).get("SAGEMAKER_SUBMIT_DIRECTORY", "")).startswith("s3://")
    return elsewhere or not program.endswith(".py") or f"code/{program}" in names
