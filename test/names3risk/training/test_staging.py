"""Batches that are made on the host for another device; the device without data, `meta`, stands for a GPU here."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import numpy as np
import pytest
import torch

from names3risk.data.datasets import Batch, EncodedSplit, batches
from names3risk.training import loaders
from names3risk.training.loaders import ScoringLoader, TrainingLoader
from names3risk.training.staging import fits, one_ahead
from names3risk.training.world import World

Toy = Callable[..., EncodedSplit]
CPU, OTHER = torch.device("cpu"), torch.device("meta")


def test_batches_come_in_order_one_made_ahead(toy_split: Toy) -> None:
    made: list[Batch] = []

    def making() -> Iterator[Batch]:
        for batch in batches(toy_split(60), 10):
            made.append(batch)
            yield batch

    taken = 0
    for batch in one_ahead(making(), CPU):
        assert torch.equal(batch.rows, made[taken].rows)
        taken += 1
        assert len(made) <= taken + 1
    assert taken == 6


def test_batches_arrive_on_the_device(toy_split: Toy) -> None:
    for batch in one_ahead(batches(toy_split(20), 10), OTHER):
        assert {tensor.device for tensor in batch.tensors.values()} == {OTHER}
        assert set(batch.tensors) == {"input_ids", "attention_mask", "tabular", "labels", "rows"}


def test_whoever_stops_early_leaves_no_thread(toy_split: Toy) -> None:
    source = one_ahead(batches(toy_split(60), 10), CPU)
    next(source)
    source.close()
    assert not any(thread.name.startswith("batches") for thread in threading.enumerate())


def test_an_error_while_batches_are_made_is_raised() -> None:
    def failing() -> Iterator[Batch]:
        yield from ()
        raise ValueError("no more")

    with pytest.raises(ValueError, match="no more"):
        list(one_ahead(failing(), CPU))


def test_a_split_fits_into_less_than_half_of_the_free_memory(toy_split: Toy) -> None:
    split = toy_split(50)
    assert split.labels is not None
    arrays = (split.tokens.values, split.tokens.offsets, split.tabular, split.labels)
    assert split.nbytes == sum(array.nbytes for array in arrays)
    assert fits(split, OTHER, lambda device: split.nbytes * 5 // 2 + 1)
    assert not fits(split, OTHER, lambda device: split.nbytes * 2)
    assert fits(split, CPU), "the host's own memory holds it anyway"


def test_a_split_without_room_is_batched_by_the_host_as_it_would_be_there(
    toy_split: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loaders, "fits", lambda split, device: device.type == "cpu")
    split = toy_split(50)
    there = TrainingLoader(split, 10, 0, lambda: 0, OTHER, World())
    here = TrainingLoader(split, 10, 0, lambda: 0, CPU, World())
    for batch, selection in zip(there, here, strict=True):
        assert batch.rows.device == OTHER
        assert len(batch.rows) == len(selection.rows)
        assert batch.shape[1] == split.tokens.lengths.max(), "padded to 8 positions, but not beyond the longest row"
    scored = list(ScoringLoader(split, 10, OTHER, World()))
    assert len(scored) == 5
    assert {batch.tabular.device for batch in scored} == {OTHER}
    assert sum(len(batch.rows) for batch in scored) == 50
    assert int(np.max(split.tokens.lengths)) in {batch.shape[1] for batch in scored}
