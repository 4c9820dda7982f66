"""What processing and training steps share: a script with a contract, in a container."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Generic, TypeVar

from pipeline_script_contracts import ScriptContract
from pipeline_step_specs import DependencySpec, OutputSpec
from pipeline_step_specs.naming import suggestion
from pipeline_steps.builders.base import StepBuilderBase
from pipeline_steps.problems import Problem
from pipeline_steps.references import Value, as_string
from pipeline_steps.settings import JobSettings

Job = TypeVar("Job", bound=JobSettings, covariant=True)


class JobStepBuilder(StepBuilderBase[Job], Generic[Job]):
    """Derives environment, arguments and paths of a job from specification, contract and settings."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.settings.job_type is not None:
            self.spec = self.spec.for_job_type(self.settings.job_type)

    @property
    def script(self) -> Path | None:
        """The script that the step runs."""
        if self.contract is None or self.settings.code is None:
            return None
        return self.settings.code / self.contract.entry_point

    def problems(self) -> Iterator[Problem]:
        """Gives what is wrong with the settings, measured by specification and contract."""
        yield from super().problems()
        contract = self.contract
        if contract is None:
            yield self.problem("", f"{self.spec.step_type} has no script contract, so no job can be built for it")
            return
        if self.settings.image is None:
            yield self.problem("image", "the container image is missing; set `image` here or in `defaults`")
        yield from self._code_problems(contract)
        yield from self._name_problems(contract)
        if self.settings.job_type is not None and "job_type" not in contract.expected_arguments:
            yield self.problem("job_type", f"{contract.entry_point} has no argument --job_type, so it has no variants")

    def environment(self) -> dict[str, Value]:
        """Gives the environment of the container: the contract's defaults, then the settings.

        Defaults that are empty or paths of the container stay with the script, which knows its root.
        """
        known = self.contract.optional_env_vars if self.contract else {}
        defaults = {name: value for name, value in known.items() if value and not value.startswith("/")}
        return {name: as_string(value) for name, value in {**defaults, **self.settings.environment}.items()}

    def command_line(self) -> list[Value]:
        """Gives the arguments of the script: the contract's defaults, then job type and settings."""
        values: dict[str, Value] = dict(self.contract.expected_arguments) if self.contract else {}
        if self.settings.job_type is not None:
            values["job_type"] = self.settings.job_type
        values.update(self.settings.arguments)
        line: list[Value] = []
        for name, value in values.items():
            if isinstance(value, bool):
                line += [f"--{name}"] if value else []
            elif value is not None:
                line += [f"--{name}", as_string(value)]
        return line

    def input_path(self, dependency: DependencySpec) -> str | None:
        """Gives the path at which the contract expects a dependency."""
        paths = self.contract.expected_input_paths if self.contract else {}
        return next((path for name, path in paths.items() if dependency.answers_to(name)), None)

    def output_path(self, output: OutputSpec) -> str | None:
        """Gives the path at which the contract leaves an output."""
        paths = self.contract.expected_output_paths if self.contract else {}
        return next((path for name, path in paths.items() if output.answers_to(name)), None)

    def _code_problems(self, contract: ScriptContract) -> Iterator[Problem]:
        script = self.script
        if script is None:
            yield self.problem("code", f"the folder with {contract.entry_point} is missing; set `code`")
        elif not script.is_file():
            yield self.problem("code", f"there is no '{contract.entry_point}' in the folder '{self.settings.code}'")

    def _name_problems(self, contract: ScriptContract) -> Iterator[Problem]:
        unknown = f"the contract of {contract.entry_point} does not know it"
        variables = [*contract.required_env_vars, *contract.optional_env_vars]
        for name in self.settings.environment:
            if name not in variables:
                yield self.problem(f"environment.{name}", f"{unknown}; {suggestion(name, variables)}")
        for name in contract.required_env_vars:
            if name not in self.settings.environment:
                yield self.problem(f"environment.{name}", f"{contract.entry_point} requires this variable; set it")
        for name in self.settings.arguments:
            if name not in contract.expected_arguments:
                yield self.problem(f"arguments.{name}", f"{unknown}; {suggestion(name, contract.expected_arguments)}")
        for name, default in contract.expected_arguments.items():
            if (
                default is None
                and name not in self.settings.arguments
                and not (name == "job_type" and self.settings.job_type)
            ):
                yield self.problem(f"arguments.{name}", f"{contract.entry_point} requires this argument; set it")
