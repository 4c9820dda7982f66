"""RegisterModel steps: versions in a local registry folder."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from pipeline_steps.local.definition import Step
from pipeline_steps.local.job import Job, Outcome
from pipeline_steps.local.kinds.base import StepKind, arn, missing, not_one_of
from pipeline_steps.local.registry import register

_STATES = ("Approved", "Rejected", "PendingManualApproval")


class RegisterModelKind(StepKind):
    """Registers a model package: its description, its data and its metrics."""

    type: ClassVar[str] = "RegisterModel"

    def problems(self, step: Step, arguments: Mapping[str, Any]) -> Iterator[str]:
        """See the base class."""
        yield from missing(arguments, ["ModelPackageGroupName"])
        if not (arguments.get("InferenceSpecification") or {}).get("Containers"):
            yield "InferenceSpecification.Containers is missing or empty"
        yield from not_one_of(arguments.get("ModelApprovalStatus"), _STATES, "ModelApprovalStatus")

    def properties(self, step: Step, arguments: Mapping[str, Any], job_name: str) -> dict[str, Any]:
        """See the base class."""
        group = str(arguments.get("ModelPackageGroupName"))
        return {
            "ModelApprovalStatus": "PendingManualApproval",
            **arguments,
            "ModelPackageName": group,
            "ModelPackageArn": arn("model-package", group),
            "ModelPackageVersion": 0,
            "ModelPackageStatus": "Completed",
        }

    def run(self, job: Job) -> Outcome:
        """See the base class."""
        properties = self.properties(job.step, job.arguments, job.name)
        package = register(
            job.run.registry_dir, job.run.storage, properties, source=f"{job.run.run_id}/{job.step.name}"
        )
        job.write(f"registered version {package.version} of {properties['ModelPackageName']} in {package.folder}")
        properties["ModelPackageVersion"] = package.version
        properties["ModelPackageArn"] += f"/{package.version}"
        return Outcome(properties, {"model_package": str(package.folder)})
