"""Predictions to metrics, and the files that show them: JSON, pictures, TensorBoard, tensors."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np

from names3risk.data.formats import Format, output_format
from names3risk.data.preparation import LABEL
from names3risk.data.writing import TableWriter
from names3risk.errors import DataError
from names3risk.evaluation.curves import groups, precision_recall_figure, roc_figure, save_figure
from names3risk.evaluation.grouping import Marketplaces
from names3risk.evaluation.metrics import Evaluation, FloatArray, IntArray, evaluate
from names3risk.files import replacing, write_json

if TYPE_CHECKING:
    import polars as pl
    from matplotlib.figure import Figure

logger = logging.getLogger(__name__)


class Scorer(Protocol):
    """What scores the rows of a table: the predictor of a network or of an XGBoost model."""

    def predict(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Id, label and marketplace where known, and the class probabilities of each row."""


@dataclass(frozen=True)
class Report:
    """The evaluation of one set of predictions.

    Args:
        name: What the rows are, for instance `test`.
        labels: True classes, `(N,)` int64.
        probabilities: Class probabilities, `(N, K)`.
        marketplaces: Marketplace of each row, or None.
        evaluation: The metrics.
    """

    name: str
    labels: IntArray
    probabilities: FloatArray
    marketplaces: Marketplaces | None
    evaluation: Evaluation

    @classmethod
    def of(cls, name: str, predictions: pl.DataFrame | Iterable[pl.DataFrame], marketplace_name: str | None) -> Report:
        """Evaluates labelled predictions as `Predictor.predict` gives them.

        Args:
            name: What the rows are.
            predictions: Predictions with `label` and `prob_class_0`, `prob_class_1`, ...; all of them, or some at a
                time, of which labels, probabilities and marketplaces stay in memory.
            marketplace_name: The column of marketplaces, or None.

        Raises:
            DataError: The label is missing, or there are no rows.
        """
        import polars as pl

        labels, probabilities, marketplaces = [], [], Marketplaces()
        for part in [predictions] if isinstance(predictions, pl.DataFrame) else predictions:
            if LABEL not in part.columns:
                raise DataError(f"column {LABEL!r} is missing", where=name, expected="labelled rows to evaluate")
            if missing := part[LABEL].null_count():
                raise DataError(f"{missing} rows have no label", where=name, expected="labelled rows to evaluate")
            labels.append(part[LABEL].to_numpy())
            probabilities.append(part.select("^prob_class_[0-9]+$").to_numpy())
            if marketplace_name is not None and marketplace_name in part.columns:
                marketplaces.add(part[marketplace_name].cast(pl.String).to_list())
        if not labels:
            raise DataError("there are no rows to evaluate", where=name, expected="at least one labelled row")
        found = np.concatenate(labels), np.concatenate(probabilities), marketplaces if len(marketplaces) else None
        return cls(name, *found, evaluate(*found))

    def save_pictures(self, roc_path: str | Path, precision_recall_path: str | Path) -> None:
        """Writes the ROC and the precision-recall picture as PNG."""
        roc, precision_recall = self._figures()
        save_figure(roc, roc_path)
        save_figure(precision_recall, precision_recall_path)

    def log(self, folder: str | Path) -> None:
        """Writes metrics, pictures and, for two classes, the precision-recall data as TensorBoard logs.

        Args:
            folder: The log folder; several reports may share it.
        """
        from torch.utils.tensorboard import SummaryWriter

        roc, precision_recall = self._figures()
        with SummaryWriter(str(folder)) as writer:
            for metric, value in self.evaluation.overall.values.items():
                writer.add_scalar(f"{self.name}/{metric}", value)
            for marketplace, metrics in self.evaluation.by_marketplace.items():
                for metric, value in metrics.values.items():
                    writer.add_scalar(f"{self.name}_by_marketplace/{marketplace}/{metric}", value)
            if self.probabilities.shape[1] == 2:
                writer.add_pr_curve(f"{self.name}/precision_recall", self.labels, self.probabilities[:, 1])
            writer.add_figure(f"{self.name}/roc_curve", roc)
            writer.add_figure(f"{self.name}/precision_recall_curve", precision_recall)

    def save_tensors(self, path: str | Path) -> None:
        """Writes `y_true` `(N,)` and `y_pred`, which is P(class 1) `(N,)` or, with more classes, `(N, K)`."""
        import torch

        scores = self.probabilities[:, 1] if self.probabilities.shape[1] == 2 else self.probabilities
        with replacing(path) as temporary:
            torch.save(
                {"y_true": torch.from_numpy(self.labels.copy()), "y_pred": torch.from_numpy(scores.copy())}, temporary
            )

    def save(self, folder: str | Path) -> None:
        """Writes `{name}_metrics.json` and both pictures.

        Args:
            folder: Where to write.
        """
        target = Path(folder)
        write_json(target / f"{self.name}_metrics.json", self.evaluation.to_json())
        self.save_pictures(target / f"{self.name}_roc_curve.png", target / f"{self.name}_pr_curve.png")

    def _figures(self) -> tuple[Figure, Figure]:
        curves = groups(self.labels, self.probabilities, self.marketplaces)
        title = f"{self.name}, {len(self.labels):,} rows"
        return roc_figure(curves, title), precision_recall_figure(curves, title)


def score_split(
    predictor: Scorer,
    pieces: Iterable[pl.DataFrame],
    name: str,
    folder: str | Path,
    format: Format,
    marketplace_name: str | None,
) -> Report:
    """Scores the rows that a training job has set apart, and writes predictions, metrics and pictures.

    Args:
        predictor: The trained model.
        pieces: Labelled rows, some at a time.
        name: What they are, for instance `test`.
        folder: Where to write.
        format: Of `{name}_predictions`.
        marketplace_name: The column of marketplaces, or None.

    Returns:
        The report; its metrics are logged too.
    """
    predictions = Path(folder) / f"{name}_predictions.{format}"
    report = score_pieces(predictor, pieces, name, predictions, marketplace_name)
    report.save(folder)
    metrics = report.evaluation.overall.values
    logger.info("%s: %s", name, ", ".join(f"{metric} {value:.4f}" for metric, value in metrics.items()))
    return report


def score_pieces(
    predictor: Scorer, pieces: Iterable[pl.DataFrame], name: str, path: str | Path, marketplace_name: str | None
) -> Report:
    """Scores labelled rows some at a time; predictions go to a file, complete or not at all.

    Args:
        predictor: The trained model.
        pieces: Labelled rows, some at a time.
        name: What they are, for instance `test`.
        path: The file of the predictions; its suffix is its format.
        marketplace_name: The column of marketplaces, or None.

    Raises:
        Names3RiskError: The rows cannot be scored or evaluated, or the file cannot be written.
    """
    with replacing(path) as temporary, TableWriter(temporary, output_format(path)) as writer:

        def predictions() -> Iterator[pl.DataFrame]:
            for piece in pieces:
                scored = predictor.predict(piece)
                writer.write(scored)
                yield scored

        return Report.of(name, predictions(), marketplace_name)
