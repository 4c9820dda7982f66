"""What a booster looks at: importance by field, and XGBoost's own SHAP values (`pred_contribs`) with a picture.

SHAP values of trees: Lundberg, Erion, Lee, "Consistent Individualized Feature Attribution for Tree Ensembles",
https://arxiv.org/abs/1802.03888. They are in the units of the score before the sigmoid (log odds) and, with the base
value, add up to it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from names3risk.boosting.features import Matrix
from names3risk.evaluation.metrics import FloatArray

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from xgboost import Booster, DMatrix

SHOWN_FIELDS = 20
_TREE_KINDS = ("gain", "cover", "weight", "total_gain", "total_cover")


def importance(booster: Booster, columns: list[str], linear: bool) -> dict[str, dict[str, float]]:
    """Measures how much the booster uses each field.

    Args:
        booster: The booster.
        columns: Its fields, in order.
        linear: Whether it is a linear booster, which has weights only.

    Returns:
        Kind of importance (`gain`, `cover`, `weight`, `total_gain`, `total_cover`) to a value for every field; 0 where
        a field is not used. Weights of a linear booster are absolute and, with several classes, their mean.
    """
    found = {}
    for kind in ("weight",) if linear else _TREE_KINDS:
        scores = booster.get_score(importance_type=kind)
        values = {name: np.asarray(scores.get(name, 0.0)) for name in columns}
        found[kind] = {name: float(np.abs(value).mean()) for name, value in values.items()}
    return found


@dataclass(frozen=True)
class Explanation:
    """The contributions of fields to scores.

    Args:
        columns: The fields, in order.
        contributions: SHAP values `(N, K', F)`; K' is 1 for two classes, else the number of classes.
        values: The fields' values `(N, F)`; NaN where missing, or where the numbers of categories have no order.
    """

    columns: list[str]
    contributions: FloatArray
    values: Matrix

    @classmethod
    def of(cls, booster: Booster, rows: DMatrix, matrix: Matrix, columns: list[str]) -> Explanation:
        """Explains the scores of rows.

        Args:
            booster: The booster; not one of trees with several outputs, which XGBoost cannot explain.
            rows: The rows.
            matrix: The same rows `(N, F)`.
            columns: The fields, in order.
        """
        found = booster.predict(rows, pred_contribs=True)
        classes = found if found.ndim == 3 else found[:, None, :]
        ordered = np.array([kind != "c" for kind in rows.feature_types or ["q"] * len(columns)])
        return cls(columns, classes[:, :, :-1], np.where(ordered, matrix, np.nan).astype(np.float32))

    @property
    def mean_absolute(self) -> dict[str, float]:
        """The mean absolute contribution of every field, over rows and classes."""
        means = np.abs(self.contributions).mean(axis=(0, 1), dtype=np.float64)
        return dict(zip(self.columns, means.tolist(), strict=True))

    def figure(self, title: str) -> Figure:
        """Draws the fields with the largest contributions.

        With two classes each row is a point: to the right the field raised its score, coloured by the field's value
        (grey: missing, or a category).
        With more classes each field is a bar of mean absolute contributions, divided by class.

        Args:
            title: What the rows are.
        """
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        order = np.argsort([-value for value in self.mean_absolute.values()], kind="stable")[:SHOWN_FIELDS]
        figure = Figure(figsize=(8, 1.4 + 0.32 * len(order)), layout="constrained")
        FigureCanvasAgg(figure)
        axes = figure.add_subplot(title=title)
        places = np.arange(len(order))
        axes.set_yticks(places, [self.columns[index] for index in order])
        axes.set_ylim(len(order) - 0.4, -0.6)
        axes.set_axisbelow(True)
        axes.grid(axis="x", color="0.9")
        if self.contributions.shape[1] == 1:
            self._points(figure, axes, order)
        else:
            self._bars(axes, order)
        return figure

    def _points(self, figure: Figure, axes: Any, order: np.ndarray) -> None:
        random = np.random.default_rng(0)
        for place, index in enumerate(order):
            x, value = self.contributions[:, 0, index], self.values[:, index]
            height = place + _spread(x, random)
            missing = np.isnan(value)
            axes.scatter(x[missing], height[missing], s=7, color="0.6", linewidths=0)
            axes.scatter(x[~missing], height[~missing], s=7, c=_rank(value[~missing]), cmap="coolwarm", linewidths=0)
        axes.axvline(0, color="0.4", linewidth=1)
        axes.set_xlabel("contribution to the log odds of class 1 (SHAP value)")
        from matplotlib.cm import ScalarMappable

        bar = figure.colorbar(ScalarMappable(cmap="coolwarm"), ax=axes, ticks=[0, 1], aspect=40, pad=0.02)
        bar.ax.set_yticklabels(["low", "high"])
        bar.set_label("value of the field, by rank", labelpad=2)

    def _bars(self, axes: Any, order: np.ndarray) -> None:
        left = np.zeros(len(order))
        for index in range(self.contributions.shape[1]):
            means = np.abs(self.contributions[:, index, order]).mean(axis=0)
            axes.barh(np.arange(len(order)), means, left=left, height=0.7, label=f"class {index}")
            left += means
        axes.set_xlabel("mean absolute contribution to the classes' scores (SHAP values)")
        axes.legend(loc="lower right", fontsize=9)


def _rank(values: np.ndarray) -> np.ndarray:
    """Where each value stands among the others, 0 to 1; equal values stand at the same place."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    middle = last - (counts + 1) / 2
    ranks: np.ndarray = middle[place] / max(1, len(values) - 1)
    return ranks


def _spread(x: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Offsets that keep points apart, more of them where many points lie close together, `(N,)`."""
    counts, edges = np.histogram(x, bins=60)
    density = counts[np.clip(np.digitize(x, edges[1:-1]), 0, len(counts) - 1)] / counts.max()
    offsets: np.ndarray = random.uniform(-0.38, 0.38, len(x)) * np.sqrt(density)
    return offsets
