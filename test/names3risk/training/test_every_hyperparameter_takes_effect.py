"""Every field of every hyperparameter class changes something that can be seen, or is refused.

A run's fingerprint is what it leaves: initial and final weights, history, steps and the scores of the model. For each
field there is a changed value, and the setting in which it matters; the two fingerprints must differ. Elsewhere:
what the training job hands on, and when checkpoints are written, which only shows when a run breaks off.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import torch
from torch import nn

from names3risk.data.datasets import EncodedSplit, batches
from names3risk.errors import ConfigError
from names3risk.hyperparameters import HYPERPARAMETER_CLASSES, Hyperparameters
from names3risk.models import MODEL_CLASSES, build_model, reads_tabular
from names3risk.text.chunks import build_text_encoder
from names3risk.text.tokenizer import TokenizerSettings, train_tokenizer
from names3risk.training.trainer import fit

Tiny = Callable[..., Hyperparameters]
FIXED: dict[str, Any] = {"scheduler": "fixed"}
SGD: dict[str, Any] = {"optimizer": "sgd", "scheduler": "fixed"}
COSINE: dict[str, Any] = {"scheduler": "warmup_cosine", "warmup_epochs": 1}
STUCK: dict[str, Any] = {"lr": 0.05, "max_epochs": 6, "early_stop_patience": 2, "scheduler": "fixed"}
PERIODIC: dict[str, Any] = {"numeric_embedding": "periodic"}
NGRAMS: dict[str, Any] = {"ngram_max": 2, "lr": 0.05}

CHANGES: dict[str, tuple[dict[str, Any], Any]] = {
    "num_classes": ({}, 3),
    "max_sen_len": ({}, 4),
    "loss": ({}, "focal"),
    "ignore_index": ({}, 1),
    "class_weights": ({}, [1.0, 5.0]),
    "label_smoothing": ({}, 0.2),
    "focal_gamma": ({"loss": "focal"}, 5.0),
    "optimizer": (FIXED, "sgd"),
    "lr": ({}, 0.05),
    "weight_decay": ({"lr": 0.05}, 1.0),
    "adam_epsilon": (FIXED, 0.1),
    "adam_betas": (FIXED, (0.5, 0.9)),
    "adagrad_initial_accumulator": ({"optimizer": "adagrad", "scheduler": "fixed"}, 0.5),
    "sgd_momentum": (SGD, 0.1),
    "batch_size": ({}, 10),
    "accumulate_grad_batches": ({}, 2),
    "gradient_clip_val": (SGD, 0.01),
    "run_scheduler": ({}, False),
    "scheduler": ({}, "linear_warmup"),
    "pct_start": ({}, 0.6),
    "cycle_momentum": ({"lr": 0.05}, False),
    "warmup_steps": ({}, 6),
    "warmup_epochs": ({**COSINE, "max_epochs": 4}, 3),
    "schedule_interval": (COSINE, "step"),
    "min_lr": ({**COSINE, "max_epochs": 3}, 1e-4),
    "max_epochs": ({}, 3),
    "min_epochs": (STUCK, 6),
    "val_check_interval": ({}, 0.5),
    "early_stop_metric": (STUCK, "val_auroc"),
    "early_stop_patience": (STUCK, 1),
    "load_ckpt": ({**STUCK, "early_stop_patience": 5}, False),
    "weight_averaging": ({}, "swa"),
    "ema_decay": ({"weight_averaging": "ema", "max_epochs": 4, "load_ckpt": False}, 0.2),
    "swa_start": ({"weight_averaging": "swa", "load_ckpt": False}, 0.0),
    "precision": ({}, "bf16"),
    "fp16": ({}, True),
    "seed": ({}, 1),
    "embedding_size": ({}, 8),
    "hidden_size": ({}, 6),
    "n_lstm_layers": ({}, 2),
    "n_blocks": ({}, 2),
    "n_heads": ({}, 1),
    "n_residual_blocks": ({}, 2),
    "dropout_rate": ({}, 0.3),
    "embedding_dropout": ({}, 0.5),
    "token_dropout": ({}, 0.5),
    "field_dropout": ({}, 0.5),
    "text_dropout": ({}, 0.5),
    "tabular_dropout": ({}, 0.5),
    "ngram_max": ({}, 2),
    "ngram_min": (NGRAMS, 2),
    "ngram_buckets": (NGRAMS, 5),
    "ngram_scale": (NGRAMS, 5.0),
    "ngram_dropout": (NGRAMS, 0.5),
    "max_total_chunks": ({"max_sen_len": 4}, 1),
    "text_steps": ({}, []),
    "hidden_common_dim": ({}, 6),
    "numeric_embedding": ({}, "periodic"),
    "numeric_embedding_size": (PERIODIC, 3),
    "numeric_frequencies": (PERIODIC, 3),
    "numeric_frequency_scale": (PERIODIC, 1.0),
    "fusion_dim": ({}, 6),
    "n_filters": ({}, 5),
    "kernel_sizes": ({}, [3]),
    "pooling": ({}, "mean"),
    "bert_hidden_size": ({}, 8),
    "bert_layers": ({}, 2),
    "bert_heads": ({}, 1),
    "bert_intermediate_size": ({}, 9),
    "bert_positions": ({}, 200),
    "bert_dropout": ({}, 0.5),
    "bert_activation": ({}, "relu"),
    "bert_layer_norm_eps": ({}, 0.1),
    "initializer_range": ({}, 0.5),
}


@cache
def table() -> tuple[pl.DataFrame, Any]:
    random = np.random.default_rng(0)
    labels = random.integers(0, 2, 60)
    names = ["Ann Lee" if label and random.random() < 0.8 else "Bob Ray Old" for label in labels]
    frame = pl.DataFrame(
        {
            "name": [f"{n} {c}" for n, c in zip(names, random.integers(0, 9, 60), strict=True)],
            "x": random.normal(size=60) * 3 + labels,
            "label": labels,
        }
    )
    tokenizer, _ = train_tokenizer(
        {"name": frame["name"]}, TokenizerSettings(min_frequency=2, min_vocab_size=30, max_vocab_size=40)
    )
    return frame, tokenizer


def encoded(hyperparameters: Hyperparameters, flip: bool) -> EncodedSplit:
    frame, tokenizer = table()
    tokens = build_text_encoder(hyperparameters, tokenizer, ["name"]).encode(frame)
    labels = frame["label"].to_numpy()
    columns = [] if reads_tabular(MODEL_CLASSES[hyperparameters.model_class]) == "never" else ["x"]
    features = frame.select(columns).to_numpy().astype(np.float32).reshape(frame.height, len(columns))
    return EncodedSplit(tokens, features, 1 - labels if flip else labels)


def fingerprint(hyperparameters: Hyperparameters, folder: Path, flip: bool) -> list[Any]:
    """What a run leaves; with `flip` the validation labels are swapped, so that learning makes validation worse."""
    columns = 0 if reads_tabular(MODEL_CLASSES[hyperparameters.model_class]) == "never" else 1
    model = build_model(hyperparameters, table()[1].get_vocab_size(), columns)
    first = nn.utils.parameters_to_vector(model.parameters()).tolist()
    train = encoded(hyperparameters, flip=False)
    result = fit(
        model, hyperparameters, train, encoded(hyperparameters, flip), folder, accelerator="cpu", progress=False
    )
    (batch,) = batches(train, 100)
    with torch.inference_mode():
        logits = result.model(batch.input_ids, batch.attention_mask, batch.tabular).tolist()
    last = nn.utils.parameters_to_vector(model.parameters()).tolist()
    return [first, last, logits, result.history, result.best_value, result.steps, result.epochs]


@pytest.fixture(scope="module")
def fingerprints(tiny: Tiny, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., list[Any]]:
    known: dict[str, list[Any]] = {}

    def of(name: str, **values: Any) -> list[Any]:
        hyperparameters = tiny(name, **values)
        key = hyperparameters.model_dump_json()
        if key not in known:
            known[key] = fingerprint(hyperparameters, tmp_path_factory.mktemp("run"), "early_stop_patience" in values)
        return known[key]

    return of


TABLE_CLASSES = [kind for kind in HYPERPARAMETER_CLASSES if kind not in ("pointer", "multimodal_boosted")]
"""The class of sequences and the one that is not trained by steps have tests of their own."""


WITH_PRETRAINED = {"pretrained", "freeze_encoder", "reinit_pooler", "reinit_layers"}
WITH_PRETRAINED |= {"lora_rank", "lora_alpha", "lora_dropout"}
"""What only pretrained weights give a meaning; they have tests of their own."""
EVERYTHING = ("lstm2risk", "transformer2risk")
"""Classes whose every field is tried; of the others, the fields that no class before them has."""


def fields() -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for kind in TABLE_CLASSES:
        cls = HYPERPARAMETER_CLASSES[kind]
        elsewhere = {*cls.DATA_FIELDS, *cls.FEATURE_FIELDS, *cls.EXECUTION_FIELDS, *WITH_PRETRAINED}
        elsewhere |= {"model_class", "is_binary", "checkpoint_every_n_steps", "checkpoint_every_n_seconds"}
        if kind not in EVERYTHING:
            elsewhere |= {
                field for known, field in found if known in EVERYTHING and field in Hyperparameters.model_fields
            }
            elsewhere |= {field for known, field in found if known not in EVERYTHING}
        found += [(kind, field) for field in cls.model_fields if field not in elsewhere]
    return found


@pytest.mark.parametrize(("kind", "field"), fields())
def test_changing_it_changes_the_run(kind: str, field: str, fingerprints: Callable[..., list[Any]]) -> None:
    context, value = CHANGES[field]
    assert fingerprints(kind, **{**context, field: value}) != fingerprints(kind, **context)


def test_is_binary_is_checked_against_the_number_of_classes(tiny: Tiny) -> None:
    with pytest.raises(ConfigError, match="is_binary False disagrees with num_classes 2"):
        tiny(is_binary=False)


def test_model_classes_give_different_networks(fingerprints: Callable[..., list[Any]]) -> None:
    assert fingerprints("lstm2risk") != fingerprints("transformer2risk")
