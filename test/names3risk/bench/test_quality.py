"""The comparison of models with baselines: one split, every metric, and baselines that do find the signal."""

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from sklearn.metrics import roc_auc_score
from typer.testing import CliRunner

from names3risk.bench.baselines import baselines
from names3risk.bench.given_splits import GIVEN_SPLITS, given_split
from names3risk.bench.quality import METRICS, Candidate, compare
from names3risk.bench.resampling import resampled_auroc
from names3risk.cli.app import app
from names3risk.data.preparation import LABEL
from names3risk.data.schema import ColumnSchema
from names3risk.data.splits import load_split
from names3risk.errors import ConfigError, DataError
from names3risk.evaluation.metrics import evaluate
from names3risk.hyperparameters import parse_hyperparameters
from names3risk.models import MODEL_CLASSES
from names3risk.text.tokenizer import TokenizerSettings

DATA = Path(__file__).parents[4] / "shared" / "data"
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
    spelling, boosting, _, both = (
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
    assert [len(result.runs) for result in comparison.results] == [1, 1, 1, 1, 2]
    first, second = comparison.results[-1].runs
    assert first != second
    assert len(told) == 5
    saved = json.loads(json.dumps(comparison.to_json()))
    assert saved["results"][-1]["mean"]["auroc"] == pytest.approx((first["auroc"] + second["auroc"]) / 2)
    assert all(set(result["mean"]) == set(METRICS) for result in saved["results"])
    for result in comparison.results:
        assert result.interval[0] < result.mean("auroc") < result.interval[1]
    assert comparison.lead.model == "lstm2risk"
    best = max(result.mean("auroc") for result in comparison.results[:-1])
    assert comparison.lead.auroc == pytest.approx(saved["results"][-1]["mean"]["auroc"] - best)
    assert comparison.lead.interval[0] < comparison.lead.auroc < comparison.lead.interval[1]


def test_resampling_gives_the_spread_of_the_auroc():
    random = np.random.default_rng(0)
    labels = random.integers(0, 2, 400)
    scores = labels + random.normal(size=400)
    rounded = np.round(scores)
    draws = resampled_auroc(labels, [scores])
    assert draws.mean() == pytest.approx(roc_auc_score(labels, scores), abs=0.003)
    # Hanley and McNeil 1982: the standard error of an AUROC A of n positive and m negative rows.
    area, positive = roc_auc_score(labels, scores), labels.sum()
    negative = 400 - positive
    q1, q2 = area / (2 - area), 2 * area**2 / (1 + area)
    variance = area * (1 - area) + (positive - 1) * (q1 - area**2) + (negative - 1) * (q2 - area**2)
    assert draws.std() == pytest.approx(np.sqrt(variance / positive / negative), rel=0.1)
    assert resampled_auroc(labels, [rounded]).mean() == pytest.approx(roc_auc_score(labels, rounded), abs=0.003)
    assert np.array_equal(draws, resampled_auroc(labels, [scores]))
    assert resampled_auroc(labels, [scores, -scores]).mean() == pytest.approx(0.5)


@pytest.mark.parametrize("name", [each.name for each in GIVEN_SPLITS])
def test_a_given_split_is_written_as_published(name, tmp_path):
    file = next((DATA / name).glob(f"{name}*_*.parquet"), None) if DATA.is_dir() else None
    if file is None:
        pytest.skip(f"no copy of {name} beside the repository")
    chosen = given_split(name)
    folder = chosen.write_splits(file, tmp_path / "splits")
    rows = {part: load_split(folder / part).frame.height for part in ("train", "val", "test")}
    expected = {"twitterbot": (6003, 1485), "sms_spam": (1672, 3902), "youtube_spam": (1138, 818)}[name]
    assert (rows["train"] + rows["val"], rows["test"]) == expected
    assert 0.05 < rows["val"] / expected[0] < 0.15


def test_every_given_data_set_has_models_whose_settings_are_valid():
    for each in GIVEN_SPLITS:
        names = [candidate.hyperparameters.model_class for candidate in each.candidates()]
        assert names
        assert all(name in MODEL_CLASSES for name in names)


def test_another_file_is_named_as_not_this_data_set(table, tmp_path):
    with pytest.raises(DataError, match=r"lacks the columns screen_name.*expected the data set twitterbot"):
        given_split("twitterbot").write_splits(table, tmp_path / "splits")


def test_data_that_is_not_fetched_needs_its_file():
    result = CliRunner().invoke(app, ["bench", "quality", "--data", "sms_spam"])
    assert isinstance(result.exception, ConfigError)
    assert "sms_spam is not fetched" in str(result.exception)


def test_one_table_shows_baselines_models_and_the_lead(tmp_path):
    random = np.random.default_rng(7)
    spam = random.random(500) < 0.3
    words = ["call now free prize", "see you at lunch", "ok thanks", "meeting at noon"]
    texts = [words[0] if bad and random.random() < 0.8 else random.choice(words) for bad in spam]
    file = tmp_path / "sms.parquet"
    pl.DataFrame({"label": np.where(spam, "spam", "ham"), "text": texts}).write_parquet(file)
    arguments = ["bench", "quality", "--data", "sms_spam", "--file", str(file), "--seeds", "1", "--model", "lstm2risk"]
    result = CliRunner().invoke(app, [*arguments, "--json", str(tmp_path / "found.json")])
    assert result.exit_code == 0, result.output
    assert "character n-grams" in result.output
    assert "AUROC from logistic regression" in result.output
    found = json.loads((tmp_path / "found.json").read_text())
    assert [entry["learned_from"] for entry in found["results"]] == ["train + val", "train"]
    wrong = CliRunner().invoke(app, [*arguments[:-1], "pointer"])
    assert "no settings of pointer for sms_spam" in str(wrong.exception)


def test_a_test_split_of_one_class_is_refused(tmp_path):
    path = tmp_path / "orders.parquet"
    orders().with_columns(pl.when(pl.col("day") >= 480).then(0).otherwise("fraud").alias("fraud")).write_parquet(path)
    with pytest.raises(DataError, match="test"):
        compare(path, SCHEMA, [], tmp_path / "work")
