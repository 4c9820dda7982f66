"""The comparison of models with baselines: one split, every metric, and baselines that do find the signal."""

import json

import numpy as np
import polars as pl
import pytest

from names3risk.bench.baselines import baselines
from names3risk.bench.quality import METRICS, Candidate, compare
from names3risk.data.preparation import LABEL
from names3risk.data.schema import ColumnSchema
from names3risk.errors import DataError
from names3risk.evaluation.metrics import evaluate
from names3risk.hyperparameters import parse_hyperparameters
from names3risk.text.tokenizer import TokenizerSettings

SCHEMA = ColumnSchema.parse(
    {
        "id_name": "id",
        "time_name": "day",
        "label": {"column": "fraud", "classes": [[0], [1]]},
        "text_source_fields": ["name", "mail"],
        "tab_field_list": ["amount"],
        "cat_field_list": ["method"],
        "split": {"train": 0.6, "val": 0.2, "test": 0.2},
    },
    "test",
)


def orders(rows=600, seed=0):
    """Half of the risk is in the spelling of the name, half in the amount."""
    random = np.random.default_rng(seed)
    odd_name, high_amount = random.random(rows) < 0.5, random.random(rows) < 0.5
    fraud = (odd_name & high_amount) | (random.random(rows) < 0.05)
    return pl.DataFrame(
        {
            "id": [f"o{i}" for i in range(rows)],
            "day": np.arange(rows),
            "fraud": fraud.astype(int),
            "name": [f"{'xqzk' if odd else 'anna'} {random.integers(100)}" for odd in odd_name],
            "mail": [None if i % 7 == 0 else f"u{i}@example.org" for i in range(rows)],
            "amount": [None if i % 11 == 0 else 100.0 * high + random.random() for i, high in enumerate(high_amount)],
            "method": random.choice(["card", "bank"], rows),
        }
    )


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "orders.parquet"
    orders().write_parquet(path)
    return path


def test_stacking_both_parts_beats_each(table):
    rows = orders().rename({"fraud": LABEL})
    train, test = rows.head(400), rows.tail(200)
    spelling, boosting, both = (
        evaluate(test[LABEL].to_numpy(), np.column_stack([1 - score, score])).overall.values["auroc"]
        for score in (each.fit_predict(train, test) for each in baselines(SCHEMA))
    )
    assert 0.6 < spelling < both
    assert 0.6 < boosting < both
    assert both > 0.85


def test_every_candidate_is_trained_once_a_seed_on_the_same_split(table, tmp_path):
    hyperparameters = {
        "model_class": "lstm2risk",
        "embedding_size": 8,
        "hidden_size": 8,
        "n_lstm_layers": 1,
        "max_epochs": 1,
        "batch_size": 64,
    }
    candidate = Candidate(
        "lstm2risk",
        TokenizerSettings(min_frequency=2, min_vocab_size=60, max_vocab_size=60),
        parse_hyperparameters(hyperparameters),
    )
    told = []
    comparison = compare(table, SCHEMA, [candidate], tmp_path / "work", seeds=[3, 4], on_result=told.append)
    assert comparison.rows == {"train": 360, "val": 120, "test": 120}
    assert [len(result.runs) for result in comparison.results] == [1, 1, 1, 2]
    first, second = comparison.results[-1].runs
    assert first != second
    assert len(told) == 4
    saved = json.loads(json.dumps(comparison.to_json()))
    assert saved["results"][-1]["mean"]["auroc"] == pytest.approx((first["auroc"] + second["auroc"]) / 2)
    assert all(set(result["mean"]) == set(METRICS) for result in saved["results"])


def test_a_test_split_of_one_class_is_refused(tmp_path):
    path = tmp_path / "orders.parquet"
    orders().with_columns(pl.when(pl.col("day") >= 480).then(0).otherwise("fraud").alias("fraud")).write_parquet(path)
    with pytest.raises(DataError, match="test"):
        compare(path, SCHEMA, [], tmp_path / "work")
