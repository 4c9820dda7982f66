"""A trained booster as a folder of files.

| file | content |
|---|---|
| xgboost_model.bst | the booster up to its best round, in UBJSON |
| hyperparameters.json | every hyperparameter, defaults and column roles included |
| schema.json | the column schema of the prepared rows |
| feature_columns.txt | the inputs in order, `index,name` |
| impute_dict.json, risk_table_map.json | fitted on the training split; the .pkl beside each is never read here |
| categories.json | the categories that XGBoost splits itself |
| feature_importance.json | how much the booster uses each field |
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from names3risk.artifacts.store import check_same
from names3risk.boosting.booster import MODEL_FILE, load_booster, save_booster
from names3risk.boosting.features import BoostingFeatures
from names3risk.boosting.hyperparameters import XGBoostHyperparameters, parse_xgboost_hyperparameters
from names3risk.data.schema import ColumnSchema
from names3risk.errors import ArtifactError, ConfigError
from names3risk.features.encoder import COLUMNS_FILE
from names3risk.files import write_json
from names3risk.hyperparameters.parsing import read_json_object

if TYPE_CHECKING:
    from xgboost import Booster

HYPERPARAMETERS = "hyperparameters.json"
SCHEMA = "schema.json"
IMPORTANCE = "feature_importance.json"


@dataclass(frozen=True)
class BoostingArtifacts:
    """All that is needed to score rows.

    Args:
        hyperparameters: Complete hyperparameters.
        schema: Column roles of prepared rows, the field lists made explicit.
        features: How rows become XGBoost's matrix.
        booster: The trained booster.
    """

    hyperparameters: XGBoostHyperparameters
    schema: ColumnSchema
    features: BoostingFeatures
    booster: Booster


def save_boosting_artifacts(
    folder: str | Path, artifacts: BoostingArtifacts, importance: dict[str, dict[str, float]]
) -> None:
    """Writes a trained booster as the files that the module's table names.

    Args:
        folder: Where to write; each file is complete or absent, see `staged` for all of them together.
        artifacts: What scoring needs.
        importance: Kind of importance to a value for every field.

    Raises:
        OutputError: A file cannot be written.
    """
    target = Path(folder)
    write_json(target / HYPERPARAMETERS, artifacts.hyperparameters.model_dump(mode="json", exclude_none=True))
    artifacts.schema.save(target / SCHEMA)
    artifacts.features.save(target)
    save_booster(artifacts.booster, target / MODEL_FILE)
    write_json(target / IMPORTANCE, importance)


def load_boosting_artifacts(folder: str | Path) -> BoostingArtifacts:
    """Reads a trained booster; nothing is unpickled.

    Args:
        folder: A model folder.

    Raises:
        ArtifactError: A file is missing, broken, or does not fit the others; the message names it.
    """
    source = Path(folder)
    for name in (HYPERPARAMETERS, SCHEMA):
        if not (source / name).is_file():
            raise ArtifactError("the file is missing", where=source / name, expected="a complete XGBoost model folder")
    try:
        given = read_json_object(source / HYPERPARAMETERS)
        hyperparameters = parse_xgboost_hyperparameters(given, source / HYPERPARAMETERS)
        schema = ColumnSchema.load(source / SCHEMA)
        expected = schema.feature_columns
    except ConfigError as error:
        raise ArtifactError(str(error)) from error
    features = BoostingFeatures.load(source)
    booster = load_booster(source / MODEL_FILE)
    check_same(features.source_columns, expected, source / COLUMNS_FILE, f"those of {SCHEMA} in their order")
    check_same(list(booster.feature_names or ()), features.columns, source / MODEL_FILE, f"those of {COLUMNS_FILE}")
    return BoostingArtifacts(hyperparameters, schema, features, booster)
