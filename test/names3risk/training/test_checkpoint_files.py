"""Checkpoints are complete or absent, and a folder of checkpoints has one run at a time."""

from __future__ import annotations

import os
import resource
import signal
import time
from collections.abc import Callable, Iterator
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from pathlib import Path

import names3risk_samples as samples
import polars as pl
import pytest
import torch

from names3risk.data.datasets import EncodedSplit
from names3risk.errors import ArtifactError, OutputError
from names3risk.hyperparameters import Hyperparameters
from names3risk.models import build_model
from names3risk.training.checkpoint_files import read_checkpoint, save_checkpoint
from names3risk.training.job import run_training_job
from names3risk.training.run_file import sole_run
from names3risk.training.trainer import fit
from names3risk.training.world import World

Tiny = Callable[..., Hyperparameters]
Toy = Callable[..., EncodedSplit]


@pytest.fixture
def full_disk() -> Iterator[None]:
    """No file can grow beyond 16 KiB."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (16_384, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)
    signal.signal(signal.SIGXFSZ, handler)


@pytest.mark.usefixtures("full_disk")
def test_a_full_disk_leaves_the_earlier_checkpoint(tmp_path: Path) -> None:
    path = tmp_path / "last.ckpt"
    save_checkpoint({"step": 1}, path)
    with pytest.raises(OutputError, match=r"last\.ckpt: cannot write"):
        save_checkpoint({"step": 2, "weights": torch.zeros(100_000)}, path)
    assert read_checkpoint(path) == {"step": 1}
    assert [found.name for found in tmp_path.iterdir()] == ["last.ckpt"]


def test_training_writes_its_checkpoints_beside_where_they_belong(
    tiny: Tiny, toy_split: Toy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "another disk"))  # which is not even there
    settings = tiny(max_epochs=1)
    run = fit(build_model(settings, 20, 2), settings, toy_split(), toy_split(40), tmp_path / "run", progress=False)
    assert read_checkpoint(run.last_checkpoint)["global_step"] == run.steps


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 half of it", b"not a checkpoint at all"])
def test_a_damaged_checkpoint_is_named(tiny: Tiny, toy_split: Toy, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "last.ckpt").write_bytes(content)
    settings = tiny()
    with pytest.raises(
        ArtifactError, match=r"last\.ckpt: cannot be read as a checkpoint: .*train without resuming"
    ) as e:
        fit(build_model(settings, 20, 2), settings, toy_split(), toy_split(40), tmp_path, resume=True, progress=False)
    assert "\n" not in str(e.value)
    torch.save({"weights": 1}, tmp_path / "last.ckpt")
    with pytest.raises(ArtifactError, match=r"last\.ckpt: is not a checkpoint of a training"):
        fit(build_model(settings, 20, 2), settings, toy_split(), toy_split(40), tmp_path, resume=True, progress=False)


def test_a_second_run_is_kept_out_and_what_a_killed_one_left_is_removed(tmp_path: Path) -> None:
    (tmp_path / ".last-abc.ckpt").touch()
    (tmp_path / "evaluator_best.ckpt").touch()
    with sole_run(tmp_path, World()):
        assert [path.name for path in tmp_path.iterdir()] == ["evaluator_best.ckpt"]
        with (
            pytest.raises(OutputError, match="another training writes its checkpoints here"),
            sole_run(tmp_path, World()),
        ):
            pass
        with sole_run(tmp_path, World(rank=1, size=2)):
            pass
    with sole_run(tmp_path, World()):
        pass


def test_a_job_killed_again_and_again_ends_as_an_unbroken_one(tmp_path: Path) -> None:
    """SIGKILL and SIGTERM, wherever they find the job: reading, encoding, training, saving or scoring."""
    splits = samples.write_splits(tmp_path, format="csv")
    hyperparameters = samples.hyperparameters(
        memory_budget_gib=0.0, checkpoint_every_n_steps=1, max_epochs=6, early_stop_patience=100
    )
    processes = get_context("forkserver")
    processes.set_forkserver_preload(["names3risk.training.job", "names3risk.training.trainer", "names3risk.models"])

    def start(folder: Path) -> BaseProcess:
        given = {f"{name}_dir": splits / name for name in ("train", "val", "test")}
        wanted = {f"{name}_dir": folder / name for name in ("model", "data")} | {
            "checkpoint_dir": folder / "checkpoints"
        }
        process = processes.Process(
            target=run_training_job, kwargs={**given, **wanted, "hyperparameters": hyperparameters, "resume": True}
        )
        process.start()
        return process

    def steps(folder: Path) -> int:
        last = folder / "checkpoints" / "last.ckpt"
        return int(read_checkpoint(last)["global_step"]) if last.is_file() else -1

    unbroken, broken = tmp_path / "unbroken", tmp_path / "broken"
    running = start(unbroken)
    for k, number in enumerate((signal.SIGKILL, signal.SIGTERM, signal.SIGKILL)):
        before, process = steps(broken), start(broken)
        while process.is_alive() and steps(broken) < before + 3 + k:
            time.sleep(0.02)
        assert process.pid is not None
        os.kill(process.pid, number)
        process.join()
        assert process.exitcode, "it was killed before its end"
    for process in (running, start(broken)):
        process.join()
        assert process.exitcode == 0
    first, second = (
        read_checkpoint(folder / "checkpoints" / "last.ckpt")["state_dict"] for folder in (unbroken, broken)
    )
    assert all(torch.equal(value, second[name]) for name, value in first.items())
    names = {path.name for path in (broken / "checkpoints").rglob("*") if path.name != ".lock"}
    assert names == {path.name for path in (unbroken / "checkpoints").rglob("*") if path.name != ".lock"}
    predictions = [pl.read_csv(folder / "data" / "test_predictions.csv") for folder in (unbroken, broken)]
    assert predictions[0].equals(predictions[1])
