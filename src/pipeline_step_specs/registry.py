"""`SpecificationRegistry`: specifications by name."""

from __future__ import annotations

from collections.abc import Iterable

from pipeline_step_specs.naming import suggestion
from pipeline_step_specs.step_specification import StepSpecification


class SpecificationRegistry:
    """Specifications by name, in order of registration; a registry is a plain object, there is no global one.

    Args:
        specifications: What to register from the start, each under its step name.
    """

    def __init__(self, specifications: Iterable[StepSpecification] = ()) -> None:
        self._specifications: dict[str, StepSpecification] = {}
        for specification in specifications:
            self.register(specification.step_name, specification)

    def register(self, name: str, specification: StepSpecification) -> None:
        """Registers a specification under a name.

        Args:
            name: The name; case does not matter when it is looked up.
            specification: What to register.

        Raises:
            ValueError: The name is blank or taken by another specification, or `validate()` finds problems.
        """
        if not name.strip():
            raise ValueError("a specification must be registered under a name that is not blank")
        known = self._find(name)
        if known is not None and known != specification:
            raise ValueError(f"the name '{name}' is taken by the specification of {known.step_type}")
        problems = specification.validate()
        if problems:
            raise ValueError(f"cannot register '{name}': {'; '.join(problems)}")
        if known is None:
            self._specifications[name] = specification

    def get_specification(self, name: str) -> StepSpecification | None:
        """Gives the specification registered under `name` or whose step type is `name`, or None."""
        return self._find(name) or next(
            (spec for spec in self._specifications.values() if spec.step_type.casefold() == name.casefold()), None
        )

    def require_specification(self, name: str) -> StepSpecification:
        """Gives the specification as `get_specification` does.

        Raises:
            KeyError: There is none; the message names the nearest.
        """
        found = self.get_specification(name)
        if found is None:
            types = [spec.step_type for spec in self._specifications.values()]
            raise KeyError(f"no step type '{name}'; {suggestion(name, types)}")
        return found

    def list_specifications(self) -> list[str]:
        """Gives the registered names, in order of registration."""
        return list(self._specifications)

    def _find(self, name: str) -> StepSpecification | None:
        wanted = name.casefold()
        return next((spec for known, spec in self._specifications.items() if known.casefold() == wanted), None)
