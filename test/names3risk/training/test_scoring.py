"""Scores of rows that several processes share."""

from __future__ import annotations

import polars as pl
import pytest
import torch

from names3risk.training.scoring import SharedScorer
from names3risk.training.team import Team
from names3risk.training.world import World


class Scorer:
    def predict(self, frame: pl.DataFrame) -> pl.DataFrame:
        assert frame.height, "nothing can be predicted from no rows"
        return frame.select("id", score=pl.col("id") / 10)


class Alone(Team):
    """A process of several that hears nothing of the others."""

    def __init__(self, rank: int, size: int) -> None:
        super().__init__(World(), torch.device("cpu"))
        self.world = World(rank, size, rank, size)


@pytest.mark.parametrize("rows", [1, 2, 3, 10, 11])
def test_shares_together_hold_each_row_once_in_order(rows: int) -> None:
    frame = pl.DataFrame({"id": range(rows)})
    shares = [SharedScorer(Scorer(), Alone(rank, 3)).predict(frame) for rank in range(3)]
    assert pl.concat(shares).equals(Scorer().predict(frame))
    assert max(share.height for share in shares) - min(share.height for share in shares) <= 1
