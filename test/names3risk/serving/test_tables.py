"""Tables are encoded in pieces as they would be whole, and what is wrong in a piece is told as of the table."""

import names3risk_samples as samples
import numpy as np
import polars as pl
import pytest

from names3risk.artifacts.store import ModelArtifacts
from names3risk.data.preparation import conform, prepare
from names3risk.data.schema import ColumnSchema
from names3risk.errors import DataError
from names3risk.features.encoder import FeatureEncoder
from names3risk.serving import tables
from names3risk.serving.predictor import NOT_SCORED
from names3risk.serving.tables import TableEncoder
from names3risk.text.tokenizer import TokenizerSettings, train_tokenizer

SETTINGS = TokenizerSettings(min_frequency=2, min_vocab_size=60, max_vocab_size=200)
TEXTS = samples.COLUMNS["text_source_fields"]


def make_artifacts(**roles) -> ModelArtifacts:
    raw = samples.orders()
    schema = ColumnSchema.parse({**samples.COLUMNS, **roles}).resolve(raw, "orders")
    rows = prepare(raw, schema)
    tokenizer, _ = train_tokenizer({name: rows[name] for name in TEXTS}, SETTINGS)
    features = FeatureEncoder.fit(rows, schema.prepared())
    return ModelArtifacts(samples.hyperparameters(max_sen_len=12), schema.prepared(), features, tokenizer)


@pytest.fixture(scope="module")
def artifacts() -> ModelArtifacts:
    return make_artifacts()


def encoder(artifacts: ModelArtifacts) -> TableEncoder:
    return TableEncoder(artifacts, artifacts.schema.model_copy(update=NOT_SCORED))


def prepared(artifacts: ModelArtifacts, frame: pl.DataFrame) -> tuple[list[list[int]], np.ndarray]:
    """What training does with the rows."""
    rows = conform(frame, artifacts.schema.model_copy(update=NOT_SCORED))
    tokens = artifacts.text.encode(rows)
    return [tokens[row].tolist() for row in range(len(tokens))], artifacts.features.transform(rows)


@pytest.mark.parametrize("count", [0, 1, 6, 7, 43])
def test_pieces_together_are_what_training_makes_of_the_rows(artifacts, monkeypatch, count):
    monkeypatch.setattr(tables, "PIECE", 7)
    frame = samples.orders(43, seed=5).head(count)
    found = list(encoder(artifacts).pieces(frame))
    assert [len(piece.tokens) for piece in found] == [min(7, count - start) for start in range(0, max(1, count), 7)]
    tokens, tabular = prepared(artifacts, frame)
    assert [piece.tokens[row].tolist() for piece in found for row in range(len(piece.tokens))] == tokens
    assert np.concatenate([piece.tabular for piece in found]).tolist() == tabular.tolist()
    whole = encoder(artifacts).encode(frame)
    assert whole.tabular.tolist() == tabular.tolist()


def test_columns_of_other_types_are_encoded_as_in_training(artifacts):
    frame = samples.orders(30, seed=5)
    name, number = TEXTS[0], artifacts.schema.tab_fields[0]
    for changed in (
        frame.with_columns(pl.lit(True).alias(name), pl.col(number).cast(pl.String)),
        frame.with_columns(pl.lit(" ").alias(name), pl.lit(float("inf")).alias(number)),
        frame.with_columns(pl.lit(1.0).alias(name), pl.lit(None).alias(number)),
        frame.with_columns(pl.lit(7).alias("paymentMethod"), pl.lit(7).alias(number)),
    ):
        tokens, tabular = prepared(artifacts, changed)
        found = encoder(artifacts).encode(changed)
        assert [found.tokens[row].tolist() for row in range(30)] == tokens
        assert found.tabular.tolist() == tabular.tolist()


def test_a_field_of_text_that_is_also_a_category_is_read_as_in_training():
    artifacts = make_artifacts(cat_field_list=[*samples.COLUMNS["cat_field_list"], TEXTS[0]])
    frame = samples.orders(5).with_columns(pl.Series(TEXTS[0], ["1.0", "2.00", "a", None, "3"]))
    tokens, tabular = prepared(artifacts, frame)
    found = encoder(artifacts).encode(frame)
    assert [found.tokens[row].tolist() for row in range(5)] == tokens
    assert found.tabular.tolist() == tabular.tolist()


def test_a_wrong_value_is_told_with_its_row_of_the_table(artifacts, monkeypatch):
    monkeypatch.setattr(tables, "PIECE", 4)
    amounts = [str(number) for number in range(30)]
    frame = samples.orders(30, seed=5).with_columns(amount=pl.Series([*amounts[:22], "many", *amounts[23:]]))
    pieces = encoder(artifacts).pieces(frame, "orders.csv")
    assert sum(len(next(pieces).tokens) for _ in range(5)) == 20
    with pytest.raises(DataError, match=r"^orders\.csv: column 'amount' holds 'many' in row 23; expected a number"):
        next(pieces)


def test_a_missing_column_is_told_before_anything_is_encoded(artifacts):
    for name in ("objectId", TEXTS[0], "amount", "paymentMethod"):
        with pytest.raises(DataError, match=rf"orders\.csv: missing column '{name}'"):
            next(encoder(artifacts).pieces(samples.orders(3).drop(name), "orders.csv"))
        with pytest.raises(DataError, match=rf"orders\.csv: missing column '{name}'"):
            encoder(artifacts).encode(samples.orders(3).drop(name), "orders.csv")
    with pytest.raises(DataError, match=r"column 'amount' is List"):
        encoder(artifacts).encode(samples.orders(3).with_columns(pl.lit([1.0]).alias("amount")))
