"""`PipelineBuilder`: from steps to a pipeline definition, purely and with the same bytes every time."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from pipeline_script_contracts import ValidationResult
from pipeline_step_specs import Resolution, Resolver, Source, StepSpecification
from pipeline_step_specs.column_flow import ColumnFlow
from pipeline_step_specs.naming import suggestion
from pipeline_step_specs.property_paths import without_prefix
from pipeline_steps.assets import Asset, AssetStore
from pipeline_steps.builders import BuildContext, ConditionStepBuilder, StepBuilderBase
from pipeline_steps.definition_checks import check_definition
from pipeline_steps.parameters import PipelineParameter
from pipeline_steps.problems import (
    COLUMN_LOST,
    CONFIGURATION,
    CONTRACT_MISALIGNED,
    CYCLE,
    DEPENDENCY_UNRESOLVED,
    SPECIFICATION_INVALID,
    PipelineError,
    Problem,
)
from pipeline_steps.references import Value, gets, join, referenced_step
from pipeline_steps.settings import PipelineSettings
from pipeline_steps.step_graph import Definition, Step

VERSION = "2020-12-01"
StepCheck = Callable[[StepBuilderBase[Any]], Iterable[Problem]]


class PipelineBuilder:
    """Collects steps, wires them and compiles them. Compiling needs no network, no credentials and no clock.

    Args:
        settings: The settings of the pipeline.
        parameters: Its parameters by name.
        checks: What gives further problems of a step, such as of values that its script will read.
    """

    def __init__(
        self,
        settings: PipelineSettings,
        parameters: Mapping[str, PipelineParameter] | None = None,
        checks: Iterable[StepCheck] = (),
    ) -> None:
        self.settings = settings
        self._checks = tuple(checks)
        self.parameters = dict(parameters or {})
        self._builders: dict[str, StepBuilderBase[Any]] = {}
        self._wired: dict[tuple[str, str], tuple[Source | Value, str | None]] = {}

    @property
    def steps(self) -> list[StepBuilderBase[Any]]:
        """The steps, in the order in which they were added."""
        return list(self._builders.values())

    def add(self, builder: StepBuilderBase[Any]) -> PipelineBuilder:
        """Adds a step.

        Raises:
            PipelineError: A step of this name was added before.
        """
        if builder.name in self._builders:
            raise PipelineError([Problem(CONFIGURATION, "a step of this name was added before", builder.name)])
        self._builders[builder.name] = builder
        return self

    def connect(
        self, step: str, dependency: str, source: Source | Value, *, subfolder: str | None = None
    ) -> PipelineBuilder:
        """Names the source of a dependency, which else is found by resolution.

        Args:
            step: The step that needs it.
            dependency: The logical name or an alias of the dependency.
            source: An output of another step, or an address: a string or a reference.
            subfolder: The part of the source that is delivered; by default what the specification says for outputs
                of steps, and all of an address.

        Raises:
            PipelineError: There is no such step or dependency.
        """
        builder = self._builders.get(step)
        if builder is None:
            raise PipelineError(f"there is no step '{step}'; {suggestion(step, self._builders)}")
        declared = builder.spec.get_dependency(dependency)
        if declared is None:
            names = [known.logical_name for known in builder.spec.dependencies]
            message = f"there is no dependency '{dependency}'; {suggestion(dependency, names)}"
            raise PipelineError([Problem(CONFIGURATION, message, step, f"inputs.{dependency}")])
        self._wired[step, declared.logical_name] = (source, subfolder)
        return self

    def explain(self) -> list[Resolution]:
        """Gives, for each dependency that another step may feed, the chosen source and why, or why there is none."""
        return [found for _, found, _ in self._resolve(self._store()) if found is not None]

    def validate_script_contracts(self) -> dict[str, ValidationResult]:
        """Checks the script of every step against its contract, without running it.

        Returns:
            The result for each step that runs a script that exists, by step name.
        """
        results: dict[str, ValidationResult] = {}
        checked: dict[tuple[Any, ...], ValidationResult] = {}
        for builder in self.steps:
            script, contract = builder.script, builder.contract
            if script is None or contract is None or not script.is_file():
                continue
            key = (script, id(contract))
            if key not in checked:
                checked[key] = contract.validate_implementation(script)
            results[builder.name] = checked[key]
        return results

    def check(self, absent: Iterable[str] = ()) -> list[Problem]:
        """Gives everything that is wrong, except in the scripts themselves: see `validate_script_contracts`.

        Args:
            absent: Steps that could not be added; that they are missing is not told again.
        """
        return self._compile(absent)[1]

    def definition(self) -> Definition:
        """Gives the pipeline definition.

        Raises:
            PipelineError: Something is wrong; the error lists everything that is.
        """
        definition, problems, _ = self._compile()
        if problems:
            raise PipelineError(problems)
        return definition

    def definition_json(self, indent: int | None = None) -> str:
        """Gives the definition as text: the same bytes for the same inputs, on any machine.

        Args:
            indent: Spaces to indent by; None for the compact form that is deployed.

        Raises:
            PipelineError: Something is wrong; the error lists everything that is.
        """
        return canonical_json(self.definition(), indent)

    def assets(self) -> list[Asset]:
        """Gives what must be published before the pipeline can run.

        Raises:
            PipelineError: Something is wrong; the error lists everything that is.
        """
        _, problems, store = self._compile()
        if problems:
            raise PipelineError(problems)
        return store.assets()

    def output_names(self) -> dict[tuple[str, str], str]:
        """Gives the logical name of every output by step and property path."""
        return {
            (builder.name, without_prefix(output.property_path)): output.logical_name
            for builder in self.steps
            for output in builder.spec.outputs
        }

    def _store(self) -> AssetStore:
        return AssetStore(self.settings.storage)

    def _compile(self, absent: Iterable[str] = ()) -> tuple[Definition, list[Problem], AssetStore]:
        store = self._store()
        problems = [*self._specification_problems()]
        inputs: dict[str, dict[str, Value]] = {name: {} for name in self._builders}
        sources: dict[str, list[str]] = {}
        wired: dict[tuple[str, str], Source] = {}
        incomplete: set[str] = set()
        for builder, found, value in self._resolve(store):
            if found is not None and found.error:
                problems.append(Problem(DEPENDENCY_UNRESOLVED, found.error.partition(": ")[2], builder.name))
                incomplete.add(builder.name)
            elif value is not None:
                inputs[builder.name].update(value)
            if found is not None and found.source is not None:
                sources.setdefault(builder.name, []).append(found.source.step)
                wired[builder.name, found.dependency] = found.source
        built: dict[str, Step] = {}
        for builder in self.steps:
            own = [*builder.problems(), *(problem for check in self._checks for problem in check(builder))]
            problems += own
            if own or builder.name in incomplete:
                continue
            try:
                step = builder.build(BuildContext(self.settings, store, inputs[builder.name]))
                built[builder.name] = _after(step, sources.get(builder.name, ()))
            except PipelineError as error:
                problems += [Problem(each.code, each.message, builder.name, each.where) for each in error.problems]
        missing = [*absent, *(name for name in self._builders if name not in built)]
        problems += self._branch_problems(missing)
        problems += self._column_problems(wired)
        definition = self._assemble(built)
        problems += check_definition(definition, missing)
        return definition, problems, store

    def _resolve(
        self, store: AssetStore
    ) -> Iterator[tuple[StepBuilderBase[Any], Resolution | None, dict[str, Value] | None]]:
        own = {builder.name: self._own_inputs(builder, store) for builder in self.steps}
        decided: dict[tuple[str, str], Source | None] = {(step, name): None for step in own for name in own[step]}
        decided |= {key: source if isinstance(source, Source) else None for key, (source, _) in self._wired.items()}
        resolver = Resolver({builder.name: builder.spec for builder in self.steps}, decided)
        for builder in self.steps:
            for dependency in builder.spec.dependencies:
                name = dependency.logical_name
                wired, subfolder = self._wired.get((builder.name, name), (None, None))
                if wired is not None and not isinstance(wired, Source):
                    yield builder, None, {name: join(wired, subfolder, on="/") if subfolder else wired}
                elif wired is None and name in own[builder.name]:
                    yield builder, None, {name: own[builder.name][name]}
                else:
                    found = resolver.resolve(builder.name, dependency, wired)
                    yield builder, found, self._address(store, found, name, subfolder or dependency.subfolder)

    def _own_inputs(self, builder: StepBuilderBase[Any], store: AssetStore) -> Mapping[str, Value]:
        try:
            return builder.own_inputs(BuildContext(self.settings, store, {}))
        except PipelineError:  # told when the step is built
            return {}

    def _address(self, store: AssetStore, found: Resolution, name: str, subfolder: str) -> dict[str, Value] | None:
        if found.source is None:
            return None
        builder = self._builders[found.source.step]
        output = builder.spec.get_output(found.source.output)
        assert output is not None
        value = builder.address(output, BuildContext(self.settings, store, {}))
        return {name: join(value, subfolder, on="/") if subfolder else value}

    def _specification_problems(self) -> Iterator[Problem]:
        seen: list[StepSpecification] = []
        for builder in self.steps:
            if any(builder.spec is spec for spec in seen):
                continue
            seen.append(builder.spec)
            for message in builder.spec.validate():
                yield Problem(SPECIFICATION_INVALID, message, builder.name)
            for message in builder.spec.validate_contract_alignment().errors:
                yield Problem(CONTRACT_MISALIGNED, message, builder.name)

    def _column_problems(self, wired: Mapping[tuple[str, str], Source]) -> Iterator[Problem]:
        given = {
            (builder.name, dependency): columns
            for builder in self.steps
            for dependency, columns in builder.settings.given_columns.items()
        }
        flow = ColumnFlow({builder.name: builder.spec for builder in self.steps}, wired, given)
        for lost in flow.lost_columns():
            yield Problem(COLUMN_LOST, lost.message, lost.step, f"inputs.{lost.dependency}")

    def _conditions(self) -> Iterator[ConditionStepBuilder]:
        for builder in self.steps:
            if isinstance(builder, ConditionStepBuilder):
                yield builder

    def _branch_problems(self, absent: Iterable[str]) -> Iterator[Problem]:
        owners: dict[str, str] = {}
        for condition in self._conditions():
            for name in condition.branch_steps():
                if name not in self._builders and name not in absent:
                    message = f"there is no step '{name}'; {suggestion(name, self._builders)}"
                    yield Problem(CONFIGURATION, message, condition.name, "if_steps/else_steps")
                elif name in owners and owners[name] != condition.name:
                    message = f"'{name}' is in a branch of '{owners[name]}' already"
                    yield Problem(CONFIGURATION, message, condition.name, "if_steps/else_steps")
                owners.setdefault(name, condition.name)
        for name in owners:
            above, inner = [name], name
            while inner in owners:
                inner = owners[inner]
                if inner in above:
                    yield Problem(CYCLE, f"condition steps contain each other: {' -> '.join([*above, inner])}", name)
                    return
                above.append(inner)

    def _assemble(self, built: Mapping[str, Step]) -> Definition:
        inner: set[str] = set()
        for condition in self._conditions():
            if condition.name in built:
                arguments = built[condition.name]["Arguments"]
                for branch, names in condition.branches().items():
                    arguments[branch] = [built[name] for name in names if name in built]
            inner.update(condition.branch_steps())
        definition: Definition = {
            "Version": VERSION,
            "Metadata": {},
            "Parameters": [parameter.definition(name) for name, parameter in self.parameters.items()],
            "Steps": [step for name, step in built.items() if name not in inner],
        }
        return definition


def _after(step: Step, sources: Iterable[str]) -> Step:
    """Says under DependsOn what the references of a step do not: that it comes after these."""
    said = {referenced_step(path) for path in gets(step["Arguments"])} | set(step.get("DependsOn") or ())
    missing = [source for source in dict.fromkeys(sources) if source not in said]
    return {**step, "DependsOn": [*(step.get("DependsOn") or ()), *missing]} if missing else step


def canonical_json(definition: Definition, indent: int | None = None) -> str:
    """Gives a definition as text: keys sorted, so that the same definition always has the same bytes.

    Args:
        definition: The definition.
        indent: Spaces to indent by; None for the compact form.
    """
    separators = (",", ":") if indent is None else (",", ": ")
    text = json.dumps(
        definition, sort_keys=True, ensure_ascii=False, allow_nan=False, indent=indent, separators=separators
    )
    return text if indent is None else text + "\n"
