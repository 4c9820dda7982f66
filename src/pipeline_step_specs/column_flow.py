"""The columns that tables have on their way through a pipeline, and the first step that loses one that is needed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from pipeline_step_specs.declarations import DependencySpec, OutputSpec
from pipeline_step_specs.naming import suggestion
from pipeline_step_specs.resolution import Source
from pipeline_step_specs.step_specification import StepSpecification

_FITS = {"number": ("number", "integer")}


@dataclass(frozen=True)
class Table:
    """What is known of the columns of a table.

    Args:
        columns: The known columns with their types.
        complete: Whether there are no others.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    complete: bool = False


@dataclass(frozen=True)
class LostColumn:
    """A column that a step needs and does not get.

    Args:
        step: The step that needs it.
        dependency: The dependency that lacks it.
        message: What is missing and where it got lost.
    """

    step: str
    dependency: str
    message: str


class ColumnFlow:
    """Follows columns from step to step.

    Args:
        steps: Specifications by the step's name, in order.
        sources: The output that feeds each dependency, by step and logical name.
        given: Columns of dependencies that no step feeds, by step and logical name.
    """

    def __init__(
        self,
        steps: Mapping[str, StepSpecification],
        sources: Mapping[tuple[str, str], Source],
        given: Mapping[tuple[str, str], Mapping[str, str]],
    ) -> None:
        self._steps, self._sources, self._given = steps, sources, given
        self._tables: dict[Source, Table] = {}

    def lost_columns(self) -> Iterator[LostColumn]:
        """Gives every column that a step needs and does not get, in order of the steps."""
        for step, spec in self._steps.items():
            for dependency in spec.dependencies:
                table = self.arriving(step, dependency)
                for column, wanted in dependency.required_columns.items():
                    message = self._mismatch(step, dependency, table, column, wanted)
                    if message:
                        yield LostColumn(step, dependency.logical_name, message)

    def arriving(self, step: str, dependency: DependencySpec) -> Table:
        """Gives the table that arrives at a dependency."""
        key = (step, dependency.logical_name)
        if key in self._given:
            return Table(self._given[key], complete=True)
        return self.leaving(self._sources[key]) if key in self._sources else Table()

    def leaving(self, source: Source) -> Table:
        """Gives the table that an output holds."""
        if source not in self._tables:
            self._tables[source] = Table()  # what waits for itself is told elsewhere; here it must only end
            self._tables[source] = self._computed(source)
        return self._tables[source]

    def _computed(self, source: Source) -> Table:
        output = self._output(source)
        if output.keeps_columns_of is None:
            return Table(output.columns, complete=bool(output.columns))
        before = self.arriving(source.step, self._kept(source, output))
        kept = {name: kind for name, kind in before.columns.items() if name not in output.drops_columns}
        return Table({**kept, **output.columns}, before.complete)

    def _mismatch(self, step: str, dependency: DependencySpec, table: Table, column: str, wanted: str) -> str | None:
        found = table.columns.get(column)
        if found is None and table.complete:
            return f"needs the column '{column}', {self._where_lost(step, dependency, column)}"
        if found is None or "any" in (found, wanted) or found in _FITS.get(wanted, (wanted,)):
            return None
        return f"needs the column '{column}' as {wanted}, it is {found}"

    def _where_lost(self, step: str, dependency: DependencySpec, column: str) -> str:
        source = self._sources.get((step, dependency.logical_name))
        while source is not None:
            output = self._output(source)
            if output.keeps_columns_of is None:
                return f"which {source} does not have; {suggestion(column, output.columns)}"
            kept = self._kept(source, output)
            if column in self.arriving(source.step, kept).columns:
                return f"which the step '{source.step}' drops"
            step, dependency = source.step, kept
            source = self._sources.get((step, kept.logical_name))
        given = self._given.get((step, dependency.logical_name), {})
        return f"which '{dependency.logical_name}' of '{step}' does not have; {suggestion(column, given)}"

    def _output(self, source: Source) -> OutputSpec:
        output = self._steps[source.step].get_output(source.output)
        assert output is not None
        return output

    def _kept(self, source: Source, output: OutputSpec) -> DependencySpec:
        kept = self._steps[source.step].get_dependency(output.keeps_columns_of or "")
        assert kept is not None
        return kept
