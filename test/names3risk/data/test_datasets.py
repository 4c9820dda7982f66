"""Batches of encoded splits."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from names3risk.data.datasets import BatchSource, EncodedSplit, batches, count_batches, plan_training
from names3risk.errors import DataError
from names3risk.text.ragged import RaggedTokens
from names3risk.text.special import PAD_ID


def split_of(lengths: list[int]) -> EncodedSplit:
    rows = [[7 + (i + j) % 50 for j in range(length)] for i, length in enumerate(lengths)]
    numbers = np.arange(2 * len(rows), dtype=np.float32).reshape(-1, 2)
    return EncodedSplit(RaggedTokens.from_lists(rows), numbers, np.arange(len(rows), dtype=np.int64) % 2)


@settings(deadline=None, max_examples=80)
@given(st.lists(st.integers(0, 9), min_size=1, max_size=70), st.integers(2, 20), st.booleans())
def test_every_row_comes_once_with_its_own_values(lengths: list[int], batch_size: int, shuffle: bool) -> None:
    split = split_of(lengths)
    seen = []
    for batch in batches(split, batch_size, shuffle=shuffle, seed=3, epoch=1):
        assert batch.labels is not None
        assert batch.attention_mask.dtype == torch.bool
        assert len(batch.rows) <= batch_size + 1
        for i, row in enumerate(batch.rows.tolist()):
            tokens = split.tokens[row].tolist()
            assert batch.input_ids[i][batch.attention_mask[i]].tolist() == tokens
            assert batch.attention_mask[i, : len(tokens)].all()
            assert (batch.input_ids[i, len(tokens) :] == PAD_ID).all()
            assert batch.tabular[i].tolist() == split.tabular[row].tolist()
            assert int(batch.labels[i]) == row % 2
            seen.append(row)
    assert sorted(seen) == list(range(len(lengths)))


@settings(deadline=None)
@given(st.integers(1, 400), st.integers(2, 50), st.integers(0, 5))
def test_the_number_of_batches_is_known_beforehand_and_none_is_a_single_row(rows: int, size: int, epoch: int) -> None:
    plan = plan_training(np.ones(rows, dtype=np.int64), size, 0, epoch)
    assert len(plan) == count_batches(rows, size)
    if rows > 1:
        assert min(map(len, plan)) > 1


def test_the_order_follows_seed_and_epoch() -> None:
    lengths = np.random.default_rng(0).integers(1, 30, 1000)

    def order(seed: int, epoch: int) -> list[int]:
        return np.concatenate(plan_training(lengths, 32, seed, epoch)).tolist()

    assert order(0, 0) == order(0, 0)
    assert order(0, 0) != order(0, 1)
    assert order(0, 0) != order(1, 0)


def test_a_training_batch_is_a_random_sample_whatever_the_lengths_and_sorted_by_them() -> None:
    lengths = np.random.default_rng(0).integers(1, 100, 20_000)
    plan = plan_training(lengths, 64, 0, 0)
    assert all((np.diff(lengths[rows]) >= 0).all() for rows in plan)
    means = np.array([lengths[rows].mean() for rows in plan[:-1]])
    assert np.std(means) < 1.2 * np.std(lengths) / 64**0.5, "as much as means of random samples differ"
    positions = [float(rows.mean()) for rows in plan]
    assert np.std(positions) < 0.3 * len(lengths), "a batch draws its rows from all over the split"


def test_packed_batches_have_one_length_few_rooms_and_room_for_every_token() -> None:
    lengths = np.random.default_rng(0).integers(0, 30, 2000)
    tokens = RaggedTokens.from_lists([[7] * int(length) for length in lengths])
    source = BatchSource(EncodedSplit(tokens, np.zeros((2000, 1), dtype=np.float32)), packed=True)
    plan = plan_training(lengths, 100, 0, 0)
    found = [source.gather(rows) for rows in plan]
    for rows, batch, selection in zip(plan, found, source.select(plan), strict=True):
        assert int(np.maximum(lengths[rows], 1).sum()) <= batch.room < int(np.maximum(lengths[rows], 1).sum()) + 200
        assert selection.shape == batch.shape
        assert selection.build(selection.tensors).room == batch.room
    assert len({batch.shape for batch in found}) <= 3


def test_parts_of_different_length_are_refused() -> None:
    tokens = RaggedTokens.from_lists([[7], [8]])
    with pytest.raises(DataError, match="labels has 1 rows; expected 2 rows"):
        EncodedSplit(tokens, np.zeros((2, 0), dtype=np.float32), np.zeros(1, dtype=np.int64))
    with pytest.raises(DataError, match="ids has 3 rows"):
        EncodedSplit(tokens, np.zeros((2, 0), dtype=np.float32), ids=pl.Series([1, 2, 3]))
    with pytest.raises(DataError, match="1 dimensions"):
        EncodedSplit(tokens, np.zeros(2, dtype=np.float32))


def test_rows_without_tokens_or_labels_make_a_batch_of_padding() -> None:
    split = EncodedSplit(RaggedTokens.from_lists([[], []]), np.zeros((2, 0), dtype=np.float32))
    (batch,) = batches(split, 8)
    assert batch.labels is None
    assert batch.input_ids.tolist() == [[PAD_ID], [PAD_ID]]
    assert not batch.attention_mask.any()
