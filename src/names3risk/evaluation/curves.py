"""ROC and precision-recall pictures: all rows and the largest marketplaces in one frame."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from names3risk.evaluation.grouping import Marketplaces
from names3risk.evaluation.metrics import FloatArray, IntArray
from names3risk.files import replacing

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MAX_MARKETPLACES = 6
MAX_POINTS = 2000


class Group(NamedTuple):
    """The rows of one curve: target 0 or 1, and the score of each row, both of shape `(N,)`."""

    name: str
    target: IntArray
    scores: FloatArray


def groups(
    labels: IntArray, probabilities: FloatArray, marketplaces: Marketplaces | Sequence[str | None] | None
) -> list[Group]:
    """The curves that can be drawn, those with both classes only.

    Args:
        labels: True classes 0..K-1, shape `(N,)`.
        probabilities: Class probabilities, shape `(N, K)`.
        marketplaces: Marketplace of each row, or None.

    Returns:
        Two classes: all rows, then the largest marketplaces. More classes: each class against the rest.
    """
    if probabilities.shape[1] > 2:
        found = [
            Group(f"class {index}", (labels == index).astype(np.int64), probabilities[:, index])
            for index in range(probabilities.shape[1])
        ]
    else:
        found = [Group("all", labels, probabilities[:, 1])]
        if not isinstance(marketplaces, Marketplaces):
            marketplaces = Marketplaces(marketplaces or ())
        counts = marketplaces.counts()
        for name, count in Counter(counts).most_common(MAX_MARKETPLACES) if len(counts) > 1 else ():
            rows = marketplaces.rows_of(name)
            found.append(Group(f"{name} ({count:,})", labels[rows], probabilities[rows, 1]))
    return [group for group in found if 0 < group.target.sum() < len(group.target)]


def roc_figure(curves: Sequence[Group], title: str) -> Figure:
    """Draws recall over false-positive rate, with the area under each curve in the legend.

    Args:
        curves: The curves of `groups`; the first is drawn strongest.
        title: What the rows are, for instance "test, 1,361 rows".

    Returns:
        The figure, 6 by 6 inches.
    """
    from sklearn.metrics import roc_auc_score, roc_curve

    figure, axes = picture_axes(title, "False-positive rate", "Recall (true-positive rate)")
    for index, curve in enumerate(curves):
        x, y, _ = roc_curve(curve.target, curve.scores)
        _draw(axes, index, x, y, f"{curve.name}: AUROC {roc_auc_score(curve.target, curve.scores):.3f}", "default")
    axes.plot([0, 1], [0, 1], color="0.6", linewidth=1, linestyle="--", label="chance")
    return _finish(figure, axes, curves, "lower right")


def precision_recall_figure(curves: Sequence[Group], title: str) -> Figure:
    """Draws precision over recall, with the average precision in the legend; arguments as for `roc_figure`."""
    from sklearn.metrics import average_precision_score, precision_recall_curve

    figure, axes = picture_axes(title, "Recall", "Precision")
    for index, curve in enumerate(curves):
        y, x, _ = precision_recall_curve(curve.target, curve.scores)
        average = average_precision_score(curve.target, curve.scores)
        _draw(axes, index, x, y, f"{curve.name}: average precision {average:.3f}", "steps-post")
    for curve in curves[:1]:
        axes.axhline(curve.target.mean(), color="0.6", linewidth=1, linestyle="--", label="chance")
    return _finish(figure, axes, curves, "lower left")


def save_figure(figure: Figure, path: str | Path) -> None:
    """Writes `figure` to `path` as PNG, completely or not at all."""
    with replacing(path) as temporary:
        figure.savefig(temporary, dpi=120, format="png")


def picture_axes(title: str, x: str, y: str) -> tuple[Figure, Axes]:
    """A square picture of two values from 0 to 1, with its title and the names of its axes."""
    # The Agg canvas of a figure made without pyplot: no window system, no global list of open figures.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 6), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot(title=title, xlabel=x, ylabel=y, xlim=(-0.01, 1.01), ylim=(-0.01, 1.01), aspect="equal")
    axes.grid(color="0.9")
    axes.set_axisbelow(True)
    return figure, axes


def _draw(
    axes: Axes, index: int, x: FloatArray, y: FloatArray, label: str, drawstyle: Literal["default", "steps-post"]
) -> None:
    points = np.linspace(0, len(x) - 1, min(len(x), MAX_POINTS)).round().astype(np.int64)
    style: dict[str, Any] = (
        {"color": "black", "linewidth": 2.4, "zorder": 4} if index == 0 else {"linewidth": 1.3, "zorder": 3}
    )
    axes.plot(x[points], y[points], label=label, drawstyle=drawstyle, **style)


def _finish(figure: Figure, axes: Axes, curves: Sequence[Group], place: Literal["lower right", "lower left"]) -> Figure:
    if curves:
        axes.legend(loc=place, fontsize=9, framealpha=0.9)
    else:
        axes.text(0.5, 0.5, "no curve: all rows are of one class", ha="center", va="center")
    return figure
