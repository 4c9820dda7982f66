"""A checkpoint of the original system as a model folder that can be evaluated, served and scored with."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from names3risk.artifacts.store import ModelArtifacts, save_artifacts
from names3risk.data.fields import FieldSelection
from names3risk.data.schema import ColumnSchema
from names3risk.errors import ArtifactError, ConfigError
from names3risk.features.encoder import FeatureEncoder
from names3risk.features.numeric import Imputer
from names3risk.features.risk_tables import RiskTables
from names3risk.files import staged
from names3risk.text.tokenizer import load_tokenizer
from names3risk.training.roles import complete

if TYPE_CHECKING:
    from names3risk.models.legacy import LegacyModel

MISSING_NUMBER = -1.0
"""What the original system put in the place of every missing number."""


def save_legacy(
    legacy: LegacyModel, tokenizer: str | Path, columns: str | Path, out: str | Path, where: str | Path | None = None
) -> None:
    """Writes the model folder of an imported checkpoint, complete or not at all.

    Args:
        legacy: What `import_legacy` gave.
        tokenizer: The `tokenizer.json` that the checkpoint was trained with.
        columns: The column schema: text fields, and the numeric fields listed in the order of the original's features.
        out: The folder to write.
        where: The checkpoint, for errors.

    Raises:
        ConfigError: The schema does not list its numeric fields, or has categorical ones, which the original had not.
        ArtifactError: Tokens or features are not as many as the checkpoint wants, or the tokenizer is none.
        OutputError: The folder cannot be written.
    """
    schema = _listed(ColumnSchema.load(columns), columns)
    known = load_tokenizer(tokenizer)
    found = {"tokens in the tokenizer": known.get_vocab_size(), "numeric fields": len(schema.tab_fields)}
    wanted = {"tokens in the tokenizer": legacy.vocabulary_size, "numeric fields": legacy.n_tabular}
    for what, number in found.items():
        if number != wanted[what]:
            raise ArtifactError(
                f"{number} {what}", where=where, expected=f"{wanted[what]}, as the checkpoint was trained with"
            )
    features = FeatureEncoder(Imputer(dict.fromkeys(schema.tab_fields, MISSING_NUMBER)), RiskTables({}))
    hyperparameters = legacy.hyperparameters.changed(imputation="constant", imputation_constant=MISSING_NUMBER)
    artifacts = ModelArtifacts(complete(hyperparameters, schema), schema, features, known)
    with staged(out) as stage:
        save_artifacts(stage, artifacts, legacy.model)


def _listed(schema: ColumnSchema, where: str | Path) -> ColumnSchema:
    fields = schema.tab_field_list
    if isinstance(fields, FieldSelection):
        if fields.listed is None:
            raise ConfigError("tab_field_list is a rule", where=where, expected="the numeric fields in a list")
        fields = fields.listed
    if schema.cat_field_list:
        raise ConfigError(
            f"cat_field_list names {', '.join(schema.cat_field_list)}",
            where=where,
            expected="none: the original networks read text and numbers only",
        )
    return schema.model_copy(update={"tab_field_list": fields}).prepared()
