"""Rows of a request are encoded as a table of each would be, to the last bit, or refused as it would be."""

import dataclasses

import names3risk_samples as samples
import numpy as np
import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from names3risk.artifacts.store import ModelArtifacts
from names3risk.data.preparation import conform, prepare
from names3risk.data.schema import ColumnSchema
from names3risk.data.types import MISSING_NUMBERS, NUMBER
from names3risk.errors import DataError
from names3risk.features.encoder import FeatureEncoder
from names3risk.serving import Predictor
from names3risk.serving.predictor import NOT_SCORED
from names3risk.serving.rows import RowEncoder
from names3risk.text.tokenizer import TokenizerSettings, train_tokenizer

SETTINGS = TokenizerSettings(min_frequency=2, min_vocab_size=60, max_vocab_size=200)
SCALES = ("none", "signed_log", "quantile")
NUMBERS, CATEGORIES = samples.COLUMNS["tab_field_list"], samples.COLUMNS["cat_field_list"]
TEXTS = samples.COLUMNS["text_source_fields"]


def make_artifacts(transform: str) -> ModelArtifacts:
    raw = samples.orders()
    schema = ColumnSchema.parse(samples.COLUMNS).resolve(raw, "orders")
    rows = prepare(raw, schema)
    tokenizer, _ = train_tokenizer({name: rows[name] for name in TEXTS}, SETTINGS)
    features = FeatureEncoder.fit(rows, schema.prepared(), numeric_transform=transform, smooth_factor=0.01)
    return ModelArtifacts(samples.hyperparameters(max_sen_len=12), schema.prepared(), features, tokenizer)


@pytest.fixture(scope="module")
def artifacts() -> dict[str, ModelArtifacts]:
    return {transform: make_artifacts(transform) for transform in SCALES}


plain = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(),
    st.text(),
    st.sampled_from(
        ["", " ", "\x1c", "\u3000", "1", "1.0", "-0.0", " 2.00", "card", "wallet", "bitcoin", "Anna Rossi"]
    ),
)
number = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(),
    st.sampled_from(
        [0.0, 1.0, 20.5, 64.25, *MISSING_NUMBERS, "iNf", "+nan", "1e999", "-1e-999", "\u2003 7\u00a0", "5."]
    ),
    st.from_regex(NUMBER.replace("$", r"\Z")),
)
rows = st.fixed_dictionaries(
    {"objectId": plain, **dict.fromkeys(TEXTS, plain), **dict.fromkeys(CATEGORIES, plain)}
    | dict.fromkeys(NUMBERS, number)
)


def by_table(artifacts: ModelArtifacts, row: dict) -> tuple[list[int], np.ndarray]:
    """What training does with a table of the row."""
    frame = conform(pl.DataFrame([row]), artifacts.schema.model_copy(update=NOT_SCORED))
    return artifacts.text.encode(frame)[0].tolist(), artifacts.features.transform(frame)[0]


@settings(max_examples=250, deadline=None)
@given(row=rows, transform=st.sampled_from(SCALES))
@example(row={"objectId": 1, **dict.fromkeys([*TEXTS, *CATEGORIES, *NUMBERS])}, transform="quantile")
def test_a_row_is_encoded_as_a_table_of_it_is(artifacts, row, transform):
    chosen = artifacts[transform]
    tokens, tabular = RowEncoder(chosen).encode([row])
    expected_tokens, expected_features = by_table(chosen, row)
    assert tokens[0].tolist() == expected_tokens
    assert tabular.dtype == np.float32
    assert tabular[0].tolist() == expected_features.tolist()


@settings(max_examples=60, deadline=None)
@given(value=st.one_of(st.text(), st.from_regex(r"[+-]?[0-9.eE_]{1,8}"), st.sampled_from(["1,5", "0x1", "1e", "--1"])))
def test_a_number_is_refused_where_a_table_of_it_is(artifacts, value):
    row = {**samples.orders(1).row(0, named=True), "amount": value}
    try:
        expected = by_table(artifacts["none"], row)[1].tolist()
    except DataError:
        with pytest.raises(DataError, match=r"column 'amount' holds .* in row 1; expected a number, or nothing"):
            RowEncoder(artifacts["none"]).encode([row])
    else:
        assert RowEncoder(artifacts["none"]).encode([row]).tabular[0].tolist() == expected


@pytest.mark.parametrize("value", [10**400, -(10**400), 2**1023, 2**1022, 1e308, -1e308, True, 3])
def test_numbers_of_any_size_are_read_one_by_one_as_all_at_once(artifacts, value):
    row = samples.orders(1).row(0, named=True)
    plain = RowEncoder(artifacts["none"]).encode([{**row, "amount": value}]).tabular
    # A text among the numbers makes the encoder read them one by one.
    texts = {name: str(row[name]) for name in NUMBERS if name != "amount" and row[name] is not None}
    assert texts
    one_by_one = RowEncoder(artifacts["none"]).encode([{**row, **texts, "amount": value}]).tabular
    assert plain.tolist() == one_by_one.tolist()


@settings(max_examples=20, deadline=None)
@given(several=st.lists(rows, max_size=40))
def test_what_a_row_means_does_not_depend_on_the_others(artifacts, several):
    encoder = RowEncoder(artifacts["quantile"])
    together = encoder.encode(several)
    assert len(together.tokens) == len(several)
    for index, row in enumerate(several):
        alone = encoder.encode([row])
        assert together.tokens[index].tolist() == alone.tokens[0].tolist()
        assert together.tabular[index].tolist() == alone.tabular[0].tolist()


def test_a_row_is_encoded_as_training_encoded_it(artifacts):
    raw = samples.orders()
    for chosen in artifacts.values():
        prepared = prepare(raw, ColumnSchema.parse(samples.COLUMNS).resolve(raw, "orders"))
        tokens, tabular = RowEncoder(chosen).encode(raw.to_dicts())
        expected = chosen.text.encode(prepared)
        assert tokens.values.tolist() == expected.values.tolist()
        assert tokens.offsets.tolist() == expected.offsets.tolist()
        assert np.array_equal(tabular, chosen.features.transform(prepared))


def test_many_fields_are_scaled_as_one_by_one(artifacts):
    random = np.random.default_rng(0)
    names = [f"f{index}" for index in range(40)]
    frame = pl.DataFrame({name: random.integers(0, 1 + 7 * index, 300) / 3 for index, name in enumerate(names)})
    schema = artifacts["none"].schema.model_copy(update={"tab_field_list": tuple(names), "cat_field_list": ()})
    features = FeatureEncoder.fit(frame.with_columns(label=pl.lit(1)), schema, numeric_transform="quantile")
    chosen = dataclasses.replace(artifacts["none"], schema=schema, features=features)
    rows = frame.with_columns(**{name: pl.lit("x") for name in ("objectId", *TEXTS)})
    asked = rows.with_columns(pl.col(names) * 1.7 - 3)
    assert np.array_equal(RowEncoder(chosen).encode(asked.to_dicts()).tabular, features.transform(asked))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"amount": "many"}, "column 'amount' holds 'many' in row 2; expected a number, or nothing"),
        ({"amount": [1]}, "column 'amount' is a list in row 2; expected a number, or nothing"),
        ({"customerName": {"first": "Anna"}}, "column 'customerName' is a dict in row 2; expected text"),
        ({"paymentMethod": ["card"]}, "column 'paymentMethod' is a list in row 2"),
        ({"objectId": []}, "column 'objectId' is a list in row 2"),
        ({"customerName": "\ud800"}, "half a surrogate pair"),
    ],
)
def test_what_cannot_be_is_named_with_its_row(artifacts, change, message):
    good = samples.orders(1).row(0, named=True)
    with pytest.raises(DataError, match=message):
        RowEncoder(artifacts["none"]).encode([good, {**good, **change}])


def test_missing_columns_are_all_named_with_the_row(artifacts):
    good = samples.orders(1).row(0, named=True)
    short = {name: value for name, value in good.items() if name not in ("objectId", "amount", "paymentMethod")}
    with pytest.raises(DataError, match="row 2: missing columns 'objectId', 'amount', 'paymentMethod'"):
        RowEncoder(artifacts["none"]).encode([good, short])


@pytest.mark.parametrize("model_class", list(samples.MODELS))
def test_a_row_has_the_score_that_its_table_has(tmp_path, model_class):
    trained = samples.train(tmp_path, model_class)
    predictor = Predictor.load(trained.model_dir)
    frame = samples.orders(300, seed=7)
    together = predictor.probabilities(frame)
    assert np.array_equal(predictor.row_probabilities(frame.to_dicts()), together)
    for index in range(20):
        alone = predictor.row_probabilities([frame.row(index, named=True)])
        assert np.array_equal(alone, predictor.probabilities(frame[index]))
        assert np.abs(alone[0] - together[index]).max() < 1e-6
    assert predictor.row_probabilities([]).shape == (0, 2)
