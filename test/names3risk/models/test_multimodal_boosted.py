"""Boosted trees as a network: the same as scikit-learn's, exported, trained as a job, every setting in effect."""

from __future__ import annotations

import re

import names3risk_samples as samples
import numpy as np
import polars as pl
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression

from names3risk.artifacts.onnx_agreement import largest_difference
from names3risk.artifacts.onnx_export import INPUTS, OUTPUTS, ScoringNetwork, export_onnx
from names3risk.data.datasets import EncodedSplit, batches
from names3risk.errors import ConfigError
from names3risk.hyperparameters import parse_hyperparameters
from names3risk.models import build_model
from names3risk.models.ngram_fitting import NgramModel, count_ngrams
from names3risk.models.ngrams import NgramLogits
from names3risk.models.trees import TreeEnsemble
from names3risk.serving import Predictor
from names3risk.text.ragged import RaggedTokens
from names3risk.training.job import run_training_job
from pipeline_step_specs.training_metrics import PYTORCH_TRAINING_METRICS

VOCABULARY, FIELDS = 30, ["a", "b", "c"]
SMALL = {
    "n_members": 2,
    "boosting_rounds": 8,
    "max_leaves": 6,
    "max_depth": 4,
    "min_leaf_rows": 4,
    "ngram_buckets": 997,
}
SMALL |= {"tab_field_list": FIELDS, "ratio_fields": ["a", "b"], "ngram_max": 3}


def split(rows=240, classes=2, seed=0):
    """Token 9 speaks for a higher class, as does the ratio of the first two features."""
    random = np.random.default_rng(seed)
    labels = random.integers(0, classes, rows)
    tokens = [[9 if label and random.random() < 0.7 else 8, *random.integers(10, VOCABULARY, 3)] for label in labels]
    scale = random.gamma(1, 100, rows)
    features = np.stack([scale * (1 + labels / 2 + random.random(rows)), scale, random.normal(size=rows)], axis=1)
    return EncodedSplit(RaggedTokens.from_lists(tokens), features.astype(np.float32), labels.astype(np.int64))


def fitted(classes=2, **values):
    hyperparameters = parse_hyperparameters(
        {"model_class": "multimodal_boosted", "num_classes": classes, **SMALL, **values}
    )
    model = build_model(hyperparameters, VOCABULARY, len(FIELDS))
    model.fit(split(classes=classes))
    return model.eval()


def logits(model, rows):
    (batch,) = batches(rows, 1000)
    with torch.inference_mode():
        found = model(batch.input_ids, batch.attention_mask, batch.tabular)
    return found[torch.argsort(batch.rows)].numpy()


@pytest.mark.parametrize("classes", [2, 3])
def test_trees_give_the_mean_of_the_raw_predictions_of_their_members(classes):
    random = np.random.default_rng(0)
    columns = np.round(random.normal(size=(300, 4)), 1).astype(np.float32)
    labels = (columns[:, 0] > 0).astype(int) + (classes == 3) * (columns[:, 1] > 0.5)
    members = [
        HistGradientBoostingClassifier(
            max_iter=7, max_leaf_nodes=9, max_depth=5, early_stopping=False, max_features=0.5, random_state=seed
        ).fit(columns, labels)
        for seed in range(2)
    ]
    trees = TreeEnsemble(14, 17, 5, 1 if classes == 2 else 3)
    trees.load(members)
    wanted = np.mean([member.decision_function(columns).reshape(300, -1) for member in members], axis=0)
    assert np.abs(trees(torch.from_numpy(columns)).numpy() - wanted).max() < 1e-5


def test_the_text_part_is_the_fitted_linear_model():
    rows = split()
    counts = count_ngrams(rows.tokens, 1, 3, 997)
    model = NgramModel(1.0, 1).fit(counts, rows.labels, np.ones(len(rows)))
    part = NgramLogits(1, 3, 997, 1.0, 0.0, 1)
    part.table.weight.data = torch.from_numpy(model.weights).float()
    (batch,) = batches(rows, 1000)
    found = part(batch.input_ids, batch.attention_mask).detach()[torch.argsort(batch.rows)].numpy() + model.bias
    assert np.abs(found - model.logits(counts)).max() < 1e-5
    assert ((found[:, 0] > 0) == rows.labels).mean() > 0.75


def test_rare_ngrams_have_no_weight():
    counts = count_ngrams(RaggedTokens.from_lists([[7, 8], [7, 9], [7, 8], [9]]), 1, 1, 50)
    model = NgramModel(1.0, 2).fit(counts, np.array([0, 1, 0, 1]), np.ones(4))
    assert np.count_nonzero(model.weights) <= 3
    once = count_ngrams(RaggedTokens.from_lists([[11]]), 1, 1, 50)
    assert model.logits(once)[0, 0] == model.bias[0]


@pytest.mark.parametrize("classes", [2, 3])
def test_onnx_agrees_with_pytorch(classes, tmp_path):
    model = fitted(classes)
    path = tmp_path / "model.onnx"
    export_onnx(model, path, n_tabular=3, vocabulary_size=VOCABULARY, max_length=12)
    (batch,) = batches(split(seed=5), 1000)
    real = [(batch.input_ids, batch.attention_mask, batch.tabular)]
    assert largest_difference(ScoringNetwork(model), path, real, INPUTS, OUTPUTS) < 1e-5


MODEL = fitted()


@settings(max_examples=20, deadline=None)
@given(lengths=st.lists(st.integers(0, 9), min_size=2, max_size=6), seed=st.integers(0, 99))
def test_a_row_scores_the_same_alone_and_among_others(lengths, seed):
    random = np.random.default_rng(seed)
    tokens = RaggedTokens.from_lists([random.integers(0, VOCABULARY, length).tolist() for length in lengths])
    features = random.normal(size=(len(lengths), 3)).astype(np.float32) * 100
    together = logits(MODEL, EncodedSplit(tokens, features))
    for row in range(len(lengths)):
        alone = EncodedSplit(tokens.take(np.array([row])), features[row : row + 1])
        assert np.abs(logits(MODEL, alone)[0] - together[row]).max() < 1e-5
    assert np.isfinite(together).all()


def test_ratios_of_numbers_and_text_both_help():
    def accuracy(**values):
        return (logits(fitted(**values), unseen).argmax(axis=1) == unseen.labels).mean()

    unseen = split(seed=7)
    assert accuracy() > accuracy(ratio_fields=[]) + 0.02
    blank = EncodedSplit(RaggedTokens.from_lists([[8]] * len(unseen)), unseen.tabular, unseen.labels)
    assert accuracy() > (logits(MODEL, blank).argmax(axis=1) == blank.labels).mean()


CHANGES = {
    "n_members": 1,
    "boosting_rounds": 5,
    "boosting_rate": 0.3,
    "max_leaves": 3,
    "max_depth": 1,
    "min_leaf_rows": 60,
    "leaf_l2": 50.0,
    "column_share": 1.0,
    "ratio_fields": ["a", "c"],
    "text_folds": 2,
    "ngram_min": 2,
    "ngram_max": 2,
    "ngram_buckets": 13,
    "ngram_strength": 0.01,
    "ngram_min_rows": 50,
    "class_weights": [1.0, 5.0],
    "seed": 3,
}


def test_every_setting_of_its_own_is_tried_here():
    cls = type(parse_hyperparameters({"model_class": "multimodal_boosted"}))
    own = {name for name in cls.__annotations__ if name in cls.model_fields} - {"model_class", "max_sen_len"}
    assert own | {"class_weights", "seed"} == set(CHANGES)


@pytest.mark.parametrize("name", list(CHANGES))
def test_changing_a_setting_changes_the_scores(name):
    assert not np.array_equal(logits(fitted(**{name: CHANGES[name]}), split()), logits(MODEL, split()))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"lr": 0.1}, "lr has no effect: multimodal_boosted is not trained by gradient steps"),
        ({"max_epochs": 3}, "max_epochs has no effect"),
        ({"ngram_min": 3, "ngram_max": 2}, "ngram_min 3 is greater than ngram_max 2"),
        ({"ratio_fields": ["a"]}, "ratio_fields must be two fields or more"),
        (
            {"ratio_fields": ["a", "b"], "tab_field_list": ["a"]},
            "ratio_fields names 'b', which are not in tab_field_list",
        ),
        ({"ratio_fields": ["a", "b"], "numeric_transform": "quantile"}, "ranks have no ratios"),
    ],
)
def test_settings_without_effect_are_refused(values, message):
    with pytest.raises(ConfigError, match=message):
        parse_hyperparameters({"model_class": "multimodal_boosted", **values})


def test_ratio_fields_without_the_order_of_the_fields_are_refused():
    hyperparameters = parse_hyperparameters({"model_class": "multimodal_boosted", "ratio_fields": ["a", "b"]})
    with pytest.raises(ConfigError, match="ratio_fields is set without tab_field_list"):
        build_model(hyperparameters, VOCABULARY, 3)


def test_a_job_trains_saves_and_serves_it(tmp_path, caplog):
    caplog.set_level("INFO")
    splits = samples.write_splits(tmp_path)
    own = {name: value for name, value in SMALL.items() if name not in ("tab_field_list", "ratio_fields")}
    result = run_training_job(
        train_dir=splits / "train",
        val_dir=splits / "val",
        test_dir=splits / "test",
        hyperparameters=parse_hyperparameters(
            {"model_class": "multimodal_boosted", **own, "ratio_fields": ["amount", "itemCount"]}
        ),
        model_dir=tmp_path / "model",
        data_dir=tmp_path / "data",
        checkpoint_dir=tmp_path / "checkpoints",
    )
    assert result.evaluations["test"].overall.values["auroc"] > 0.8
    assert re.search(PYTORCH_TRAINING_METRICS["val_loss"], caplog.text)
    rows = samples.orders(40, seed=3)
    onnx, network = (Predictor.load(result.model_dir, backend).predict(rows) for backend in ("onnx", "torch"))
    assert np.abs(onnx["score"].to_numpy() - network["score"].to_numpy()).max() < 1e-5
    assert isinstance(onnx, pl.DataFrame)


def test_out_of_fold_text_scores_are_worse_than_those_of_the_rows_learned_from():
    rows = split(rows=80)
    counts = count_ngrams(rows.tokens, 1, 3, 997)
    weights = np.ones(len(rows))
    out_of_fold = MODEL._out_of_fold(counts, rows.labels, weights)[:, 0]
    inside = NgramModel(1.0, 2).fit(counts, rows.labels, weights).logits(counts)[:, 0]
    fit = LogisticRegression().fit
    outer = fit(out_of_fold[:, None], rows.labels).score(out_of_fold[:, None], rows.labels)
    assert outer < fit(inside[:, None], rows.labels).score(inside[:, None], rows.labels)
