"""A picture of a search: how the objective went, and how it depends on each hyperparameter."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from names3risk.files import replacing
from names3risk.hyperparameters.ranges import CategoricalRange, IntegerRange, Range
from names3risk.training.metrics import HIGHER_IS_BETTER
from names3risk.tuning.report import TrialRecord

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLUMNS = 3
DONE, BEST = "#4c78a8", "#e45756"


def save_picture(found: list[TrialRecord], ranges: Mapping[str, Range], objective: str, path: Path) -> None:
    """Writes a PNG: the objective over the trials with the best so far, then one panel a hyperparameter.

    Args:
        found: All trials, at least one of them complete.
        ranges: The search space.
        objective: The validation metric.
        path: Where to write.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    done = [record for record in found if record.value is not None]
    rows = -(-(1 + len(ranges)) // COLUMNS)
    figure = Figure(figsize=(4.2 * COLUMNS, 3.2 * rows), layout="constrained")
    FigureCanvasAgg(figure)
    panels = list(np.atleast_1d(figure.subplots(rows, COLUMNS)).ravel())
    _history(panels[0], found, done, objective)
    for panel, (name, each) in zip(panels[1:], ranges.items(), strict=False):
        _dependence(panel, name, each, done)
    for panel in panels[1 + len(ranges) :]:
        panel.set_visible(False)
    for row in range(rows):
        panels[row * COLUMNS].set_ylabel(objective)
    with replacing(path) as temporary:
        figure.savefig(temporary, dpi=120, format="png")


def _history(panel: Axes, found: list[TrialRecord], done: list[TrialRecord], objective: str) -> None:
    from matplotlib.ticker import MaxNLocator

    values = _values(done)
    best = np.maximum.accumulate(values) if HIGHER_IS_BETTER[objective] else np.minimum.accumulate(values)
    numbers = [record.number for record in done]
    panel.scatter(numbers, values, s=22, color=DONE, label="trial")
    panel.step(numbers, best, where="post", color=BEST, label="best so far")
    edge = panel.get_xaxis_transform()
    for state, label, colour in (("pruned", "ended early", "0.6"), ("fail", "failed", "black")):
        others = [record.number for record in found if record.state == state]
        if others:
            panel.plot(others, [0.02] * len(others), "x", color=colour, transform=edge, label=label)
    panel.xaxis.set_major_locator(MaxNLocator(integer=True))
    panel.set_xlabel("trial")
    panel.legend(fontsize=8, framealpha=0.8)
    panel.grid(alpha=0.3)


def _dependence(panel: Axes, name: str, each: Range, done: list[TrialRecord]) -> None:
    from matplotlib.ticker import MaxNLocator

    chosen: list[Any] = [record.parameters[name] for record in done]
    if isinstance(each, CategoricalRange):
        places = [each.values.index(value) for value in chosen]
        panel.scatter(places, _values(done), s=22, color=DONE)
        panel.set_xticks(range(len(each.values)), [str(value) for value in each.values])
        panel.set_xlim(-0.5, len(each.values) - 0.5)
    else:
        panel.scatter(chosen, _values(done), s=22, color=DONE)
        if each.logarithmic:
            panel.set_xscale("log")
        elif isinstance(each, IntegerRange):
            panel.xaxis.set_major_locator(MaxNLocator(integer=True))
    panel.set_xlabel(name)
    panel.grid(alpha=0.3)


def _values(done: list[TrialRecord]) -> list[float]:
    return [record.value for record in done if record.value is not None]
