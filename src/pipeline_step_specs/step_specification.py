"""`StepSpecification`: what one type of pipeline step needs, gives and runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, Field, model_validator

from pipeline_script_contracts import ProcessingScriptContract, ScriptContract, TrainingScriptContract
from pipeline_step_specs.alignment import AlignmentResult, align
from pipeline_step_specs.declarations import DependencySpec, OutputSpec
from pipeline_step_specs.enums import NodeType, StepKind
from pipeline_step_specs.naming import snake_case
from pipeline_step_specs.property_paths import PropertyPathError, property_type

JOB_TYPES = ("training", "validation", "testing", "calibration")
Declared = TypeVar("Declared", DependencySpec, OutputSpec)


class StepSpecification(BaseModel):
    """A step type: its place in the graph, its dependencies and outputs, and the contract of its script.

    Args:
        step_type: The name in CamelCase, such as `PyTorchTraining`.
        node_type: Source, internal, sink or singular; it must fit the dependencies and outputs.
        script_contract: The contract of the script that the step runs, if it runs one of ours.
        dependencies: The inputs, in order; names and aliases are unique.
        outputs: The outputs, in order; names and aliases are unique.
        step_kind: SageMaker's step type; follows from the contract where there is one.
        job_type: The variant (`training`, `validation`, `testing`, `calibration`), if it is one; see `for_job_type`.
        also_known_as: Other names under which dependencies may list this step type as a compatible source.
        description: What the step does, for people.

    Raises:
        pydantic.ValidationError: The declaration contradicts itself; every contradiction is named.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    step_type: str = Field(pattern=r"^[A-Za-z][A-Za-z0-9]*$")
    node_type: NodeType
    script_contract: ScriptContract | None = None
    dependencies: list[DependencySpec] = Field(default_factory=list)
    outputs: list[OutputSpec] = Field(default_factory=list)
    step_kind: StepKind | None = None
    job_type: str | None = None
    also_known_as: list[str] = Field(default_factory=list)
    description: str = ""

    @property
    def step_name(self) -> str:
        """The step type in snake case, with the job type behind it for a variant."""
        name = snake_case(self.step_type)
        return f"{name}_{self.job_type}" if self.job_type else name

    @property
    def kind(self) -> StepKind:
        """SageMaker's type of the step: as declared, or as its contract says."""
        if self.step_kind is not None:
            return self.step_kind
        return StepKind.TRAINING if isinstance(self.script_contract, TrainingScriptContract) else StepKind.PROCESSING

    @property
    def source_names(self) -> list[str]:
        """The names by which `compatible_sources` can mean this step."""
        return [self.step_type, self.step_name, f"{self.kind}Step", *self.also_known_as]

    def get_dependency(self, name: str) -> DependencySpec | None:
        """Gives the dependency with this logical name or, failing that, this alias; case does not matter."""
        return _find(self.dependencies, name)

    def get_output(self, logical_name: str) -> OutputSpec | None:
        """Gives the output with this logical name; case does not matter."""
        wanted = logical_name.casefold()
        return next((output for output in self.outputs if output.logical_name.casefold() == wanted), None)

    def get_output_by_name_or_alias(self, name: str) -> OutputSpec | None:
        """Gives the output with this logical name or, failing that, this alias; case does not matter."""
        return _find(self.outputs, name)

    def list_required_dependencies(self) -> list[DependencySpec]:
        """Gives the dependencies that must have a source, in declared order."""
        return [dependency for dependency in self.dependencies if dependency.required]

    def list_optional_dependencies(self) -> list[DependencySpec]:
        """Gives the dependencies that may stay without a source, in declared order."""
        return [dependency for dependency in self.dependencies if not dependency.required]

    def list_all_output_names(self) -> list[str]:
        """Gives every name and alias of every output, in declared order."""
        return [name for output in self.outputs for name in output.names]

    def validate_contract_alignment(self) -> AlignmentResult:
        """Compares dependencies and outputs with the paths of the contract, in both directions."""
        return align(self)

    def for_job_type(self, job_type: str) -> StepSpecification:
        """Gives the variant of this specification for a job type.

        Args:
            job_type: `training`, `validation`, `testing` or `calibration`.

        Raises:
            ValueError: There is no such job type.
        """
        if job_type not in JOB_TYPES:
            raise ValueError(f"job type '{job_type}' is unknown; expected one of {', '.join(JOB_TYPES)}")
        return self.model_copy(update={"job_type": job_type})

    def validate(self) -> list[str]:  # type: ignore[override]
        """Checks the declaration itself and its property paths against the service.

        Returns:
            One message for each problem; empty when there is none.
        """
        problems = self._contradictions()
        for output in self.outputs:
            try:
                found = property_type(self.kind, output.property_path)
            except PropertyPathError as error:
                problems.append(f"{self.step_type}: output '{output.logical_name}': {error}")
                continue
            if found in ("structure", "list", "map"):
                problems.append(
                    f"{self.step_type}: output '{output.logical_name}': '{output.property_path}' is a {found}; "
                    "expected the path of a single value"
                )
        return problems

    @model_validator(mode="after")
    def _free_of_contradictions(self) -> StepSpecification:
        problems = self._contradictions()
        if problems:
            raise ValueError("; ".join(problems))
        return self

    def _contradictions(self) -> list[str]:
        return [
            *self._wrong_count("dependencies", self.dependencies, expected=self.node_type.has_dependencies),
            *self._wrong_count("outputs", self.outputs, expected=self.node_type.has_outputs),
            *self._repeated("dependencies", self.dependencies),
            *self._repeated("outputs", self.outputs),
            *self._wrong_kind(),
            *(
                f"{self.step_type}: output '{output.logical_name}' keeps the columns of '{output.keeps_columns_of}', "
                "which is not a dependency"
                for output in self.outputs
                if output.keeps_columns_of and self.get_dependency(output.keeps_columns_of) is None
            ),
        ]

    def _wrong_count(self, what: str, items: Sequence[object], *, expected: bool) -> list[str]:
        if bool(items) == expected:
            return []
        rule = "must have" if expected else "must not have"
        return [f"{self.step_type}: a {self.node_type} node {rule} {what}, this one has {len(items)}"]

    def _repeated(self, what: str, items: Sequence[DependencySpec | OutputSpec]) -> list[str]:
        seen: dict[str, str] = {}
        problems = []
        for item in items:
            for name in item.names:
                if name.casefold() in seen:
                    problems.append(
                        f"{self.step_type}: the name '{name}' occurs twice in the {what}: "
                        f"'{seen[name.casefold()]}' and '{item.logical_name}'"
                    )
                seen.setdefault(name.casefold(), item.logical_name)
        return problems

    def _wrong_kind(self) -> list[str]:
        allowed = next((kinds for cls, kinds in _KINDS.items() if isinstance(self.script_contract, cls)), None)
        if allowed is None or self.step_kind is None or self.step_kind in allowed:
            return []
        return [
            f"{self.step_type}: step_kind is {self.step_kind}, but a {type(self.script_contract).__name__} "
            f"runs in a {' or '.join(allowed)} step"
        ]


_KINDS: dict[type[ScriptContract], tuple[StepKind, ...]] = {
    ProcessingScriptContract: (StepKind.PROCESSING,),
    TrainingScriptContract: (StepKind.TRAINING, StepKind.TUNING),
}


def _find(items: Sequence[Declared], name: str) -> Declared | None:
    wanted = name.casefold()
    exact = next((item for item in items if item.logical_name.casefold() == wanted), None)
    return exact or next((item for item in items if item.answers_to(name)), None)
