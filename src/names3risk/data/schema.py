"""The column schema: what each column of a table is for, declared in YAML or JSON."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from names3risk import configuration
from names3risk.data.canonical import canonical_value, repeated
from names3risk.data.fields import FieldSelection, common_fields, missing_columns_error, select_fields
from names3risk.errors import ConfigError
from names3risk.files import write_json, write_text
from names3risk.plain_yaml import dump_plain_yaml

if TYPE_CHECKING:
    import polars as pl

WHAT = "column schema"
LABEL = "label"
"""The column that holds class numbers 0..K-1 after preparation."""

Scalar = str | int | float | bool


class _Declaration(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class LabelRole(_Declaration):
    """Where the label is and which of its values make which class.

    Args:
        column: The label column.
        classes: The values of class 0, of class 1, and so on; compared by their text, so that 1, 1.0 and "1" agree.
        other: What happens to rows with any other value, or none: dropped, or an error that names the values.
    """

    column: str
    classes: Annotated[tuple[tuple[Scalar, ...], ...], Field(min_length=2)]
    other: Literal["drop", "error"] = "error"

    @model_validator(mode="after")
    def _values_belong_to_one_class(self) -> LabelRole:
        values = [canonical_value(value) for group in self.classes for value in group]
        if twice := repeated(values):
            raise ValueError(f"the label values {twice} stand in more than one class")
        if empty := [index for index, group in enumerate(self.classes) if not group]:
            raise ValueError(f"class {empty[0]} has no label value")
        return self

    @property
    def class_of_value(self) -> dict[str, int]:
        """The class number of every declared value, by the value's text."""
        return {canonical_value(value): index for index, group in enumerate(self.classes) for value in group}


class RowFilter(_Declaration):
    """Drops the rows whose text in a column matches; upper and lower case count as the same.

    Args:
        column: The column that is looked at.
        contains: Drop where this text occurs.
        equals: Drop where the value is one of these.
        action: What happens to a matching row; only `drop` exists. A row without a value never matches.
    """

    column: str
    contains: str | None = None
    equals: tuple[Scalar, ...] | None = None
    action: Literal["drop"] = "drop"

    @model_validator(mode="after")
    def _has_one_condition(self) -> RowFilter:
        if (self.contains is None) == (self.equals is None):
            raise ValueError("a filter needs either 'contains' or 'equals'")
        return self


class SplitFractions(_Declaration):
    """The shares of rows, by time: the oldest are `train`, the newest `test`; shares of 0 leave a split out."""

    train: Annotated[float, Field(gt=0, le=1)] = 0.9
    val: Annotated[float, Field(ge=0, lt=1)] = 0.05
    test: Annotated[float, Field(ge=0, lt=1)] = 0.05

    @model_validator(mode="after")
    def _sum_to_one(self) -> SplitFractions:
        if abs(self.train + self.val + self.test - 1) > 1e-9:
            raise ValueError(f"train + val + test must be 1, they are {self.train + self.val + self.test:g}")
        return self


class ColumnSchema(_Declaration):
    """The role of every column; columns without a role are never read.

    Args:
        id_name: Identifies a row; unique.
        entity_name: Of the rows that share a value here, the first one is kept.
        order_time_name: What "first" means; `time_name` where absent.
        time_name: The time that orders the split; needed to split.
        marketplace_name: The group that metrics are reported for.
        region_name: The region column; where several regions are read it is filled with their names.
        label: The label; absent where a table is only to be scored.
        text_source_fields: The text columns, in the order they are joined in.
        tab_field_list: The numeric fields: a list, or a rule that chooses them.
        cat_field_list: The categorical fields.
        filters: Which rows are dropped.
        split: The shares of the time split.
    """

    id_name: str
    entity_name: str | None = None
    order_time_name: str | None = None
    time_name: str | None = None
    marketplace_name: str | None = None
    region_name: str | None = None
    label: LabelRole | None = None
    text_source_fields: tuple[str, ...] = ()
    tab_field_list: tuple[str, ...] | FieldSelection = ()
    cat_field_list: tuple[str, ...] = ()
    filters: tuple[RowFilter, ...] = ()
    split: SplitFractions = SplitFractions()

    @model_validator(mode="after")
    def _roles_fit_together(self) -> ColumnSchema:
        lists = {
            "text_source_fields": self.text_source_fields,
            "tab_field_list": self.tab_field_list if isinstance(self.tab_field_list, tuple) else (),
            "cat_field_list": self.cat_field_list,
        }
        for role, names in lists.items():
            if twice := repeated(names):
                raise ValueError(f"{role} names {twice} more than once")
        if both := [name for name in lists["tab_field_list"] if name in self.cat_field_list]:
            raise ValueError(f"{both} are in tab_field_list and in cat_field_list")
        inputs = [name for names in lists.values() for name in names]
        if self.label and self.label.column in inputs:
            raise ValueError(f"the label column {self.label.column!r} is also an input field")
        if self.id_name in inputs:
            raise ValueError(f"the id column {self.id_name!r} is also an input field")
        if self.entity_name and not (self.order_time_name or self.time_name):
            raise ValueError("entity_name keeps the first row by time: name order_time_name or time_name")
        if LABEL in self.role_columns and not (self.label and self.label.column == LABEL):
            raise ValueError(f"{LABEL!r} is the name of the prepared label: another column cannot have it")
        return self

    @property
    def role_columns(self) -> tuple[str, ...]:
        """The columns that have a role, but the label, in order."""
        return _unique(
            self.id_name,
            self.entity_name,
            self.order_time_name,
            self.time_name,
            self.marketplace_name,
            self.region_name,
            *self.text_source_fields,
            *(self.tab_field_list if isinstance(self.tab_field_list, tuple) else ()),
            *self.cat_field_list,
        )

    @property
    def tab_fields(self) -> tuple[str, ...]:
        """The numeric fields.

        Raises:
            ConfigError: They are still a rule; `resolve` the schema first.
        """
        if isinstance(self.tab_field_list, FieldSelection):
            raise ConfigError("tab_field_list is a rule", expected="a schema resolved against a table")
        return self.tab_field_list

    @property
    def feature_columns(self) -> list[str]:
        """The tabular input columns in the order of the model's input: tab fields, then cat fields."""
        return [*self.tab_fields, *self.cat_field_list]

    @property
    def prepared_columns(self) -> list[str]:
        """The columns of a prepared table, in order; the label last."""
        return [*self.role_columns, *([LABEL] if self.label else [])]

    @property
    def source_columns(self) -> list[str]:
        """Every column that preparation reads from the source."""
        label = self.label.column if self.label else None
        return list(_unique(*self.role_columns, label, *(item.column for item in self.filters)))

    @property
    def first_by(self) -> str | None:
        """The time column that tells which row of an entity is the first."""
        return self.order_time_name or self.time_name

    @property
    def num_classes(self) -> int:
        """The number of classes of the label, 0 without one."""
        return len(self.label.classes) if self.label else 0

    def without_label(self) -> ColumnSchema:
        """The same roles for rows that are only to be scored: no label, no filters."""
        return self.model_copy(update={"label": None, "filters": ()})

    def prepared(self) -> ColumnSchema:
        """The schema of the prepared table: class numbers in `label`, filters done."""
        label = LabelRole(column=LABEL, classes=tuple((i,) for i in range(self.num_classes))) if self.label else None
        return self.model_copy(update={"label": label, "filters": ()})

    def resolve(self, frame: pl.DataFrame | pl.LazyFrame, where: str | Path | None = None) -> ColumnSchema:
        """Makes the field lists explicit and checks that a table has every column in a usable type.

        Args:
            frame: The table, or one with its columns.
            where: The file it came from, for the error.

        Returns:
            The schema with `tab_field_list` as a tuple in declared order (file order, or the table's column order).

        Raises:
            DataError: A column is missing, or of a type that does not fit its role.
            ConfigError: A list of fields cannot be read.
        """
        import narwhals as nw

        from names3risk.data.checks import check_columns

        lazy = frame.lazy()
        columns = lazy.collect_schema()
        if absent := [name for name in self.source_columns if name not in columns]:
            raise missing_columns_error(absent, list(columns), where)
        resolved = self
        if isinstance(self.tab_field_list, FieldSelection):
            chosen = select_fields(self.tab_field_list, lazy, set(self.source_columns), where)
            resolved = ColumnSchema.model_validate({**self.model_dump(), "tab_field_list": chosen})
        check_columns(nw.from_native(lazy), resolved, where)
        return resolved

    @classmethod
    def parse(cls, value: Any, where: str | Path | None = None, folder: str | Path = ".") -> ColumnSchema:
        """Makes a schema from a mapping.

        Args:
            value: The roles.
            where: Where they come from, for errors.
            folder: Where the files of field lists are.

        Raises:
            ConfigError: A role is unknown or does not fit, and every problem is named; or a field list cannot be read.
        """
        selection = value.get("tab_field_list") if isinstance(value, dict) else None
        if isinstance(selection, dict) and isinstance(selection.get("files"), list | tuple):
            rest = {name: rule for name, rule in selection.items() if name != "files"}
            listed = common_fields(Path(folder), [str(name) for name in selection["files"]])
            value = {**value, "tab_field_list": {**rest, "listed": listed}}
        return configuration.check(cls, value, where, WHAT)

    @classmethod
    def load(cls, path: str | Path) -> ColumnSchema:
        """Reads a schema from YAML or JSON; the files of field lists are looked up beside it.

        Raises:
            ConfigError: The file is absent, is not YAML, or is not a column schema.
        """
        return cls.parse(configuration.read_yaml(path, WHAT), path, Path(path).parent)

    def save(self, path: str | Path) -> None:
        """Writes the schema as JSON or, where the name ends in .yaml or .yml, as YAML."""
        value = self.model_dump(mode="json", exclude_none=True)
        if Path(path).suffix in {".yaml", ".yml"}:
            write_text(path, dump_plain_yaml(value))
        else:
            write_json(path, value)


def _unique(*names: str | None) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for name in names if name is not None))
