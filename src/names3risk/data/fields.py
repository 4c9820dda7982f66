"""Which columns are the numeric fields: by file, by pattern, or all numeric ones except some."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence, Set
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, model_validator

from names3risk.errors import ConfigError, DataError

if TYPE_CHECKING:
    import polars as pl


class FieldSelection(BaseModel):
    """A rule that chooses numeric fields; exactly one of `listed`, `pattern` and `all_numeric_except`.

    Args:
        listed: Names of columns; those that are not numeric are left out. A schema file may say
            `files: [na.txt, eu.txt]` instead: lists beside it, one name a line, of which the names that stand in every
            one are taken, in the order of the first.
        pattern: A regular expression that the whole name of a numeric column matches.
        all_numeric_except: Every numeric column without another role, except these.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    listed: tuple[str, ...] | None = None
    pattern: str | None = None
    all_numeric_except: tuple[str, ...] | None = None

    @model_validator(mode="after")
    def _is_one_rule(self) -> FieldSelection:
        if sum(rule is not None for rule in (self.listed, self.pattern, self.all_numeric_except)) != 1:
            raise ValueError("a field rule is one of 'listed', 'files', 'pattern', 'all_numeric_except'")
        if self.pattern is not None:
            try:
                re.compile(self.pattern)
            except re.error as error:
                raise ValueError(f"pattern is not a regular expression: {error}") from error
        return self


def select_fields(
    rule: FieldSelection, frame: pl.LazyFrame, taken: Set[str], where: str | Path | None
) -> tuple[str, ...]:
    """Applies a rule to a table; columns that are not numeric are left out.

    Args:
        rule: The rule.
        frame: The table.
        taken: Columns that have another role; a pattern or "all numeric" leaves them out.
        where: The file the table came from, for errors.

    Returns:
        The names, in the order of the list or else of the table.

    Raises:
        DataError: A listed column is absent, or no column is chosen.
    """
    columns = list(frame.collect_schema())
    if rule.listed is not None:
        wanted = list(rule.listed)
        if absent := [name for name in wanted if name not in columns]:
            raise missing_columns_error(absent, columns, where)
    elif rule.pattern is not None:
        wanted = [name for name in columns if name not in taken and re.fullmatch(rule.pattern, name)]
    else:
        excluded = {*taken, *(rule.all_numeric_except or ())}
        wanted = [name for name in columns if name not in excluded]
    numeric = _numeric_columns(frame, wanted)
    chosen = tuple(name for name in wanted if name in numeric)
    if not chosen:
        raise DataError("tab_field_list chooses no numeric column", where=where)
    return chosen


def common_fields(folder: Path, files: Sequence[str]) -> list[str]:
    """Reads field lists and keeps the names that stand in every one, in the order of the first.

    Args:
        folder: Where the lists are.
        files: Their names; any folders in them are left out.

    Raises:
        ConfigError: A list cannot be read, or they share no field.
    """
    lists = [_read_list(folder / Path(file).name) for file in files]
    shared = set(lists[0]).intersection(*lists[1:]) if lists else set()
    if not shared:
        raise ConfigError("the field lists share no field", where=", ".join(str(file) for file in files) or None)
    return [name for name in dict.fromkeys(lists[0]) if name in shared]


def missing_columns_error(absent: Sequence[str], present: Sequence[str], where: str | Path | None) -> DataError:
    """The error for columns that a table lacks, with the most similar ones that it has."""
    shown = ", ".join(repr(name) for name in absent[:10]) + (
        f" and {len(absent) - 10} more" if len(absent) > 10 else ""
    )
    similar = [close[0] for name in absent[:10] if (close := difflib.get_close_matches(name, present, n=1))]
    found = ", ".join(repr(name) for name in (similar or present[:10]))
    return DataError(
        f"missing column{'s' if len(absent) > 1 else ''} {shown}",
        where=where,
        expected="every column that the column schema names",
        mend=f"name the columns as the file does, which has {found}{'' if similar else ', ...'}" if present else None,
    )


def _read_list(path: Path) -> list[str]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"cannot read the field list: {error}", where=path) from error
    return [line.strip() for line in lines if line.strip()]


def _numeric_columns(frame: pl.LazyFrame, names: Sequence[str]) -> set[str]:
    """The columns that hold numbers; a table of strings only (from CSV) is judged by its values."""
    import polars as pl

    from names3risk.data.types import MISSING_NUMBERS

    columns = frame.collect_schema()
    if any(dtype != pl.String for dtype in columns.values()):
        return {name for name in names if columns[name].is_numeric()}
    if not names:
        return set()
    value = pl.col(names).str.strip_chars()
    known = ~value.is_in(MISSING_NUMBERS)
    is_number = value.cast(pl.Float64, strict=False).is_not_null()
    verdicts = frame.select((is_number | ~known).all() & (known & is_number).any())
    return {name for name, numeric in verdicts.collect(engine="streaming").row(0, named=True).items() if numeric}
