"""What is easy to beat, and what is not: predictions without a network, ranked like the network's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from names3risk.sequences.encoding import EncodedEvents, Ints
from names3risk.sequences.metrics import ranks

Scores = npt.NDArray[np.float64]
CELLS = 20_000_000
"""The most scores that are held at once."""


@dataclass(frozen=True)
class Known:
    """What the baselines know: the training part, and all events for the past of each target.

    Args:
        events: All events.
        popularity: Share of each item among the training events, `(V,)`.
        following: Training transitions from item to item, `(V, V)`.
    """

    events: EncodedEvents
    popularity: Scores
    following: Scores

    @classmethod
    def fit(cls, events: EncodedEvents, training: Ints, n_items: int) -> Known:
        """Counts items and transitions among training events at positions `(T,)`."""
        items = events.items
        counts = np.bincount(items[training], minlength=n_items).astype(float)
        later = training[events.firsts[training] < training]
        pairs = np.bincount(items[later - 1] * n_items + items[later], minlength=n_items**2)
        return cls(events, counts / counts.sum(), pairs.reshape(n_items, n_items).astype(float))


Baseline = Callable[[Known, Ints], Scores]


def last_item(known: Known, targets: Ints) -> Scores:
    """The entity's latest item, then the one before it and so on, then what is popular."""
    row, position = _past(known.events, targets)
    scores = np.tile(known.popularity, (len(targets), 1))
    # Positions rise within a row, so the latest event of an item is written last.
    scores[row, known.events.items[position]] = 2.0 + position
    return scores


def most_frequent(known: Known, targets: Ints) -> Scores:
    """The item that the entity had most often so far, then what is popular."""
    row, position = _past(known.events, targets)
    counts = np.bincount(
        row * len(known.popularity) + known.events.items[position], minlength=len(targets) * len(known.popularity)
    )
    return counts.reshape(len(targets), -1) + known.popularity


def markov(known: Known, targets: Ints) -> Scores:
    """What followed the latest item most often in training, of any entity; backed off to what is popular.

    The popular items weigh as much as one transition.
    """
    return known.following[known.events.items[targets - 1]] + known.popularity


def markov_of_entity(known: Known, targets: Ints) -> Scores:
    """What followed the latest item in the entity's own past; backed off to all entities, then to what is popular.

    All entities together weigh as much as one transition of the entity.
    """
    row, position = _past(known.events, targets)
    items = known.events.items
    follows = (position > known.events.firsts[targets][row]) & (items[position - 1] == items[targets - 1][row])
    backoff = markov(known, targets)
    backoff /= backoff.sum(axis=1, keepdims=True)
    np.add.at(backoff, (row[follows], items[position[follows]]), 1.0)
    return backoff


BASELINES: dict[str, Baseline] = {
    "last item": last_item,
    "most frequent item": most_frequent,
    "Markov": markov,
    "Markov of the entity": markov_of_entity,
}


def baseline_ranks(baseline: Baseline, known: Known, targets: Ints) -> Tensor:
    """Ranks that a baseline gives the items of targets at positions `(S,)`; see `names3risk.sequences.metrics`."""
    size = max(1, CELLS // len(known.popularity) // 8)
    found = [
        ranks(torch.from_numpy(baseline(known, part)), torch.from_numpy(known.events.items[part]))
        for part in np.array_split(targets, -(-len(targets) // size))
    ]
    return torch.cat(found)


def _past(events: EncodedEvents, targets: Ints) -> tuple[Ints, Ints]:
    """Row and position of every event before each target of the same entity, `(R,)` each, in order."""
    firsts = events.firsts[targets]
    lengths = targets - firsts
    row = np.repeat(np.arange(len(targets)), lengths)
    within = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    return row, firsts[row] + within
