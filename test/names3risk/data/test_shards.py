"""Splits in shards, and their streamed batches."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch

from names3risk.data.datasets import Batch, EncodedSplit
from names3risk.data.keeping import Keep
from names3risk.data.shards import ShardedSplit, shards_once, write_shards
from names3risk.errors import ConfigError, DataError
from names3risk.text.ragged import RaggedTokens
from names3risk.training.streaming import StreamingLoader, StreamingScoringLoader
from names3risk.training.world import World

CPU = torch.device("cpu")


def encoded(rows: int, seed: int = 0) -> EncodedSplit:
    random = np.random.default_rng(seed)
    tokens = RaggedTokens.from_lists([random.integers(7, 50, random.integers(0, 9)).tolist() for _ in range(rows)])
    return EncodedSplit(tokens, random.normal(size=(rows, 3)).astype(np.float32), random.integers(0, 2, rows))


def stream(split: ShardedSplit, world: World, epoch: int = 0, position: int = 0) -> list[Batch]:
    loader = StreamingLoader(split, 10 * world.size, 0, lambda: epoch, CPU, world, buffer_rows=20)
    loader.load_state_dict({"position": position})
    return list(loader)


def positions(batches: list[Batch]) -> list[int]:
    return [row for batch in batches for row in batch.rows.tolist()]


@pytest.mark.parametrize("rows", [30, 97, 101, 103, 256])
@pytest.mark.parametrize("processes", [1, 2, 3])
def test_every_process_gets_its_share_of_every_row_once(tmp_path: Path, rows: int, processes: int) -> None:
    parts = [encoded(20), encoded(rows - 20, seed=1)]
    split = write_shards(tmp_path, parts, shard_rows=40, piece_rows=7)
    assert len(split) == rows
    worlds = [World(rank, processes, rank, processes) for rank in range(processes)]
    shares = [stream(split, world) for world in worlds]
    loader = StreamingLoader(split, 10 * processes, 0, lambda: 0, CPU, worlds[0], buffer_rows=20)
    assert {len(share) for share in shares} == {len(loader)}, "a process with fewer steps would wait for ever"
    assert sorted(row for share in shares for row in positions(share)) == list(range(rows))
    tabular = np.concatenate([part.tabular for part in parts])
    tokens = [part.tokens[row].tolist() for part in parts for row in range(len(part))]
    for batch in (batch for share in shares for batch in share):
        assert len(batch.rows) >= 2
        for i, row in enumerate(batch.rows.tolist()):
            assert batch.tabular[i].tolist() == tabular[row].tolist()
            assert batch.input_ids[i][batch.attention_mask[i]].tolist() == tokens[row]


def test_a_pass_begins_where_another_stood(tmp_path: Path) -> None:
    split = write_shards(tmp_path, [encoded(103)], shard_rows=40, piece_rows=7)
    whole = stream(split, World())
    for position in range(1, len(whole)):
        assert positions(stream(split, World(), position=position)) == positions(whole[position:])


def test_the_order_is_another_in_each_epoch_and_mixes_the_files(tmp_path: Path) -> None:
    split = write_shards(tmp_path, [encoded(400)], shard_rows=100, piece_rows=5)
    first, second = (positions(stream(split, World(), epoch)) for epoch in (0, 1))
    assert first == positions(stream(split, World(), 0))
    assert first != second
    files = [{row // 100 for row in first[start : start + 20]} for start in range(0, 400, 20)]
    assert np.mean([len(found) for found in files]) > 2, "a buffer draws from several files"


@pytest.mark.parametrize(("began", "now"), [(2, 1), (1, 2), (4, 2), (2, 3), (3, 2)])
def test_another_number_of_processes_goes_on_with_the_same_steps(tmp_path: Path, began: int, now: int) -> None:
    split = write_shards(tmp_path, [encoded(208)], shard_rows=40, piece_rows=7)

    def steps(processes: int, position: int) -> list[list[int]]:
        shares = []
        for rank in range(processes):
            world = World(rank, processes, rank, processes)
            loader = StreamingLoader(split, 10 * began, 3, lambda: 1, CPU, world, began, buffer_rows=20)
            loader.load_state_dict({"position": position})
            shares.append([batch.rows.tolist() for batch in loader])
        assert len({len(share) for share in shares}) == 1, "a process with fewer steps would wait for ever"
        return [sorted(row for batch in step for row in batch) for step in zip(*shares, strict=True)]

    assert steps(now, position=4) == steps(began, position=0)[4:]


def test_steps_too_small_for_so_many_processes_are_refused(tmp_path: Path) -> None:
    split = write_shards(tmp_path, [encoded(33)])
    with pytest.raises(ConfigError, match="step of 3 rows cannot be shared by 4 processes"):
        StreamingLoader(split, 10, 0, lambda: 0, CPU, World(0, 4, 0, 4), lanes=1)


@pytest.mark.parametrize("rows", [3, 30, 97, 100])
@pytest.mark.parametrize("processes", [1, 2, 3])
def test_validation_is_streamed_in_order_each_row_once(tmp_path: Path, rows: int, processes: int) -> None:
    whole = encoded(rows)
    split = write_shards(tmp_path, [whole], shard_rows=40, piece_rows=7)
    worlds = [World(rank, processes, rank, processes) for rank in range(processes)]
    loaders = [StreamingScoringLoader(split, 10, CPU, world, buffer_rows=20) for world in worlds]
    shares = [list(loader) for loader in loaders]
    assert [len(share) for share in shares] == [len(loaders[0])] * processes
    assert sorted(row for share in shares for row in positions(share)) == list(range(rows))
    for share in shares:
        assert max(len(batch.rows) for batch in share) <= 10
        buffers = [positions(share[k : k + 2]) for k in range(0, len(share), 2)]
        assert all(max(first) < min(second) for first, second in pairwise(buffers)), "buffers come in order"
        for batch in share:
            assert batch.tabular.tolist() == whole.tabular[batch.rows.numpy()].tolist()


def test_rows_are_named_by_their_ids(tmp_path: Path) -> None:
    parts = [replace(encoded(20, k), ids=pl.Series([f"order-{20 * k + row}" for row in range(20)])) for k in range(3)]
    split = write_shards(tmp_path / "named", parts, shard_rows=25, piece_rows=7)
    assert split.has_ids
    assert split.ids_of([59, 0, 24, 25, 33]) == [f"order-{row}" for row in (59, 0, 24, 25, 33)]
    assert not write_shards(tmp_path / "nameless", [encoded(5)]).has_ids


def test_equal_rows_have_an_equal_digest_and_others_do_not(tmp_path: Path) -> None:
    same = [write_shards(tmp_path / str(k), [encoded(50)]).digest() for k in range(2)]
    assert same[0] == same[1] != write_shards(tmp_path / "other", [encoded(50, seed=1)]).digest()


def test_of_several_processes_one_writes(tmp_path: Path) -> None:
    calls = []

    def parts() -> list[EncodedSplit]:
        calls.append(1)
        time.sleep(0.1)
        return [encoded(9)]

    with ThreadPoolExecutor(3) as pool:
        found = list(pool.map(lambda _: shards_once(Keep(tmp_path, "rows"), "key", parts), range(3)))
    assert len(calls) == 1
    assert [len(split) for split in found] == [9, 9, 9]
    assert shards_once(Keep(tmp_path, "rows"), "other key", parts).folder != found[0].folder


def test_what_cannot_be_sharded_or_read_is_named(tmp_path: Path) -> None:
    rows = encoded(9)
    with pytest.raises(DataError, match="no labels"):
        write_shards(tmp_path, [EncodedSplit(rows.tokens, rows.tabular)])
    bad = rows.tabular.copy()
    bad[4, 1] = np.inf
    with pytest.raises(DataError, match="feature 1 of row 4 is inf"):
        write_shards(tmp_path, [EncodedSplit(rows.tokens, bad, rows.labels)])
    with pytest.raises(DataError, match="there are no rows"):
        write_shards(tmp_path, [])
    with pytest.raises(DataError, match="there are no shards"):
        len(ShardedSplit(tmp_path))
    split = write_shards(tmp_path, [rows])
    (tmp_path / "part-00000.parquet").write_bytes(b"PAR1")
    with pytest.raises(DataError, match="a shard cannot be read"):
        stream(split, World())
    (tmp_path / "shards.json").write_text("{}")
    with pytest.raises(DataError, match="index of the shards is damaged"):
        len(ShardedSplit(tmp_path))
