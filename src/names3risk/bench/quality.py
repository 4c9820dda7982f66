"""How well the models rank, beside the baselines: one split, one run, one table."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Any

import numpy as np

from names3risk.bench.baselines import baselines
from names3risk.bench.resampling import interval, resampled_auroc
from names3risk.data.preparation import LABEL
from names3risk.data.preprocessing import preprocess
from names3risk.data.reading import read_table
from names3risk.data.splits import load_split, save_split
from names3risk.errors import DataError
from names3risk.evaluation.metrics import evaluate
from names3risk.hyperparameters import Hyperparameters
from names3risk.serving.predictor import SCORE
from names3risk.text.tokenizer import TokenizerSettings, save_tokenizer, train_tokenizer
from names3risk.training.job import run_training_job

if TYPE_CHECKING:
    from names3risk.data.schema import ColumnSchema

logger = logging.getLogger(__name__)

BOTH = "train-and-val"
METRICS = ("auroc", "average_precision", "recall_at_1pct_fpr")


@dataclass(frozen=True)
class Candidate:
    """A model to train.

    Args:
        name: As the table shows it.
        tokenizer: How its tokenizer is trained; None leaves that to the training job.
        hyperparameters: Its hyperparameters; the seed is replaced.
        chooses: Whether training chooses weights by the validation rows; otherwise it learns from them too, as the
            baselines do.
        pretrained: The folder below which the hyperparameters name a pretrained encoder.
    """

    name: str
    tokenizer: TokenizerSettings | None
    hyperparameters: Hyperparameters
    chooses: bool = True
    pretrained: Path | None = None


@dataclass(frozen=True)
class Result:
    """How one model or baseline ranked the test rows.

    Args:
        name: Which one.
        learned_from: The rows it was fitted on; a network chooses its best weights by the validation rows.
        runs: The metrics of each run, one a seed.
        seconds: Mean time of a run, training and scoring together.
        interval: Of the mean AUROC, 95 %, over test rows drawn again.
    """

    name: str
    learned_from: str
    runs: list[dict[str, float]]
    seconds: float
    interval: tuple[float, float]

    def mean(self, metric: str) -> float:
        """The mean of a metric over the runs."""
        return fmean(run[metric] for run in self.runs)


@dataclass(frozen=True)
class Lead:
    """The best model beside the best baseline.

    Args:
        model: The model with the highest AUROC.
        baseline: The baseline with the highest AUROC.
        auroc: AUROC of the model minus that of the baseline.
        interval: Of the difference, 95 %, both measured on the same rows drawn again.
    """

    model: str
    baseline: str
    auroc: float
    interval: tuple[float, float]


@dataclass(frozen=True)
class Comparison:
    """All results on one split.

    Args:
        rows: Rows of `train`, `val` and `test`.
        positives: Rows of class 1 among them.
        results: Baselines first.
        lead: By how much the best model's AUROC is above the best baseline's; None without models.
    """

    rows: dict[str, int]
    positives: dict[str, int]
    results: list[Result]
    lead: Lead | None

    def to_json(self) -> dict[str, Any]:
        """The comparison with every run, and the mean of every metric."""
        results = [
            {**asdict(result), "mean": {metric: result.mean(metric) for metric in METRICS}} for result in self.results
        ]
        lead = None if self.lead is None else asdict(self.lead)
        return {"rows": self.rows, "positives": self.positives, "results": results, "lead": lead}


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
    splits = Path(work_dir) / "splits"
    preprocess(data, schema, splits)
    return compare_on(splits, candidates, work_dir, seeds=seeds, on_result=on_result)


def compare_on(
    splits_dir: str | Path,
    candidates: Sequence[Candidate],
    work_dir: str | Path,
    *,
    seeds: Sequence[int] = (0, 1, 2),
    on_result: Callable[[str], None] | None = None,
) -> Comparison:
    """Measures every baseline and every candidate on the test rows of prepared splits.

    Args:
        splits_dir: Holds `train`, `val` and `test`.
        candidates: The models.
        work_dir: A folder for models.
        seeds: One training of each model a seed.
        on_result: Called with a line of text when something has been measured.

    Raises:
        Names3RiskError: Data or configuration are at fault.
    """
    work_dir, splits_dir = Path(work_dir), Path(splits_dir)
    splits = {name: load_split(splits_dir / name) for name in ("train", "val", "test")}
    labels = splits["test"].frame[LABEL].to_numpy()
    if splits["train"].schema.num_classes != 2:
        raise DataError("quality is compared for two classes", where=splits_dir, expected="a label of two classes")
    results: list[Result] = []
    draws: dict[str, np.ndarray] = {}

    def add(name: str, learned_from: str, scores: list[np.ndarray], started: float) -> None:
        seconds = (time.perf_counter() - started) / len(scores)
        draws[name] = resampled_auroc(labels, scores)
        runs = [_metrics(labels, score) for score in scores]
        results.append(Result(name, learned_from, runs, seconds, interval(draws[name])))
        if on_result:
            on_result(f"{name}: AUROC {results[-1].mean('auroc'):.4f} ({seconds:.0f} s)")

    both = splits["train"].frame.vstack(splits["val"].frame)
    save_split(work_dir / BOTH, replace(splits["train"], frame=both))
    for baseline in baselines(splits["train"].schema):
        start = time.perf_counter()
        add(baseline.name, "train + val", [baseline.fit_predict(both, splits["test"].frame)], start)
    n_baselines = len(results)
    for candidate in candidates:
        start = time.perf_counter()
        learned_from = "train" if candidate.chooses else "train + val"
        add(candidate.name, learned_from, [_train(candidate, seed, splits_dir, work_dir) for seed in seeds], start)
    frames = {name: split.frame for name, split in splits.items()}
    return Comparison(
        {name: frame.height for name, frame in frames.items()},
        {name: int(frame[LABEL].sum()) for name, frame in frames.items()},
        results,
        _lead(results[:n_baselines], results[n_baselines:], draws),
    )


def _lead(baselines: list[Result], models: list[Result], draws: Mapping[str, np.ndarray]) -> Lead | None:
    if not models:
        return None
    baseline, model = (max(group, key=lambda result: result.mean("auroc")) for group in (baselines, models))
    difference = model.mean("auroc") - baseline.mean("auroc")
    return Lead(model.name, baseline.name, difference, interval(draws[model.name] - draws[baseline.name]))


def _train(candidate: Candidate, seed: int, splits: Path, work_dir: Path) -> np.ndarray:
    """Trains a candidate and gives its scores of the test rows."""
    folder = work_dir / f"{candidate.name}-{seed}".replace(" ", "_")
    train_dir = splits / "train" if candidate.chooses else work_dir / BOTH
    train = load_split(train_dir)
    fields = {name: train.frame[name] for name in train.schema.text_source_fields}
    if candidate.tokenizer is not None:
        tokenizer, report = train_tokenizer(fields, candidate.tokenizer)
        save_tokenizer(tokenizer, folder / "tokenizer", report)
    run_training_job(
        train_dir=train_dir,
        val_dir=splits / "val",
        test_dir=splits / "test",
        hyperparameters=candidate.hyperparameters.changed(seed=seed),
        model_dir=folder / "model",
        data_dir=folder / "data",
        checkpoint_dir=folder / "checkpoints",
        artifacts_dir=folder / "tokenizer" if candidate.tokenizer is not None else None,
        pretrained_dir=candidate.pretrained,
    )
    predictions = read_table(folder / "data" / f"test_predictions.{train.format}")
    return predictions[SCORE].to_numpy().astype(np.float64)


def _metrics(labels: np.ndarray, score: np.ndarray) -> dict[str, float]:
    return _chosen(evaluate(labels, np.column_stack([1 - score, score])).overall.values)


def _chosen(values: Mapping[str, float]) -> dict[str, float]:
    absent = [metric for metric in METRICS if metric not in values]
    if absent:
        raise DataError(f"{', '.join(absent)} cannot be computed on the test split", expected="rows of both classes")
    return {metric: values[metric] for metric in METRICS}
