"""Ranks and metrics against a plain calculation, and the baselines against plain counting."""

from __future__ import annotations

import math
from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
import torch

from names3risk.sequences.baselines import BASELINES, Known, baseline_ranks
from names3risk.sequences.metrics import METRICS, Ranking, RankingMetric, ranks
from names3risk.sequences.preparation import prepare_sequences
from names3risk.sequences.reading import order_events
from names3risk.sequences.vocabulary import FIRST, UNKNOWN


def test_ranks_count_what_scores_higher_and_ties_by_number() -> None:
    scores = torch.tensor([[9.0, 9.0, 0.1, 0.5, 0.5, 0.2]]).repeat(5, 1)
    labels = torch.tensor([3, 4, 5, 2, UNKNOWN])
    assert ranks(scores, labels).tolist() == [1, 2, 3, 4, math.inf]


def test_metrics_of_known_ranks_with_an_unseen_item() -> None:
    found = Ranking.of(torch.tensor([1.0, 4.0, 10.0, 11.0, math.inf], dtype=torch.float64))
    assert (found.rows, found.unseen) == (5, 1)
    discounted = 1 + 1 / math.log2(5) + 1 / math.log2(11)
    expected = [1 / 5, 2 / 5, 3 / 5, (1 + 1 / 4 + 1 / 10 + 1 / 11) / 5, discounted / 5]
    assert [found.all[name] for name in METRICS] == pytest.approx(expected)
    assert found.seen["accuracy_at_1"] == pytest.approx(1 / 4)
    assert found.to_json()["unseen"] == 1


def test_rows_of_unseen_items_alone_have_no_metrics_of_seen_ones() -> None:
    found = Ranking.of(torch.tensor([math.inf]))
    assert found.seen == {}
    assert set(found.all.values()) == {0.0}


def test_the_metric_of_a_validation_adds_up_over_batches() -> None:
    generator = torch.Generator().manual_seed(0)
    scores, labels = torch.randn(20, 15, generator=generator), torch.randint(1, 15, (20,), generator=generator)
    metric = RankingMetric()
    for part in torch.arange(20).split(7):
        metric.update(scores[part], labels[part])
    whole = Ranking.of(ranks(scores, labels))
    assert list(metric.compute().values()) == pytest.approx([whole.all[name] for name in METRICS], abs=1e-6)


def order_of(scores: dict[int, float], n_items: int) -> list[int]:
    return sorted(range(FIRST, n_items), key=lambda item: (-scores.get(item, 0.0), item))


def test_baselines_are_what_plain_counting_gives(events, schema) -> None:
    prepared = prepare_sequences(order_events(events, schema), schema)
    encoded, n_items = prepared.events, len(prepared.encoder.items)
    items, training = encoded.items.tolist(), set(prepared.training.tolist())
    known = Known.fit(encoded, prepared.training, n_items)
    found = {name: baseline_ranks(each, known, prepared.targets["test"]).tolist() for name, each in BASELINES.items()}
    popular = Counter(items[at] for at in training)
    share = {item: count / len(training) for item, count in popular.items()}
    steps = [(items[at - 1], items[at]) for at in training if encoded.firsts[at] < at]
    for row, target in enumerate(prepared.targets["test"].tolist()):
        past = items[encoded.firsts[target] : target]
        latest = {item: 2.0 + place for place, item in enumerate(past)}
        counts = Counter(past)
        following = Counter(after for before, after in steps if before == past[-1])
        own = Counter(after for before, after in pairwise(past) if before == past[-1])
        backed = {item: following[item] + share.get(item, 0.0) for item in range(n_items)}
        total = sum(backed.values())
        expected = {
            "last item": {**share, **latest},
            "most frequent item": {item: counts[item] + share.get(item, 0.0) for item in range(n_items)},
            "Markov": backed,
            "Markov of the entity": {item: own[item] + backed[item] / total for item in range(n_items)},
        }
        for name, scores in expected.items():
            wanted = order_of(scores, n_items).index(items[target]) + 1 if items[target] >= FIRST else math.inf
            assert found[name][row] == wanted, (name, row)


def test_ranks_do_not_depend_on_how_targets_are_cut_into_parts(events, schema, monkeypatch) -> None:
    prepared = prepare_sequences(order_events(events, schema), schema)
    known = Known.fit(prepared.events, prepared.training, len(prepared.encoder.items))
    targets = prepared.targets["train"]
    whole = baseline_ranks(BASELINES["most frequent item"], known, targets)
    monkeypatch.setattr("names3risk.sequences.baselines.CELLS", 1000)
    assert np.array_equal(whole, baseline_ranks(BASELINES["most frequent item"], known, targets))
