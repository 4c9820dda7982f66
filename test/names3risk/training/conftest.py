"""A toy task that tiny models learn in a second: token 8 speaks for class 1, as does the first feature."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl
import pytest
import torch

from names3risk.data.datasets import EncodedSplit
from names3risk.hyperparameters import Hyperparameters, parse_hyperparameters
from names3risk.text.ragged import RaggedTokens

torch.set_num_threads(1)  # tiny matrices: a second thread would only wait for the first

TINY: dict[str, dict[str, Any]] = {
    "lstm2risk": {"embedding_size": 4, "hidden_size": 4, "n_lstm_layers": 1, "n_residual_blocks": 1},
    "transformer2risk": {"embedding_size": 4, "hidden_size": 4, "n_blocks": 1, "n_heads": 2, "n_residual_blocks": 1},
}
BERT: dict[str, Any] = {"bert_hidden_size": 4, "bert_layers": 1, "bert_heads": 2, "bert_intermediate_size": 4}
BERT |= {"hidden_common_dim": 4, "initializer_range": 0.3, "lr": 0.001}
TINY |= {
    "multimodal_bert": BERT,
    "multimodal_cnn": {"embedding_size": 4, "n_filters": 4, "hidden_common_dim": 4},
    "multimodal_moe": {**BERT, "fusion_dim": 4},
    "multimodal_gate_fusion": {**BERT, "fusion_dim": 4},
    "multimodal_cross_attn": {**BERT, "n_heads": 2},
    "bert": {name: value for name, value in BERT.items() if name != "hidden_common_dim"},
    "lstm": {"embedding_size": 4, "hidden_common_dim": 4},
}
VOCABULARY = 20


@pytest.fixture(scope="session")
def toy_split() -> Callable[..., EncodedSplit]:
    def make(rows: int = 60, seed: int = 0, num_classes: int = 2) -> EncodedSplit:
        random = np.random.default_rng(seed)
        labels = random.integers(0, num_classes, rows)
        tokens = [
            [8 if label and random.random() < 0.8 else 9, *random.integers(10, VOCABULARY, random.integers(0, 6))]
            for label in labels
        ]
        features = random.normal(size=(rows, 2)).astype(np.float32)
        features[:, 0] += labels
        return EncodedSplit(RaggedTokens.from_lists(tokens), features, labels.astype(np.int64), pl.Series(range(rows)))

    return make


@pytest.fixture(scope="session")
def tiny() -> Callable[..., Hyperparameters]:
    def make(name: str = "transformer2risk", **values: Any) -> Hyperparameters:
        common = {"batch_size": 16, "max_epochs": 2, "val_check_interval": 1.0}
        return parse_hyperparameters({"model_class": name, **TINY[name], **common, **values})

    return make
