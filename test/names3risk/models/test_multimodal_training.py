"""Each multimodal class from training to served scores: one small training a class, looked at from several sides."""

from __future__ import annotations

import numpy as np
import onnxruntime
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from names3risk import api
from names3risk.data.writing import write_table
from names3risk.errors import ConfigError
from names3risk.hyperparameters import parse_hyperparameters
from names3risk.models import MODEL_CLASSES, reads_tabular
from names3risk.serving import Predictor
from names3risk.text.special import CLS_ID

BERT = {"bert_hidden_size": 8, "bert_layers": 1, "bert_heads": 2, "bert_intermediate_size": 8, "initializer_range": 0.2}
SMALL = {
    "multimodal_bert": {**BERT, "hidden_common_dim": 8, "pooling": "mean", "numeric_embedding": "periodic"},
    "multimodal_cnn": {"embedding_size": 8, "n_filters": 8, "hidden_common_dim": 8},
    "multimodal_moe": {**BERT, "hidden_common_dim": 16, "fusion_dim": 16},
    "multimodal_gate_fusion": {**BERT, "hidden_common_dim": 16, "fusion_dim": 16},
    "multimodal_cross_attn": {**BERT, "hidden_common_dim": 8, "n_heads": 2},
    "bert": BERT,
    "lstm": {"embedding_size": 8, "hidden_common_dim": 8},
}
COLUMNS = {
    "id_name": "id",
    "time_name": "day",
    "label": {"column": "kind", "classes": [["fine"], ["bad"], ["odd"]]},
    "text_source_fields": ["dialogue", "name"],
    "tab_field_list": ["amount"],
    "cat_field_list": ["method"],
    "split": {"train": 0.6, "val": 0.2, "test": 0.2},
}
PARTS = ["hello there", "where is my parcel", "<b>refund</b> now &amp; fast", "no thanks", "bye \U0001f600"]
LENGTH = 14


def dialogues(rows: int = 200, seed: int = 0) -> pl.DataFrame:
    """Three kinds of rows: the bad ones ask for a refund, the odd ones have high amounts."""
    random = np.random.default_rng(seed)
    kinds = random.integers(0, 3, rows)
    texts: list[str | None] = []
    for kind in kinds:
        messages = [PARTS[2] if kind == 1 else PARTS[0], *random.choice(PARTS, random.integers(0, 4))]
        texts.append("".join(f"[bom]{message}[eom]" for message in messages))
    texts[3::17] = [None] * len(texts[3::17])
    return pl.DataFrame(
        {
            "id": [f"d{row}" for row in range(rows)],
            "day": np.arange(rows),
            "kind": [("fine", "bad", "odd")[kind] for kind in kinds],
            "dialogue": texts,
            "name": random.choice(["ann", "bob", ""], rows),
            "amount": random.gamma(2, 20, rows) + 80 * (kinds == 2),
            "method": random.choice(["card", "bank"], rows),
        }
    )


@pytest.fixture(scope="module", params=list(SMALL))
def trained(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp(request.param)
    write_table(dialogues(), folder / "raw.parquet")
    text_alone = reads_tabular(MODEL_CLASSES[request.param]) == "never"
    fields = {"tab_field_list": [], "cat_field_list": []} if text_alone else {}
    result = api.train(
        {
            "data": folder / "raw.parquet",
            "columns": {**COLUMNS, **fields},
            "hyperparameters": {
                "model_class": request.param,
                "num_classes": 3,
                "class_weights": [1, 2, 1],
                "max_sen_len": LENGTH,
                "max_epochs": 6,
                "early_stop_patience": 24,
                "batch_size": 16,
                "lr": 0.01,
                **SMALL[request.param],
            },
            "output": folder / "out",
        }
    )
    return request.param, result, Predictor.load(result.model_dir)


@pytest.fixture(scope="module")
def session(trained):
    return onnxruntime.InferenceSession(str(trained[1].model_dir / "model.onnx"))


def test_every_multimodal_class_is_trained_here():
    assert set(SMALL) <= set(MODEL_CLASSES)


def test_it_learns(trained):
    name, result, _ = trained
    assert result.evaluations["val"].overall.values["auroc"] > 0.6, name


def test_pytorch_and_onnx_give_the_same_predictions(trained):
    _, result, predictor = trained
    rows = dialogues(60, seed=1).drop("kind")
    onnx, torch = predictor.predict(rows), Predictor.load(result.model_dir, "torch").predict(rows)
    classes = [f"prob_class_{index}" for index in range(3)]
    assert np.abs(onnx.select(classes).to_numpy() - torch.select(classes).to_numpy()).max() < 1e-5
    assert onnx["id"].to_list() == rows["id"].to_list()


def test_single_rows_are_scored_as_in_a_table(trained):
    _, _, predictor = trained
    rows = dialogues(20, seed=2).drop("kind")
    table = predictor.predict(rows).select(f"prob_class_{index}" for index in range(3)).to_numpy()
    assert np.abs(predictor.row_probabilities(rows.to_dicts()) - table).max() < 1e-6


def test_a_row_without_any_text_is_scored(trained):
    _, _, predictor = trained
    rows = dialogues(3).with_columns(dialogue=pl.lit(None, pl.String), name=pl.lit(""))
    assert np.isfinite(predictor.predict(rows)["prob_class_0"].to_numpy()).all()


def test_later_chunks_are_read_up_to_the_last(trained):
    _, _, predictor = trained
    start = "".join(f"[bom]{PARTS[1]}[eom]" for _ in range(2))
    variants = [
        start,
        start + f"[bom]{PARTS[2]}[eom]",
        start + "[bom]no thanks[eom]" * 40,
        start + "[bom]no thanks[eom]" * 41,
    ]
    rows = pl.concat([dialogues(1)] * 4).with_columns(dialogue=pl.Series(variants), id=pl.Series(["a", "b", "c", "d"]))
    scores = predictor.predict(rows)["prob_class_1"].to_numpy()
    assert abs(scores[0] - scores[1]) > 1e-6
    assert scores[2] == scores[3]


@settings(max_examples=15, deadline=None)
@given(
    lengths=st.lists(st.integers(0, 3 * LENGTH), min_size=2, max_size=6),
    second_chunk=st.integers(1, LENGTH),
    seed=st.integers(0, 99),
)
def test_a_row_scores_the_same_alone_and_among_others(trained, session, lengths, second_chunk, seed):
    predictor = trained[2]
    random = np.random.default_rng(seed)
    width = max(1, *lengths)
    ids = random.integers(0, predictor.artifacts.vocabulary_size, (len(lengths), width))
    ids[:, 0] = CLS_ID
    ids[:, min(second_chunk, width - 1)] = CLS_ID
    mask = np.arange(width) < np.array(lengths)[:, None]
    features = len(predictor.artifacts.features.feature_columns)
    tabular = random.normal(size=(len(lengths), features)).astype(np.float32)

    def probabilities(rows, size):
        feed = {"input_ids": ids[rows, :size], "attention_mask": mask[rows, :size], "tabular": tabular[rows]}
        return session.run(["probabilities"], feed)[0]

    together = probabilities(slice(None), width)
    for row, length in enumerate(lengths):
        alone = probabilities(slice(row, row + 1), max(1, length))
        assert np.abs(alone[0] - together[row]).max() < 1e-5


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"model_class": "bert", "bert_heads": 3}, "bert_heads 3 does not divide bert_hidden_size 128"),
        ({"model_class": "bert", "max_sen_len": 1000}, "max_sen_len 1000 is greater than bert_positions 512"),
        ({"model_class": "bert", "freeze_encoder": True}, "freeze_encoder has no effect without pretrained"),
        ({"model_class": "bert", "reinit_layers": 1}, "reinit_layers has no effect without pretrained"),
        ({"model_class": "bert", "reinit_pooler": True}, "reinit_pooler has no effect without pretrained"),
        ({"model_class": "bert", "lora_rank": 2}, "lora_rank needs pretrained"),
        ({"model_class": "bert", "lora_alpha": 2}, "have no effect with lora_rank 0"),
        ({"model_class": "bert", "hidden_common_dim": 2}, "unknown hyperparameter 'hidden_common_dim'"),
        ({"model_class": "multimodal_cross_attn", "pooling": "mean"}, "unknown hyperparameter 'pooling'"),
        ({"model_class": "multimodal_cross_attn", "n_heads": 3}, "n_heads 3 does not divide hidden_common_dim 128"),
        ({"model_class": "multimodal_cnn", "kernel_sizes": [4]}, "kernel_sizes must be odd"),
        ({"model_class": "multimodal_cnn", "numeric_frequencies": 4}, "numeric_frequencies has no effect"),
        (
            {"model_class": "lstm", "text_steps": ["text_normalizer", "html_normalizer"]},
            "text_steps must be in this order",
        ),
        ({"model_class": "lstm", "text_steps": [], "max_total_chunks": 2}, "max_total_chunks has no effect"),
        ({"model_class": "lstm", "max_sen_len": 1}, "max_sen_len must be 2 or more"),
    ],
)
def test_settings_that_do_not_fit_together_are_refused(values, message):
    with pytest.raises(ConfigError, match=message):
        parse_hyperparameters(values)
