"""Scoring after training, shared by the processes of a run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl

from names3risk.evaluation.report import Scorer
from names3risk.training.team import Team


class SharedScorer:
    """Scores rows as a model does, each process its share of them; all end with the scores of all.

    Args:
        scorer: The model, the same in each process.
        team: The processes, which all score the same rows.
    """

    def __init__(self, scorer: Scorer, team: Team) -> None:
        self.scorer, self.team = scorer, team

    def predict(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Predictions of all rows, in their order."""
        mine = frame[self.team.share_of(frame.height)]
        part = self.scorer.predict(mine) if mine.height else self.scorer.predict(frame.head(1)).clear()
        return self.team.together(part)


@contextmanager
def discarded(folder: str | Path) -> Iterator[Path]:
    """Gives a temporary folder in place of the one that another process writes."""
    with TemporaryDirectory(prefix=f"{Path(folder).name}-") as temporary:
        yield Path(temporary)
