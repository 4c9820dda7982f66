"""How high the item that followed was ranked: accuracy at k, mean reciprocal rank, NDCG.

Items that training did not see are counted apart: they are among the rows, and never a hit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torchmetrics import Metric

from names3risk.sequences.vocabulary import FIRST

METRICS = ("accuracy_at_1", "accuracy_at_5", "accuracy_at_10", "mrr", "ndcg_at_10")


def ranks(scores: Tensor, labels: Tensor) -> Tensor:
    """Rank of the item that followed, from 1.

    Args:
        scores: Of each item, `(B, V)`; those of padding and unknown do not count.
        labels: `(B,)`.

    Returns:
        `(B,)` float64; infinite for unknown items. Equal scores are ranked by item number, that is by frequency in
        training.
    """
    known = scores[:, FIRST:]
    place = (labels - FIRST).clamp(min=0)[:, None]
    own = known.gather(1, place)
    numbers = torch.arange(known.shape[1], device=scores.device)
    before = (known > own) | ((known == own) & (numbers < place))
    found = 1 + before.sum(dim=1).double()
    return torch.where(labels >= FIRST, found, torch.inf)


def gains(rank: Tensor) -> Tensor:
    """What each row adds to each of `METRICS`, `(B, 5)`, from ranks `(B,)`."""
    hits = [(rank <= k).double() for k in (1, 5, 10)]
    # With one relevant item the ideal gain is 1, so NDCG is 1 / log2(1 + rank) within the first ten.
    discounted = torch.where(rank <= 10, 1 / torch.log2(1 + rank), 0.0)
    return torch.stack([*hits, 1 / rank, discounted], dim=1)


@dataclass(frozen=True)
class Ranking:
    """How well the rows of a part were ranked.

    Args:
        rows: Rows.
        unseen: Rows whose item is unknown.
        all: Metrics over all rows; unknown items are misses.
        seen: Metrics over the rows whose item is known; empty where there is none.
    """

    rows: int
    unseen: int
    all: dict[str, float]
    seen: dict[str, float]

    @classmethod
    def of(cls, rank: Tensor) -> Ranking:
        """From ranks `(N,)` of at least one row."""
        total = gains(rank).sum(dim=0).tolist()
        unseen = int(torch.isinf(rank).sum())
        seen = len(rank) - unseen
        return cls(
            len(rank),
            unseen,
            {name: value / len(rank) for name, value in zip(METRICS, total, strict=True)},
            {name: value / seen for name, value in zip(METRICS, total, strict=True)} if seen else {},
        )

    def to_json(self) -> dict[str, Any]:
        """The counts and metrics."""
        return {"rows": self.rows, "unseen": self.unseen, "metrics": self.all, "metrics_of_seen_items": self.seen}


class RankingMetric(Metric):
    """The metrics of a validation, under the names that are logged."""

    NAMES = ("val_accuracy", "val_accuracy_at_5", "val_accuracy_at_10", "val_mrr", "val_ndcg_at_10")
    total: Tensor
    rows: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.add_state("total", torch.zeros(len(self.NAMES), dtype=torch.float32), dist_reduce_fx="sum")
        self.add_state("rows", torch.tensor(0), dist_reduce_fx="sum")

    def update(self, scores: Tensor, labels: Tensor) -> None:
        """Adds a batch of scores `(B, V)` and items `(B,)`."""
        self.total += gains(ranks(scores, labels)).sum(dim=0).float()
        self.rows += len(labels)

    def compute(self) -> dict[str, Tensor]:
        """The metrics so far."""
        return dict(zip(self.NAMES, self.total / self.rows, strict=True))
