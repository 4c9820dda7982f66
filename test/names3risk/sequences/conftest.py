"""Invented events: each entity goes round a circle of its own, and sometimes does something else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest
import torch

from names3risk.hyperparameters.pointer import PointerHyperparameters
from names3risk.sequences.schema import SequenceSchema

torch.set_num_threads(1)  # tiny matrices: a second thread would only wait for the first


@pytest.fixture(scope="session")
def schema() -> SequenceSchema:
    return SequenceSchema(entity_name="who", item_name="what", time_name="when", context_fields=("shop",))


@pytest.fixture(scope="session")
def events() -> pl.DataFrame:
    """30 entities, 20 events each, 12 items; rows in no order."""
    random = np.random.default_rng(0)
    rows = []
    for entity in range(30):
        circle = random.choice(12, 3, replace=False)
        moment = datetime(2024, 1, 1) + timedelta(minutes=int(random.integers(1, 1000)))
        for step in range(20):
            item = circle[step % 3] if random.random() < 0.9 else random.integers(12)
            rows.append({"who": f"e{entity}", "what": f"i{item:02}", "when": moment, "shop": "ab"[entity % 2]})
            moment += timedelta(minutes=int(random.integers(60, 3000)))
    return pl.DataFrame(rows).sample(fraction=1.0, shuffle=True, seed=1)


@pytest.fixture(scope="session")
def tiny() -> Callable[..., PointerHyperparameters]:
    def make(**values: Any) -> PointerHyperparameters:
        small = {"embedding_size": 8, "n_heads": 2, "n_blocks": 1, "feed_forward_size": 8, "history_length": 6}
        run = {"batch_size": 64, "max_epochs": 2, "val_check_interval": 1.0, "lr": 0.01}
        return PointerHyperparameters.model_validate({**small, **run, **values})

    return make
