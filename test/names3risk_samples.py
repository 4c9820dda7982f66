"""Small orders and small models that several test folders share."""

from pathlib import Path

import numpy as np
import polars as pl

from names3risk.data.preprocessing import preprocess
from names3risk.data.schema import ColumnSchema
from names3risk.data.writing import write_table
from names3risk.hyperparameters import parse_hyperparameters
from names3risk.training.job import TrainingResult, run_training_job

COLUMNS = {
    "id_name": "objectId",
    "entity_name": "customerId",
    "order_time_name": "orderDate",
    "time_name": "transactionDate",
    "marketplace_name": "marketplaceCountryCode",
    "label": {"column": "status", "classes": [["N"], ["F", "I"]], "other": "drop"},
    "text_source_fields": ["emailAddress", "billingAddressName", "customerName"],
    "tab_field_list": ["amount", "ageInDays", "itemCount"],
    "cat_field_list": ["paymentMethod"],
    "split": {"train": 0.6, "val": 0.2, "test": 0.2},
}
MODELS = {
    "lstm2risk": {"hidden_size": 8, "embedding_size": 8, "n_lstm_layers": 1, "n_residual_blocks": 1},
    "transformer2risk": {"hidden_size": 8, "embedding_size": 16, "n_blocks": 1, "n_heads": 2, "n_residual_blocks": 1},
}
TRAINING = {"max_epochs": 2, "batch_size": 16, "max_sen_len": 40, "lr": 0.01}
FIRST = ("Anna", "Bruno", "Chiara", "David", "Élodie", "Farid", "Grace", "Hiro")
LAST = ("Rossi", "Müller", "Smith", "Tanaka", "Dubois", "O'Neil", "García", "Jansen")


def orders(rows: int = 240, seed: int = 0) -> pl.DataFrame:
    """Raw orders; fraudulent ones tend to have gibberish names, new accounts and high amounts."""
    random = np.random.default_rng(seed)
    fraud = random.random(rows) < 0.4
    names = [f"{random.choice(FIRST)} {random.choice(LAST)}" for _ in range(rows)]
    gibberish = ["".join(random.choice(list("qxzkvj"), 7)) for _ in range(rows)]
    shown = [junk if bad else name for junk, bad, name in zip(gibberish, fraud, names, strict=True)]
    amount = np.round(random.gamma(2, 20, rows) + 60 * fraud, 2)
    return pl.DataFrame(
        {
            "objectId": [f"00{row:04d}" for row in range(rows)],
            "customerId": [f"c{row}" for row in range(rows)],
            "orderDate": [f"2024-01-{1 + row * 28 // rows:02d}" for row in range(rows)],
            "transactionDate": [f"2024-02-{1 + row * 28 // rows:02d}" for row in range(rows)],
            "marketplaceCountryCode": random.choice(["US", "DE", "JP"], rows, p=[0.5, 0.3, 0.2]),
            "emailAddress": [f"{name.lower().replace(' ', '.')}@example.com" for name in shown],
            "billingAddressName": pl.Series(names).set(pl.Series(random.random(rows) < 0.1), None),
            "customerName": shown,
            "status": np.where(fraud, random.choice(["F", "I"], rows), "N"),
            "amount": pl.Series(amount).set(pl.Series(random.random(rows) < 0.1), None),
            "ageInDays": random.integers(0, 900, rows) // (1 + 3 * fraud),
            "itemCount": random.integers(1, 9, rows),
            "paymentMethod": random.choice(["card", "wallet", "invoice"], rows),
        }
    )


def write_splits(folder: Path, frame: pl.DataFrame | None = None, format: str = "parquet", **columns) -> Path:
    """Prepares orders into `train`, `val` and `test` below `folder`."""
    raw = folder / f"orders.{format}"
    write_table(orders() if frame is None else frame, raw)
    preprocess(raw, ColumnSchema.parse({**COLUMNS, **columns}), folder / "splits")
    return folder / "splits"


def hyperparameters(model_class: str = "lstm2risk", **more):
    """Hyperparameters of a model that trains within a second."""
    return parse_hyperparameters({"model_class": model_class, **TRAINING, **MODELS[model_class], **more})


def train(folder: Path, model_class: str = "lstm2risk", splits: Path | None = None, **more) -> TrainingResult:
    """Trains a small model in `folder`."""
    splits = splits or write_splits(folder)
    return run_training_job(
        train_dir=splits / "train",
        val_dir=splits / "val",
        test_dir=splits / "test",
        hyperparameters=hyperparameters(model_class, **more),
        model_dir=folder / "model",
        data_dir=folder / "data",
        checkpoint_dir=folder / "checkpoints",
    )
