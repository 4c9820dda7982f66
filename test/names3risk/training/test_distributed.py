"""Two processes on one machine train as one process does."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from names3risk.errors import ConfigError
from names3risk.training.loaders import ScoringLoader, TrainingLoader
from names3risk.training.world import World, find_world

SCRIPT = Path(__file__).with_name("distributed_run.py")


TWO = ("-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2")
WEIGHTED: dict[str, Any] = {"class_weights": [1.0, 4.0], "weight_averaging": "ema", "ema_decay": 0.5}


def run(folder: Path, *launcher: str, **changes: Any) -> list[dict[str, Any]]:
    folder.mkdir(exist_ok=True)
    environment = {k: v for k, v in os.environ.items() if k not in ("RANK", "WORLD_SIZE")} | {"OMP_NUM_THREADS": "1"}
    command = [sys.executable, *launcher, str(SCRIPT), str(folder), json.dumps(changes)]
    subprocess.run(command, check=True, timeout=240, env=environment)
    return [json.loads(path.read_text()) for path in sorted(folder.glob("result-*.json"))]


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    (result,) = run(tmp_path_factory.mktemp("one"), **WEIGHTED)
    return result


def assert_equal(result: dict[str, Any], wanted: dict[str, Any]) -> None:
    assert len(result["history"]) == len(wanted["history"])
    for mine, entry in zip(result["history"], wanted["history"], strict=True):
        assert mine == pytest.approx(entry, abs=1e-5), "equal AUROC: no row is scored twice or left out"
    np.testing.assert_allclose(result["weights"], wanted["weights"], atol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("values", [{"strategy": "ddp"}, {"strategy": "fsdp"}, {"recorded": True}])
def test_two_processes_give_the_loss_curve_and_weights_of_one(
    alone: dict[str, Any], tmp_path: Path, values: dict[str, Any]
) -> None:
    first, second = run(tmp_path, *TWO, **values, **WEIGHTED)
    assert first == second, "every process ends with the same weights and knows the same history"
    assert_equal(first, alone)
    assert sorted(path.name for path in tmp_path.glob("*.ckpt")) == ["best.ckpt", "last.ckpt"]


@pytest.mark.slow
def test_recorded_steps_in_half_precision_give_what_other_steps_in_it_give(tmp_path: Path) -> None:
    half = {**WEIGHTED, "precision": "bf16"}
    (plain,) = run(tmp_path / "plain", **half)
    (one,) = run(tmp_path / "one", **half, recorded=True)
    first, second = run(tmp_path / "two", *TWO, **half, recorded=True)
    assert first == second
    for result in (one, first):
        losses = [[entry["val_loss"] for entry in each["history"]] for each in (result, plain)]
        np.testing.assert_allclose(*losses, atol=0.01)
        np.testing.assert_allclose(result["weights"], plain["weights"], atol=0.02)


@pytest.mark.slow
def test_a_checkpoint_of_shards_is_resumed_by_one_process(alone: dict[str, Any], tmp_path: Path) -> None:
    same = {**WEIGHTED, "strategy": "fsdp", "checkpoint_every_n_steps": 3}
    assert run(tmp_path, *TWO, **same, stop_after=11) == [], "broken off in the second epoch"
    # The batch size stays what it was in the hyperparameters: rows of a process, at the time of the beginning.
    (result,) = run(tmp_path, **same, rows_per_step=8, resume=True)
    assert_equal(result, alone)


@pytest.mark.parametrize("rows", [8, 35, 64, 65, 66, 67])
def test_processes_share_every_row_of_an_epoch_evenly(toy_split: Any, rows: int) -> None:
    worlds = [World(rank, 3, rank, 3) for rank in range(3)]
    split = toy_split(rows)
    training = [list(TrainingLoader(split, 15, 0, lambda: 1, torch.device("cpu"), world)) for world in worlds]
    scoring = [list(ScoringLoader(split, 5, torch.device("cpu"), world)) for world in worlds]
    for shares in (training, scoring):
        assert len({len(batches) for batches in shares}) == 1, "a process with fewer steps would wait for ever"
        assert sorted(row for batches in shares for batch in batches for row in batch.rows.tolist()) == list(
            range(rows)
        )
    assert min(len(batch.rows) for batches in training for batch in batches) >= 2


def test_the_world_is_read_from_what_torchrun_sets() -> None:
    assert find_world({}) == World()
    four = {"RANK": "3", "WORLD_SIZE": "4", "LOCAL_RANK": "1", "LOCAL_WORLD_SIZE": "2"}
    assert find_world(four) == World(3, 4, 1, 2)
    assert find_world(four).machines == 2
    for wrong in ({"RANK": "1"}, {**four, "RANK": "4"}, {**four, "LOCAL_RANK": "x"}, {**four, "WORLD_SIZE": "5"}):
        with pytest.raises(ConfigError, match="do not describe a distributed run"):
            find_world(wrong)
