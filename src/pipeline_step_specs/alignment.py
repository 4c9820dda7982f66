"""The agreement of a step specification with the contract of its script, in both directions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pipeline_step_specs.naming import suggestion

if TYPE_CHECKING:
    from pipeline_step_specs.declarations import DependencySpec, OutputSpec
    from pipeline_step_specs.step_specification import StepSpecification


@dataclass(frozen=True)
class AlignmentResult:
    """What `StepSpecification.validate_contract_alignment` found.

    Args:
        errors: One message for each disagreement; empty when specification and contract agree.
    """

    errors: list[str] = field(default_factory=list)

    @property
    def is_valid(self) -> bool:
        """Whether specification and contract agree."""
        return not self.errors


def align(spec: StepSpecification) -> AlignmentResult:
    """Compares the dependencies and outputs of `spec` with the paths of its contract.

    Args:
        spec: The specification; without a contract there is nothing to disagree with.

    Returns:
        The disagreements: contract paths without a declaration, and declarations without a contract path that are
        not marked as framework-provided. Contract paths that the platform provides need no declaration.
    """
    contract = spec.script_contract
    if contract is None:
        return AlignmentResult()
    return AlignmentResult(
        [
            *_compare(spec, "input", "dependency", contract.expected_input_paths, spec.dependencies),
            *_compare(spec, "output", "output", contract.expected_output_paths, spec.outputs),
        ]
    )


def _compare(
    spec: StepSpecification,
    path_kind: str,
    declaration_kind: str,
    paths: Iterable[str],
    declarations: Sequence[DependencySpec | OutputSpec],
) -> Iterable[str]:
    contract = spec.script_contract
    assert contract is not None
    paths = list(paths)
    script, step_type = contract.entry_point, spec.step_type
    for path in paths:
        if path in contract.framework_provided:
            continue
        if not any(declaration.answers_to(path) for declaration in declarations):
            names = [name for declaration in declarations for name in declaration.names]
            yield (
                f"{step_type}: {path_kind} '{path}' of the contract of {script} has no {declaration_kind} "
                f"in the specification; {suggestion(path, names)}"
            )
    for declaration in declarations:
        if not declaration.framework_provided and not any(declaration.answers_to(path) for path in paths):
            yield (
                f"{step_type}: {declaration_kind} '{declaration.logical_name}' of the specification is no {path_kind} "
                f"of the contract of {script}; {suggestion(declaration.logical_name, paths)}, or mark it "
                "framework_provided"
            )
