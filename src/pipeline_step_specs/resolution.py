"""Which output feeds which dependency, decided the same way every time and explained.

The rules, in order: explicit wiring; an exact name or alias; a unique type match, among steps that do not wait for the
one in need. Two equally good candidates are an error that lists both. Semantic keywords only order the suggestions of
such an error.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from pipeline_step_specs.declarations import DependencySpec, OutputSpec
from pipeline_step_specs.enums import DependencyType
from pipeline_step_specs.naming import suggestion
from pipeline_step_specs.step_specification import StepSpecification


@dataclass(frozen=True)
class Source:
    """An output of a step of the pipeline."""

    step: str
    output: str

    def __str__(self) -> str:
        """As people write it: `Step.output`."""
        return f"{self.step}.{self.output}"


@dataclass(frozen=True)
class Resolution:
    """What was found for one dependency.

    Args:
        step: The step that needs it.
        dependency: Its logical name.
        required: Whether the step needs a source.
        source: The chosen output, or None.
        reason: Why this one, or why none.
        candidates: The outputs that were equally good, when there were several.
    """

    step: str
    dependency: str
    required: bool
    source: Source | None
    reason: str
    candidates: list[Source] = field(default_factory=list)

    @property
    def error(self) -> str | None:
        """The message for a required dependency without a source, or an ambiguous one."""
        if self.source is not None or not (self.required or self.candidates):
            return None
        return f"{self.step}: dependency '{self.dependency}' has no source: {self.reason}"

    def __str__(self) -> str:
        """One line of an explanation."""
        return f"{self.step}.{self.dependency} <- {self.source or 'nothing'}: {self.reason}"


class Resolver:
    """Finds sources among the steps of one pipeline.

    Args:
        steps: Specifications by the step's name in the pipeline, in order.
        decided: Dependencies, by step and name, whose source is given: an output, or None for an address.
    """

    def __init__(
        self, steps: Mapping[str, StepSpecification], decided: Mapping[tuple[str, str], Source | None] | None = None
    ) -> None:
        self._steps = dict(steps)
        self._decided = dict(decided or {})
        self._by_name: dict[str, list[tuple[str, OutputSpec]]] = {}
        self._outputs: list[tuple[str, OutputSpec]] = []
        for step, spec in self._steps.items():
            for output in spec.outputs:
                self._outputs.append((step, output))
                for name in output.names:
                    self._by_name.setdefault(name.casefold(), []).append((step, output))
        self._by_type: dict[DependencyType, list[tuple[str, OutputSpec]]] = {}
        for step, output in self._outputs:
            self._by_type.setdefault(output.output_type, []).append((step, output))

    def resolve(self, step: str, dependency: DependencySpec, wired: Source | None = None) -> Resolution:
        """Chooses the source of one dependency.

        Args:
            step: The step that needs it.
            dependency: What it needs.
            wired: The output that was named explicitly, if one was.

        Returns:
            The choice with its reason; `error` is set where a required dependency has none.
        """
        if wired is not None:
            return self._explicit(step, dependency, wired)
        named = self._named(step, dependency)
        if named:
            return self._choose(step, dependency, named, "has the same name or alias")
        typed = [
            (other, output)
            for kind, outputs in self._by_type.items()
            if dependency.dependency_type.accepts(kind)
            for other, output in outputs
            if self._fits(step, dependency, other, output)
        ]
        if typed:
            later = self._waiting_for(step)
            typed = [(other, output) for other, output in typed if other not in later]
        if typed:
            return self._choose(step, dependency, typed, f"is the only {dependency.dependency_type} that fits")
        return Resolution(step, dependency.logical_name, dependency.required, None, self._why_none(step, dependency))

    def _named(self, step: str, dependency: DependencySpec) -> list[tuple[str, OutputSpec]]:
        for name in dependency.names:
            found = [
                (other, output)
                for other, output in self._by_name.get(name.casefold(), ())
                if self._fits(step, dependency, other, output)
            ]
            if found:
                return found
        return []

    def _waiting_for(self, step: str) -> set[str]:
        """The steps that what is given or has the same name makes wait for a step, directly or through others."""
        found, at = set[str](), [step]
        while at:
            later = self._readers.get(at.pop(), set()) - found
            found |= later
            at += later
        return found

    @cached_property
    def _readers(self) -> dict[str, set[str]]:
        """For each step, those that read an output of it that is given to them or has the same name."""
        readers: dict[str, set[str]] = {}
        for step, spec in self._steps.items():
            for dependency in spec.dependencies:
                key = step, dependency.logical_name
                if key in self._decided:
                    given = self._decided[key]
                    sources = [given.step] if given else []
                else:
                    named = self._named(step, dependency)
                    sources = [named[0][0]] if len(named) == 1 else []
                for source in sources:
                    readers.setdefault(source, set()).add(step)
        return readers

    def _fits(self, step: str, dependency: DependencySpec, other: str, output: OutputSpec) -> bool:
        return other != step and not misfit(dependency, self._steps[other], output)

    def _explicit(self, step: str, dependency: DependencySpec, wired: Source) -> Resolution:
        def failed(reason: str) -> Resolution:
            return Resolution(step, dependency.logical_name, True, None, reason)

        spec = self._steps.get(wired.step)
        if spec is None:
            return failed(f"there is no step '{wired.step}'; {suggestion(wired.step, self._steps)}")
        output = spec.get_output_by_name_or_alias(wired.output)
        if output is None:
            names = [known.logical_name for known in spec.outputs]
            return failed(f"step '{wired.step}' has no output '{wired.output}'; {suggestion(wired.output, names)}")
        problem = misfit(dependency, spec, output, check_source=False)
        if problem:
            return failed(f"{wired} was named, but {problem}")
        source = Source(wired.step, output.logical_name)
        return Resolution(step, dependency.logical_name, dependency.required, source, f"{source} was named explicitly")

    def _choose(
        self, step: str, dependency: DependencySpec, found: list[tuple[str, OutputSpec]], why: str
    ) -> Resolution:
        sources = [Source(other, output.logical_name) for other, output in found]
        if len(sources) == 1:
            return Resolution(step, dependency.logical_name, dependency.required, sources[0], f"{sources[0]} {why}")
        ranked = [source for source, _ in _rank(dependency, zip(sources, (output for _, output in found), strict=True))]
        listed = " and ".join(str(source) for source in ranked)
        reason = f"{listed} are equally good; name one of them under inputs"
        return Resolution(step, dependency.logical_name, dependency.required, None, reason, ranked)

    def _why_none(self, step: str, dependency: DependencySpec) -> str:
        wanted = f"no step gives {dependency.dependency_type} ({dependency.data_type})"
        if dependency.compatible_sources:
            wanted += f" from {', '.join(dependency.compatible_sources)}"
        if not dependency.required:
            return wanted
        later = {step, *self._waiting_for(step)}
        others = [(Source(other, output.logical_name), output) for other, output in self._outputs if other not in later]
        near = [
            f"{source} ({misfit(dependency, self._steps[source.step], output)})"
            for source, score in _rank(dependency, others)
            if score
            for output in [self._steps[source.step].get_output(source.output)]
            if output is not None
        ][:3]
        wanted += "; give it one under inputs"
        return f"{wanted}; nearest: {', '.join(near)}" if near else wanted


def misfit(
    dependency: DependencySpec, source: StepSpecification, output: OutputSpec, *, check_source: bool = True
) -> str | None:
    """Says why an output cannot feed a dependency, or None when it can.

    Args:
        dependency: What is needed.
        source: The specification of the step that gives the output.
        output: The output.
        check_source: Whether `compatible_sources` counts; what was named explicitly may come from elsewhere.
    """
    if not dependency.dependency_type.accepts(output.output_type):
        return f"it gives {output.output_type}, needed is {dependency.dependency_type}"
    if dependency.data_type != output.data_type:
        return f"it is a {output.data_type}, needed is a {dependency.data_type}"
    allowed = {name.casefold() for name in dependency.compatible_sources}
    if check_source and allowed and not allowed & {name.casefold() for name in source.source_names}:
        return f"a {source.step_type} is not among its compatible sources"
    return None


def _rank(dependency: DependencySpec, candidates: Iterable[tuple[Source, OutputSpec]]) -> list[tuple[Source, int]]:
    keywords = [word.casefold() for word in (*dependency.semantic_keywords, *dependency.names)]

    def score(source: Source, output: OutputSpec) -> int:
        text = " ".join([*output.names, output.description, source.step]).casefold()
        return sum(word in text for word in keywords)

    scored = [(source, score(source, output)) for source, output in candidates]
    return sorted(scored, key=lambda pair: (-pair[1], pair[0].step, pair[0].output))
