"""Column roles of a training job: the schema beside the splits, with what the hyperparameters say laid over it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from names3risk.data.preparation import LABEL, prepare
from names3risk.data.reading import detect_format, find_data_file, read_table
from names3risk.data.schema import ColumnSchema
from names3risk.data.splits import SCHEMA_FILE, SPLIT_NAMES, Split, load_split
from names3risk.errors import ConfigError, DataError
from names3risk.hyperparameters import Hyperparameters


def load_labelled_split(folder: str | Path, hyperparameters: Hyperparameters) -> Split:
    """Reads one split of a training job and checks that it can be trained or evaluated on.

    A folder without `schema.json` holds raw columns, whose roles the hyperparameters have to name.

    Args:
        folder: The split folder.
        hyperparameters: Roles set here replace those of the schema.

    Returns:
        Prepared rows with integers in `label`, and the roles that count.

    Raises:
        DataError: The split is empty or absent, or lacks a column.
        ConfigError: The roles are incomplete or contradict `num_classes` or `full_field_list`.
    """
    several = [name for name in SPLIT_NAMES if (Path(folder) / name).is_dir()]
    if several:
        raise DataError(f"the folder holds the splits {', '.join(several)}", where=folder, expected="one of them")
    if (Path(folder) / SCHEMA_FILE).is_file():
        split = load_split(folder)
        schema = _overlaid(split.schema, hyperparameters)
        frame = split.frame if schema == split.schema else prepare(split.frame, schema, str(folder))
        split = Split(frame, schema.prepared(), split.format)
    else:
        path = find_data_file(folder)
        frame = read_table(path)
        schema = _declared(hyperparameters, folder).resolve(frame, path)
        split = Split(prepare(frame, schema, str(path)), schema.prepared(), detect_format(path))
    _check(split, hyperparameters, Path(folder))
    return split


def complete(hyperparameters: Hyperparameters, schema: ColumnSchema) -> Hyperparameters:
    """The hyperparameters with the column roles that the job used.

    Args:
        hyperparameters: As they were given.
        schema: The roles of the prepared rows.
    """
    return hyperparameters.changed(
        id_name=schema.id_name,
        label_name=hyperparameters.label_name or LABEL,
        text_source_fields=list(schema.text_source_fields),
        tab_field_list=list(schema.tab_fields),
        cat_field_list=list(schema.cat_field_list),
    )


def _roles(hyperparameters: Hyperparameters) -> dict[str, Any]:
    text = [hyperparameters.text_name] if hyperparameters.text_name else hyperparameters.text_source_fields
    roles = {
        "id_name": hyperparameters.id_name,
        "text_source_fields": text,
        "tab_field_list": hyperparameters.tab_field_list,
        "cat_field_list": hyperparameters.cat_field_list,
    }
    return {name: value for name, value in roles.items() if value is not None}


def _label(hyperparameters: Hyperparameters) -> dict[str, Any]:
    classes = [[index] for index in range(hyperparameters.num_classes)]
    return {"column": hyperparameters.label_name, "classes": classes, "other": "error"}


def _overlaid(schema: ColumnSchema, hyperparameters: Hyperparameters) -> ColumnSchema:
    changes = _roles(hyperparameters)
    if hyperparameters.label_name and (not schema.label or hyperparameters.label_name != schema.label.column):
        changes["label"] = _label(hyperparameters)
    if not changes:
        return schema
    return ColumnSchema.parse({**schema.model_dump(), **changes}, "hyperparameters")


def _declared(hyperparameters: Hyperparameters, folder: str | Path) -> ColumnSchema:
    absent = [name for name in ("id_name", "label_name") if not getattr(hyperparameters, name)]
    if not (hyperparameters.text_name or hyperparameters.text_source_fields):
        absent.append("text_name or text_source_fields")
    if absent:
        raise ConfigError(
            f"the columns have no roles: {', '.join(absent)} not set in the hyperparameters",
            where=folder,
            expected=f"{SCHEMA_FILE} beside the data, or the roles in the hyperparameters",
        )
    return ColumnSchema.parse({**_roles(hyperparameters), "label": _label(hyperparameters)}, "hyperparameters")


def _check(split: Split, hyperparameters: Hyperparameters, folder: Path) -> None:
    schema = split.schema
    if schema.label is None or LABEL not in split.frame.columns:
        raise DataError("the rows have no label", where=folder, expected=f"column {LABEL!r}")
    if split.frame.height == 0:
        raise DataError("the split is empty", where=folder, expected="at least one row")
    if schema.num_classes != hyperparameters.num_classes:
        raise ConfigError(
            f"num_classes is {hyperparameters.num_classes}",
            where="hyperparameters",
            expected=f"{schema.num_classes}, as {folder / SCHEMA_FILE} declares",
        )
    allowed = hyperparameters.full_field_list
    used = [schema.id_name, *schema.text_source_fields, *schema.feature_columns]
    outside = [name for name in used if allowed is not None and name not in allowed]
    if outside:
        raise ConfigError(
            f"full_field_list lacks {', '.join(map(repr, outside))}",
            where="hyperparameters",
            expected="every column that is read",
        )
