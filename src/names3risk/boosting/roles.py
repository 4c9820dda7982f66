"""Split folders for boosting: the roles of their columns, with what the hyperparameters say laid over them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from names3risk.boosting.hyperparameters import XGBoostHyperparameters
from names3risk.data.preparation import LABEL, prepare
from names3risk.data.reading import find_data_file, read_table
from names3risk.data.schema import ColumnSchema
from names3risk.data.splits import Split, load_split
from names3risk.errors import ConfigError, DataError

ROLES = ("id_name", "tab_field_list", "cat_field_list")


def load_labelled_split(folder: str | Path, hyperparameters: XGBoostHyperparameters) -> Split:
    """Reads a split and checks that it can be trained or evaluated on; columns are found by name.

    Args:
        folder: The split folder.
        hyperparameters: Roles set here replace those of the schema beside the data.

    Returns:
        Prepared rows with integers in `label`, and the roles that count.

    Raises:
        DataError: The split is empty or absent, lacks a column, or has no field to learn from.
        ConfigError: The roles contradict `num_classes`.
    """
    split = load_split(folder)
    schema = _overlaid(split.schema, hyperparameters)
    if schema != split.schema:
        path = find_data_file(folder)
        split = Split(prepare(read_table(path), schema, str(path)), schema.prepared(), split.format)
    if split.schema.label is None:
        raise DataError("the rows have no label", where=folder, expected=f"column {LABEL!r}")
    if not split.frame.height:
        raise DataError("the split is empty", where=folder, expected="at least one row")
    if split.schema.num_classes != hyperparameters.num_classes:
        raise ConfigError(
            f"num_classes is {hyperparameters.num_classes}",
            where="hyperparameters",
            expected=f"{split.schema.num_classes}, as schema.json in {folder} declares",
        )
    if not split.schema.feature_columns:
        raise DataError(
            "no column is a tabular or categorical field",
            where=folder,
            expected="fields in tab_field_list or cat_field_list",
            mend="name them in the column schema or in the hyperparameters",
        )
    return split


def _overlaid(schema: ColumnSchema, hyperparameters: XGBoostHyperparameters) -> ColumnSchema:
    changes: dict[str, Any] = {name: value for name in ROLES if (value := getattr(hyperparameters, name)) is not None}
    name = hyperparameters.label_name
    if name is not None and (schema.label is None or name != schema.label.column):
        classes = [[index] for index in range(hyperparameters.num_classes)]
        changes["label"] = {"column": name, "classes": classes, "other": "error"}
    return ColumnSchema.parse({**schema.model_dump(), **changes}, "hyperparameters") if changes else schema
