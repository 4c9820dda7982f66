"""What a step needs and what it gives: `DependencySpec` and `OutputSpec`."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from pipeline_step_specs.enums import DependencyType

ColumnType = Literal["string", "integer", "number", "boolean", "timestamp", "any"]


class _Declaration(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    logical_name: str = Field(min_length=1)
    data_type: str = "S3Uri"
    description: str = ""
    aliases: list[str] = Field(default_factory=list)
    framework_provided: bool = False

    @property
    def names(self) -> list[str]:
        """The logical name, then the aliases, in declared order."""
        return [self.logical_name, *self.aliases]

    def answers_to(self, name: str) -> bool:
        """Tells whether `name` is the logical name or an alias, whatever its case."""
        wanted = name.casefold()
        return any(own.casefold() == wanted for own in self.names)

    @field_validator("logical_name", "data_type")
    @classmethod
    def _not_blank(cls, value: str) -> str:
        if not value.strip():
            raise ValueError("must not be blank")
        return value


class DependencySpec(_Declaration):
    """One input of a step.

    Args:
        logical_name: The name that the script's contract gives this input.
        dependency_type: What kind of thing is needed.
        required: Whether the compile fails when no source is found.
        compatible_sources: Step types (`TabularPreprocessing`), or kinds (`ProcessingStep`), that may feed it; any
            when empty.
        semantic_keywords: Words that rank suggestions in error messages; they never decide.
        data_type: `S3Uri` or `String`.
        description: What it is, for people.
        aliases: Other names that the same input is known by.
        framework_provided: The platform delivers it; no step does, and the contract need not list it.
        subfolder: The part of the source that is delivered, for instance `test` of the splits.
        channels: For a training input: the subfolders of the source that become one channel each.
        required_columns: Columns that the table must have, with their types (`string`, `integer`, `number`,
            `boolean`, `timestamp` or `any`).
    """

    dependency_type: DependencyType
    required: bool = True
    compatible_sources: list[str] = Field(default_factory=list)
    semantic_keywords: list[str] = Field(default_factory=list)
    subfolder: str = ""
    channels: list[str] = Field(default_factory=list)
    required_columns: dict[str, ColumnType] = Field(default_factory=dict)


class OutputSpec(_Declaration):
    """One output of a step.

    Args:
        logical_name: The name that the script's contract gives this output.
        output_type: What kind of thing it is.
        property_path: Where the finished step tells it, as `properties.ModelArtifacts.S3ModelArtifacts`; a path of
            the service's Describe response.
        data_type: `S3Uri` or `String`.
        description: What it is, for people.
        aliases: Other names that the same output is known by.
        framework_provided: The platform gives it; the script does not write it.
        columns: The columns that the table has, with their types; empty when not declared.
        keeps_columns_of: The dependency whose columns pass through to this output.
        drops_columns: Columns of that dependency that do not pass through.
    """

    output_type: DependencyType
    property_path: str
    columns: dict[str, ColumnType] = Field(default_factory=dict)
    keeps_columns_of: str | None = None
    drops_columns: list[str] = Field(default_factory=list)
