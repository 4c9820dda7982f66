"""The splits of a training job: in memory, or streamed from their files where they are larger than that."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np
import polars as pl

from names3risk.data.datasets import EncodedSplit
from names3risk.data.keeping import Keep
from names3risk.data.parts import PartedSplit, kept_as_parquet
from names3risk.data.preparation import LABEL
from names3risk.data.schema import ColumnSchema
from names3risk.data.shards import ShardedSplit, shards_once
from names3risk.data.splits import Split
from names3risk.errors import DataError
from names3risk.evaluation.report import Report, Scorer, score_split
from names3risk.features.encoder import FeatureEncoder
from names3risk.features.numeric import Imputer
from names3risk.features.parts import TrainingFeatures, fit_parts
from names3risk.features.risk_tables import RiskTables
from names3risk.text.store import encode_once
from names3risk.training.memory import bytes_in_memory, memory_budget, require_memory
from names3risk.training.roles import (
    check_classes,
    check_roles,
    load_labelled_split,
    open_labelled_parts,
    require_classes,
)
from names3risk.training.world import find_world

if TYPE_CHECKING:
    from names3risk.artifacts import ModelArtifacts
    from names3risk.hyperparameters import Hyperparameters

logger = logging.getLogger(__name__)

LAYOUT = 2
"""Of encoded rows; a new number where they are written in another way."""
TOKENIZER_ROWS = 200_000
"""Rows of a streamed training split that a tokenizer is trained on, spread evenly over it."""


class Kept(NamedTuple):
    """What a job makes once and keeps for later runs: token ids, encoded rows, and Parquet files of CSV and TSV."""

    tokens: Keep
    rows: Keep
    tables: Keep

    @classmethod
    def below(cls, folder: str | Path) -> Kept:
        """All of it in folders below this one."""
        return cls(*(Keep(Path(folder) / name, name) for name in cls._fields))

    def forget_others(self) -> None:
        """Removes what neither this job nor another process uses."""
        for keep in self:
            keep.remove_others()


class JobData(Protocol):
    """Rows of the splits train, val and test."""

    @property
    def schema(self) -> ColumnSchema:
        """The roles of the prepared training rows."""

    @property
    def rows(self) -> int:
        """Training rows."""

    def texts(self) -> Mapping[str, pl.Series]:
        """Text fields of training rows for a tokenizer to learn from."""

    def fit_features(self, imputer: Imputer | None, risk_tables: RiskTables | None) -> FeatureEncoder:
        """Fits the features on the training rows, or takes what was fitted earlier."""

    def encode(
        self, artifacts: ModelArtifacts
    ) -> tuple[EncodedSplit, EncodedSplit] | tuple[ShardedSplit, ShardedSplit]:
        """The splits train and val as training takes them; what is made once is kept for later runs."""

    def encode_val(self, artifacts: ModelArtifacts) -> EncodedSplit | ShardedSplit:
        """The split val alone."""

    def forget_others(self) -> None:
        """Removes what earlier runs kept and this one has no use for; `encode` comes before."""

    def score(self, predictor: Scorer, name: str, folder: Path) -> Report:
        """Scores the split val or test, and writes predictions, metrics and pictures."""


@dataclass(frozen=True)
class WholeData:
    """Splits in memory.

    Args:
        train: The training split.
        others: The splits `val` and `test`.
        hyperparameters: How features are fitted.
        kept: What is kept for later runs.
    """

    train: Split
    others: Mapping[str, Split]
    hyperparameters: Hyperparameters
    kept: Kept

    @classmethod
    def load(cls, folders: Mapping[str, str | Path], hyperparameters: Hyperparameters, folder: str | Path) -> WholeData:
        """Reads the folders of the three splits; what is kept for later runs goes to another."""
        splits = {name: load_labelled_split(folder, hyperparameters) for name, folder in folders.items()}
        train = splits.pop("train")
        check_roles(train.schema, {folders[name]: split.schema for name, split in splits.items()})
        check_classes(train, folders["train"])
        return cls(train, splits, hyperparameters, Kept.below(folder))

    @property
    def schema(self) -> ColumnSchema:
        """The roles of the prepared training rows."""
        return self.train.schema

    @property
    def rows(self) -> int:
        """Training rows."""
        return self.train.frame.height

    def texts(self) -> Mapping[str, pl.Series]:
        """Text fields of all training rows."""
        return {name: self.train.frame[name] for name in self.schema.text_source_fields}

    def fit_features(self, imputer: Imputer | None = None, risk_tables: RiskTables | None = None) -> FeatureEncoder:
        """Fits the features on the training rows, or takes what was fitted earlier."""
        settings = feature_settings(self.hyperparameters)
        return FeatureEncoder.fit(self.train.frame, self.schema, imputer=imputer, risk_tables=risk_tables, **settings)

    def encode(self, artifacts: ModelArtifacts) -> tuple[EncodedSplit, EncodedSplit]:
        """Encodes the splits train and val; their tokens are kept."""
        tabular = artifacts.features.fit_transform_out_of_fold(self.train.frame, seed=self.hyperparameters.seed)
        return encode_split(self.train, artifacts, tabular, self.kept.tokens), self.encode_val(artifacts)

    def encode_val(self, artifacts: ModelArtifacts) -> EncodedSplit:
        """Encodes the split val; its tokens are kept."""
        val = self.others["val"]
        return encode_split(val, artifacts, artifacts.features.transform(val.frame), self.kept.tokens)

    def forget_others(self) -> None:
        """Removes what earlier runs kept and this one has no use for."""
        self.kept.forget_others()

    def score(self, predictor: Scorer, name: str, folder: Path) -> Report:
        """Scores the split val or test, and writes predictions, metrics and pictures."""
        split = self.others[name]
        return score_split(predictor, [split.frame], name, folder, split.format, split.schema.marketplace_name)


class StreamedData:
    """Splits that stay in their files.

    Memory holds a chunk of rows, one column of numbers, the categories, and labels, marketplaces and scores of the rows
    of val or test.

    Args:
        folders: The folders of the three splits.
        hyperparameters: How features are fitted, and column roles.
        folder: Where encoded rows are kept for later runs, and training rows in CSV or TSV as Parquet.

    Raises:
        Names3RiskError: See `open_labelled_parts` and `kept_as_parquet`.
    """

    def __init__(self, folders: Mapping[str, str | Path], hyperparameters: Hyperparameters, folder: str | Path) -> None:
        self.folders, self.hyperparameters, self.kept = folders, hyperparameters, Kept.below(folder)
        self.splits = {name: open_labelled_parts(folder, hyperparameters) for name, folder in folders.items()}
        train = self.splits["train"]
        check_roles(train.schema, {folders[name]: split.schema for name, split in self.splits.items()})
        if len(train) < 2:
            raise DataError(f"{len(train)} rows", where=folders["train"], expected="at least 2 rows to train on")
        self.train = kept_as_parquet(train, self.kept.tables)
        self._features: TrainingFeatures | None = None

    @property
    def schema(self) -> ColumnSchema:
        """The roles of the prepared training rows."""
        return self.train.schema.prepared()

    @property
    def rows(self) -> int:
        """Training rows."""
        return len(self.train)

    def texts(self) -> Mapping[str, pl.Series]:
        """Text fields of training rows, at most TOKENIZER_ROWS of them."""
        return self.train.texts(TOKENIZER_ROWS)

    def fit_features(self, imputer: Imputer | None = None, risk_tables: RiskTables | None = None) -> FeatureEncoder:
        """Fits the features on the training rows, or takes what was fitted earlier."""
        settings = feature_settings(self.hyperparameters)
        self._features = fit_parts(
            self.train, seed=self.hyperparameters.seed, imputer=imputer, risk_tables=risk_tables, **settings
        )
        return self._features.encoder

    def encode(self, artifacts: ModelArtifacts) -> tuple[ShardedSplit, ShardedSplit]:
        """Encodes the splits train and val into shards, which are kept."""
        assert self._features is not None, "features are fitted first"
        features = self._features
        train = self._shards(
            self.train,
            artifacts,
            lambda: features.encoded(self.train),
            "train",
            None if features.folded is None else features.seed,
        )
        require_classes(train.index.classes, self.schema.num_classes, self.folders["train"])
        return train, self.encode_val(artifacts)

    def encode_val(self, artifacts: ModelArtifacts) -> ShardedSplit:
        """Encodes the split val into shards, which are kept."""
        val, transform = self.splits["val"], artifacts.features.transform
        return self._shards(val, artifacts, lambda: ((chunk, transform(chunk)) for chunk in val.chunks()), "val")

    def _shards(
        self,
        split: PartedSplit,
        artifacts: ModelArtifacts,
        chunks: Callable[[], Iterable[tuple[pl.DataFrame, np.ndarray]]],
        name: str,
        fold_seed: int | None = None,
    ) -> ShardedSplit:
        features, text = artifacts.features, artifacts.text
        made_from = {
            "files": split.digest(),
            "schema": split.schema.model_dump(mode="json"),
            "text": text.describe(),
            "imputation": dict(features.imputer.values),
            "scale": features.scale.to_json(),
            "risks": features.risk_tables.to_json(),
            "seed of the folds": fold_seed,
            "layout": LAYOUT,
        }

        def parts() -> Iterator[EncodedSplit]:
            done = 0
            for chunk, tabular in chunks():
                yield EncodedSplit(text.encode(chunk), tabular, chunk[LABEL].to_numpy(), chunk[split.schema.id_name])
                if 10 * done // len(split) < 10 * (done + chunk.height) // len(split):
                    logger.info("%s: %d of %d rows encoded", name, done + chunk.height, len(split))
                done += chunk.height

        return shards_once(self.kept.rows, json.dumps(made_from), parts)

    def forget_others(self) -> None:
        """Removes what earlier runs kept and this one has no use for."""
        self.kept.forget_others()

    def score(self, predictor: Scorer, name: str, folder: Path) -> Report:
        """Scores the split val or test, and writes predictions, metrics and pictures."""
        split = self.splits[name]
        return score_split(predictor, split.chunks(), name, folder, split.format, split.schema.marketplace_name)


def load_job_data(
    folders: Mapping[str, str | Path], hyperparameters: Hyperparameters, folder: str | Path, streams: bool
) -> JobData:
    """Reads the splits of a job into memory, or leaves them in their files where they would take more than they may.

    Args:
        folders: The folders of the splits train, val and test.
        hyperparameters: `memory_budget_gib`, column roles, and how features are fitted.
        folder: Where what is made once is kept for later runs.
        streams: Whether the model can be trained on streamed rows.

    Raises:
        DataError: A split is absent, empty or damaged, or lacks a column.
        ConfigError: Roles do not fit, or what has to be streamed cannot be.
    """
    if not streams:
        require_memory(folders, hyperparameters.model_class)
        return WholeData.load(folders, hyperparameters, folder)
    budget = memory_budget(hyperparameters.memory_budget_gib, find_world().local_size)
    needed = bytes_in_memory(folders.values())
    if needed <= budget:
        return WholeData.load(folders, hyperparameters, folder)
    logger.info(
        "the splits take about %.1f GiB in memory, of %.1f GiB that they may take: they are streamed",
        needed / 2**30,
        budget / 2**30,
    )
    return StreamedData(folders, hyperparameters, folder)


def feature_settings(hyperparameters: Hyperparameters) -> dict[str, Any]:
    """How features are fitted, by the names of the arguments of `FeatureEncoder.fit`."""
    return hyperparameters.model_dump(include=set(hyperparameters.FEATURE_FIELDS))


def encode_split(
    split: Split, artifacts: ModelArtifacts, tabular: np.ndarray, tokens: Keep | None = None
) -> EncodedSplit:
    """A labelled split as training takes it, with its features `(N, F)`.

    Tokens are kept where it is said where, and mapped into memory by later runs over the same texts.
    """
    text, frame = artifacts.text, split.frame
    found = text.encode(frame) if tokens is None else encode_once(text, frame, tokens)
    return EncodedSplit(found, tabular, frame[LABEL].to_numpy().astype(np.int64), frame[split.schema.id_name])
