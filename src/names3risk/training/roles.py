"""Column roles of a training job: the schema beside the splits, with what the hyperparameters say laid over it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from names3risk.data.parts import PartedSplit
from names3risk.data.preparation import LABEL, prepare
from names3risk.data.reading import detect_format, read_table, scan_file
from names3risk.data.schema import ColumnSchema
from names3risk.data.splits import SCHEMA_FILE, SPLIT_NAMES, Split, load_split, split_files
from names3risk.errors import ConfigError, DataError

if TYPE_CHECKING:
    from names3risk.boosting.hyperparameters import XGBoostHyperparameters
    from names3risk.hyperparameters import Hyperparameters

    AnyHyperparameters = Hyperparameters | XGBoostHyperparameters
    Given = TypeVar("Given", Hyperparameters, XGBoostHyperparameters)


FEATURE_ROLES = {"tab_fields": "numeric field", "cat_field_list": "categorical field"}
ROLES = {"text_source_fields": "text field", **FEATURE_ROLES}


def load_labelled_split(folder: str | Path, hyperparameters: AnyHyperparameters) -> Split:
    """Reads one split of a training job and checks that it can be trained or evaluated on.

    A folder without `schema.json` holds raw columns, whose roles the hyperparameters have to name.

    Args:
        folder: The split folder.
        hyperparameters: Roles set here replace those of the schema, and may name any column of the table.

    Returns:
        Prepared rows with integers in `label`, and the roles that count.

    Raises:
        DataError: The split is empty or absent, or lacks a column.
        ConfigError: The roles are incomplete or contradict `num_classes` or `full_field_list`.
    """
    _refuse_several_splits(folder)
    if (Path(folder) / SCHEMA_FILE).is_file():
        beside = ColumnSchema.load(Path(folder) / SCHEMA_FILE)
        schema = _overlaid(beside, hyperparameters)
        split = load_split(folder) if schema == beside else _prepared(folder, schema)
    else:
        split = _prepared(folder, _declared(hyperparameters, folder))
    _check(split.schema, split.frame.height, hyperparameters, Path(folder))
    return split


def open_labelled_parts(folder: str | Path, hyperparameters: AnyHyperparameters) -> PartedSplit:
    """Opens one split of a training job whose rows are read a chunk at a time; see `load_labelled_split`.

    Args:
        folder: The split folder, with one file or several parts of one format.
        hyperparameters: Roles set here replace those of the schema, and may name any column of the table.

    Raises:
        DataError: The split is absent, a file is damaged or without rows, or lacks a column, or ids are not unique.
        ConfigError: The roles are incomplete or contradict `num_classes` or `full_field_list`.
    """
    _refuse_several_splits(folder)
    paths = split_files(folder)
    beside = ColumnSchema.load(Path(folder) / SCHEMA_FILE) if (Path(folder) / SCHEMA_FILE).is_file() else None
    schema = _declared(hyperparameters, folder) if beside is None else _overlaid(beside, hyperparameters)
    split = PartedSplit(tuple(paths), schema.resolve(scan_file(paths[0]), paths[0]))
    _check(split.schema.prepared(), len(split), hyperparameters, Path(folder))
    if schema != beside:
        split.require_ids()
    return split


def check_classes(train: Split, folder: str | Path) -> None:
    """Checks that the training split has rows of each class.

    Args:
        train: The split.
        folder: Where it was read, for the message.

    Raises:
        DataError: A class has no row.
    """
    require_classes(train.frame[LABEL].unique().to_list(), train.schema.num_classes, folder)


def require_classes(present: Iterable[int], num_classes: int, folder: str | Path) -> None:
    """The same for the classes that the training rows were found to have."""
    absent = sorted(set(range(num_classes)) - set(present))
    if absent:
        raise DataError(
            f"no training row is of class {', '.join(map(str, absent))}",
            where=folder,
            expected=f"rows of each of the {num_classes} classes in column {LABEL!r}",
        )


def check_roles(train: ColumnSchema, others: Mapping[str | Path, ColumnSchema], reads_text: bool = True) -> None:
    """Checks that other splits have what a model of the training split reads.

    Args:
        train: The roles of the training split.
        others: Those of other splits, by their folders.
        reads_text: Whether the model reads text.

    Raises:
        DataError: A split lacks a field, or has it in another role.
    """
    for folder, schema in others.items():
        for role in ROLES if reads_text else FEATURE_ROLES:
            if absent := [name for name in getattr(train, role) if name not in getattr(schema, role)]:
                raise DataError(
                    f"{', '.join(map(repr, absent))} is no {ROLES[role]} here, but in the training split",
                    where=Path(folder) / SCHEMA_FILE,
                    expected="the same roles in all splits",
                    mend="prepare all splits with one column schema",
                )


def complete(hyperparameters: Given, schema: ColumnSchema) -> Given:
    """The hyperparameters with the column roles that the job used.

    Args:
        hyperparameters: As they were given.
        schema: The roles of the prepared rows.
    """
    used = {
        "id_name": schema.id_name,
        "label_name": hyperparameters.label_name or LABEL,
        "text_source_fields": list(schema.text_source_fields),
        "tab_field_list": list(schema.tab_fields),
        "cat_field_list": list(schema.cat_field_list),
    }
    known = type(hyperparameters).model_fields
    changes = {name: value for name, value in used.items() if name in known}
    return type(hyperparameters).model_validate({**hyperparameters.model_dump(), **changes})


def _prepared(folder: str | Path, schema: ColumnSchema) -> Split:
    """The table of a folder, all of whose columns may have a role, prepared as a schema says."""
    paths = split_files(folder)
    where = paths[0] if len(paths) == 1 else folder
    frame = read_table(where)
    schema = schema.resolve(frame, where)
    return Split(prepare(frame, schema, str(where)), schema.prepared(), detect_format(paths[0]))


def _roles(hyperparameters: AnyHyperparameters) -> dict[str, Any]:
    text_name = getattr(hyperparameters, "text_name", None)
    roles = {
        "id_name": hyperparameters.id_name,
        "text_source_fields": [text_name] if text_name else getattr(hyperparameters, "text_source_fields", None),
        "tab_field_list": hyperparameters.tab_field_list,
        "cat_field_list": hyperparameters.cat_field_list,
    }
    return {name: value for name, value in roles.items() if value is not None}


def _label(hyperparameters: AnyHyperparameters) -> dict[str, Any]:
    classes = [[index] for index in range(hyperparameters.num_classes)]
    return {"column": hyperparameters.label_name, "classes": classes, "other": "error"}


def _overlaid(schema: ColumnSchema, hyperparameters: AnyHyperparameters) -> ColumnSchema:
    changes = _roles(hyperparameters)
    if hyperparameters.label_name and (not schema.label or hyperparameters.label_name != schema.label.column):
        changes["label"] = _label(hyperparameters)
    if not changes:
        return schema
    return ColumnSchema.parse({**schema.model_dump(), **changes}, "hyperparameters")


def _declared(hyperparameters: AnyHyperparameters, folder: str | Path) -> ColumnSchema:
    roles = _roles(hyperparameters)
    absent = [name for name in ("id_name", "label_name") if not getattr(hyperparameters, name)]
    if hasattr(hyperparameters, "text_name") and not roles.get("text_source_fields"):
        absent.append("text_name or text_source_fields")
    if absent:
        raise ConfigError(
            f"the columns have no roles: {', '.join(absent)} not set in the hyperparameters",
            where=folder,
            expected=f"{SCHEMA_FILE} beside the data, or the roles in the hyperparameters",
        )
    return ColumnSchema.parse({**roles, "label": _label(hyperparameters)}, "hyperparameters")


def _refuse_several_splits(folder: str | Path) -> None:
    several = [name for name in SPLIT_NAMES if (Path(folder) / name).is_dir()]
    if several:
        raise DataError(f"the folder holds the splits {', '.join(several)}", where=folder, expected="one of them")


def _check(schema: ColumnSchema, rows: int, hyperparameters: AnyHyperparameters, folder: Path) -> None:
    """Checks the roles of prepared rows, and that there are some."""
    if schema.label is None:
        raise DataError("the rows have no label", where=folder, expected=f"column {LABEL!r}")
    if not rows:
        raise DataError("the split is empty", where=folder, expected="at least one row")
    if schema.num_classes != hyperparameters.num_classes:
        raise ConfigError(
            f"num_classes is {hyperparameters.num_classes}",
            where="hyperparameters",
            expected=f"{schema.num_classes}, as {folder / SCHEMA_FILE} declares",
        )
    allowed = getattr(hyperparameters, "full_field_list", None)
    used = [schema.id_name, *schema.text_source_fields, *schema.feature_columns]
    outside = [name for name in used if allowed is not None and name not in allowed]
    if outside:
        raise ConfigError(
            f"full_field_list lacks {', '.join(map(repr, outside))}",
            where="hyperparameters",
            expected="every column that is read",
        )
