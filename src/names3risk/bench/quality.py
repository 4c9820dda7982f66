"""How well the models rank, beside the baselines: one split, one run, one table."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Any

import numpy as np

from names3risk.bench.baselines import baselines
from names3risk.data.preparation import LABEL
from names3risk.data.preprocessing import preprocess
from names3risk.data.splits import load_split
from names3risk.errors import DataError
from names3risk.evaluation.metrics import evaluate
from names3risk.hyperparameters import Hyperparameters
from names3risk.text.tokenizer import TokenizerSettings, save_tokenizer, train_tokenizer
from names3risk.training.job import run_training_job

if TYPE_CHECKING:
    from names3risk.data.schema import ColumnSchema

logger = logging.getLogger(__name__)

METRICS = ("auroc", "average_precision", "recall_at_1pct_fpr")


@dataclass(frozen=True)
class Candidate:
    """A model to train.

    Args:
        name: As the table shows it.
        tokenizer: How its tokenizer is trained.
        hyperparameters: Its hyperparameters; the seed is replaced.
    """

    name: str
    tokenizer: TokenizerSettings
    hyperparameters: Hyperparameters


@dataclass(frozen=True)
class Result:
    """How one model or baseline ranked the test rows.

    Args:
        name: Which one.
        learned_from: The rows it was fitted on; a network chooses its best weights by the validation rows.
        runs: The metrics of each run, one a seed.
        seconds: Mean time of a run, training and scoring together.
    """

    name: str
    learned_from: str
    runs: list[dict[str, float]]
    seconds: float

    def mean(self, metric: str) -> float:
        """The mean of a metric over the runs."""
        return fmean(run[metric] for run in self.runs)


@dataclass(frozen=True)
class Comparison:
    """All results on one split.

    Args:
        rows: Rows of `train`, `val` and `test`.
        positives: Rows of class 1 among them.
        results: Baselines first.
    """

    rows: dict[str, int]
    positives: dict[str, int]
    results: list[Result]

    def to_json(self) -> dict[str, Any]:
        """The comparison with every run, and the mean of every metric."""
        results = [
            {**asdict(result), "mean": {metric: result.mean(metric) for metric in METRICS}} for result in self.results
        ]
        return {"rows": self.rows, "positives": self.positives, "results": results}


def compare(
    data: str | Path,
    schema: ColumnSchema,
    candidates: Sequence[Candidate],
    work_dir: str | Path,
    *,
    seeds: Sequence[int] = (0, 1, 2),
    on_result: Callable[[str], None] | None = None,
) -> Comparison:
    """Splits a raw table once and measures every baseline and every candidate on its test rows.

    Args:
        data: The raw table.
        schema: The roles of its columns; two classes.
        candidates: The models.
        work_dir: A folder for splits and models.
        seeds: One training of each model a seed.
        on_result: Called with a line of text when something has been measured.

    Raises:
        Names3RiskError: Data or configuration are at fault.
    """
    work_dir = Path(work_dir)
    preprocess(data, schema, work_dir / "splits")
    splits = {name: load_split(work_dir / "splits" / name) for name in ("train", "val", "test")}
    labels = splits["test"].frame[LABEL].to_numpy()
    if splits["train"].schema.num_classes != 2:
        raise DataError("quality is compared for two classes", where=data, expected="a label of two classes")
    results = []

    def add(result: Result) -> None:
        results.append(result)
        if on_result:
            on_result(f"{result.name}: AUROC {result.mean('auroc'):.4f} ({result.seconds:.0f} s)")

    both = splits["train"].frame.vstack(splits["val"].frame)
    for baseline in baselines(splits["train"].schema):
        start = time.perf_counter()
        score = baseline.fit_predict(both, splits["test"].frame)
        run = _metrics(labels, score)
        add(Result(baseline.name, "train + val", [run], time.perf_counter() - start))
    for candidate in candidates:
        start = time.perf_counter()
        runs = [_train(candidate, seed, work_dir) for seed in seeds]
        add(Result(candidate.name, "train", runs, (time.perf_counter() - start) / len(runs)))
    frames = {name: split.frame for name, split in splits.items()}
    return Comparison(
        {name: frame.height for name, frame in frames.items()},
        {name: int(frame[LABEL].sum()) for name, frame in frames.items()},
        results,
    )


def _train(candidate: Candidate, seed: int, work_dir: Path) -> dict[str, float]:
    splits, folder = work_dir / "splits", work_dir / f"{candidate.name}-{seed}"
    train = load_split(splits / "train")
    fields = {name: train.frame[name] for name in train.schema.text_source_fields}
    tokenizer, report = train_tokenizer(fields, candidate.tokenizer)
    save_tokenizer(tokenizer, folder / "tokenizer", report)
    result = run_training_job(
        train_dir=splits / "train",
        val_dir=splits / "val",
        test_dir=splits / "test",
        hyperparameters=candidate.hyperparameters.changed(seed=seed),
        model_dir=folder / "model",
        data_dir=folder / "data",
        checkpoint_dir=folder / "checkpoints",
        artifacts_dir=folder / "tokenizer",
    )
    return _chosen(result.evaluations["test"].overall.values)


def _metrics(labels: np.ndarray, score: np.ndarray) -> dict[str, float]:
    return _chosen(evaluate(labels, np.column_stack([1 - score, score])).overall.values)


def _chosen(values: Mapping[str, float]) -> dict[str, float]:
    absent = [metric for metric in METRICS if metric not in values]
    if absent:
        raise DataError(f"{', '.join(absent)} cannot be computed on the test split", expected="rows of both classes")
    return {metric: values[metric] for metric in METRICS}
