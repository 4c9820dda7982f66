"""Predictions to metrics, and the files that show them: JSON, pictures, TensorBoard, tensors."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from names3risk.data.formats import Format
from names3risk.data.preparation import LABEL
from names3risk.data.reading import write_table
from names3risk.errors import DataError
from names3risk.evaluation.curves import groups, precision_recall_figure, roc_figure, save_figure
from names3risk.evaluation.metrics import Evaluation, FloatArray, IntArray, evaluate
from names3risk.files import replacing, write_json

if TYPE_CHECKING:
    import polars as pl
    from matplotlib.figure import Figure

    from names3risk.data.splits import Split

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
        predictions: The predictions, as `Predictor.predict` gives them.
        labels: True classes, `(N,)` int64.
        probabilities: Class probabilities, `(N, K)`.
        marketplaces: Marketplace of each row, or None.
        evaluation: The metrics.
    """

    name: str
    predictions: pl.DataFrame
    labels: IntArray
    probabilities: FloatArray
    marketplaces: list[str | None] | None
    evaluation: Evaluation

    @classmethod
    def of(cls, name: str, predictions: pl.DataFrame, marketplace_name: str | None) -> Report:
        """Evaluates labelled predictions as `Predictor.predict` gives them.

        Args:
            name: What the rows are.
            predictions: Predictions with `label` and `prob_class_0`, `prob_class_1`, ...
            marketplace_name: The column of marketplaces, or None.

        Raises:
            DataError: The label is missing, or there are no rows.
        """
        import polars as pl

        if LABEL not in predictions.columns:
            raise DataError(f"column {LABEL!r} is missing", where=name, expected="labelled rows to evaluate")
        missing = predictions[LABEL].null_count()
        if missing:
            raise DataError(f"{missing} rows have no label", where=name, expected="labelled rows to evaluate")
        labels = predictions[LABEL].to_numpy()
        probabilities = predictions.select("^prob_class_[0-9]+$").to_numpy()
        known = marketplace_name is not None and marketplace_name in predictions.columns
        marketplaces = predictions[marketplace_name].cast(pl.String).to_list() if known and marketplace_name else None
        return cls(
            name, predictions, labels, probabilities, marketplaces, evaluate(labels, probabilities, marketplaces)
        )

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

    def save(self, folder: str | Path, format: Format) -> None:
        """Writes `{name}_predictions`, `{name}_metrics.json` and both pictures.

        Args:
            folder: Where to write.
            format: Of the predictions.
        """
        target = Path(folder)
        write_table(self.predictions, target / f"{self.name}_predictions.{format}")
        write_json(target / f"{self.name}_metrics.json", self.evaluation.to_json())
        self.save_pictures(target / f"{self.name}_roc_curve.png", target / f"{self.name}_pr_curve.png")

    def _figures(self) -> tuple[Figure, Figure]:
        curves = groups(self.labels, self.probabilities, self.marketplaces)
        title = f"{self.name}, {len(self.labels):,} rows"
        return roc_figure(curves, title), precision_recall_figure(curves, title)


def score_split(predictor: Scorer, split: Split, name: str, folder: str | Path) -> Report:
    """Scores the rows that a training job has set apart, and writes what `Report.save` writes.

    Args:
        predictor: The trained model.
        split: Labelled rows.
        name: What they are, for instance `test`.
        folder: Where to write.

    Returns:
        The report; its metrics are logged too.
    """
    return keep_report(predictor.predict(split.frame), split.schema.marketplace_name, name, folder, split.format)


def keep_report(
    predictions: pl.DataFrame, marketplace_name: str | None, name: str, folder: str | Path, format: Format
) -> Report:
    """Evaluates the predictions of a split; see `score_split`."""
    report = Report.of(name, predictions, marketplace_name)
    report.save(folder, format)
    metrics = report.evaluation.overall.values
    logger.info("%s: %s", name, ", ".join(f"{metric} {value:.4f}" for metric, value in metrics.items()))
    return report
