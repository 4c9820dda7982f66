"""A run that was broken off and resumed ends as the unbroken one would have."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import lightning
import numpy as np
import pytest
import torch
from lightning.pytorch.callbacks import Callback
from torch import Tensor, nn

from names3risk.data.datasets import EncodedSplit
from names3risk.data.shards import write_shards
from names3risk.errors import ConfigError, TrainingError
from names3risk.hyperparameters import Hyperparameters
from names3risk.models import build_model
from names3risk.training.trainer import FitResult, fit

Tiny = Callable[..., Hyperparameters]
Toy = Callable[..., EncodedSplit]
SETTINGS: dict[str, Any] = {"max_epochs": 3, "early_stop_patience": 100, "token_dropout": 0.1}


class MachineGoneError(Exception):
    """Stands for a machine that is switched off."""


class Interrupting(nn.Module):
    """Calls something once the network has been trained for some batches."""

    def __init__(self, inner: nn.Module, batches: int, action: Callable[[], None]) -> None:
        super().__init__()
        self.inner, self.left, self.action = inner, batches, action

    def forward(self, *inputs: Tensor) -> Tensor:
        if self.training:
            if self.left == 0:
                self.action()
            self.left -= 1
        return self.inner(*inputs)


def switch_off() -> None:
    raise MachineGoneError


def run(
    hyperparameters: Hyperparameters,
    toy_split: Toy,
    folder: Path,
    batches: int = -1,
    action: Callable[[], None] = switch_off,
    resume: bool = False,
) -> FitResult:
    model = Interrupting(build_model(hyperparameters, 20, 2), batches, action)
    splits = toy_split(100), toy_split(40, seed=1)
    return fit(model, hyperparameters, *splits, folder, resume=resume, accelerator="cpu", progress=False)


def weights(result: FitResult) -> Tensor:
    return nn.utils.parameters_to_vector(result.model.parameters())


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("transformer2risk", {"val_check_interval": 0.25, "checkpoint_every_n_steps": 2}),
        ("lstm2risk", {"weight_averaging": "ema", "checkpoint_every_n_steps": 1}),
        ("transformer2risk", {"accumulate_grad_batches": 2, "checkpoint_every_n_steps": 1, "load_ckpt": False}),
        ("lstm2risk", {"weight_averaging": "swa", "optimizer": "adagrad", "scheduler": "linear_warmup"}),
    ],
)
def test_weights_and_history_are_identical_to_those_of_an_unbroken_run(
    tiny: Tiny, toy_split: Toy, tmp_path: Path, name: str, values: dict[str, Any]
) -> None:
    hyperparameters = tiny(name, **SETTINGS, **values)
    unbroken = run(hyperparameters, toy_split, tmp_path / "unbroken")
    for batches in (2, 7, 10, 13, 20):
        folder = tmp_path / str(batches)
        with pytest.raises(MachineGoneError):
            run(hyperparameters, toy_split, folder, batches)
        resumed = run(hyperparameters, toy_split, folder, resume=True)
        assert torch.equal(weights(resumed), weights(unbroken)), f"broken off after {batches} batches"
        assert resumed.history == unbroken.history
        assert resumed.steps == unbroken.steps


def test_a_run_may_break_off_more_than_once(tiny: Tiny, toy_split: Toy, tmp_path: Path) -> None:
    hyperparameters = tiny(**SETTINGS, checkpoint_every_n_steps=3)
    unbroken = run(hyperparameters, toy_split, tmp_path / "unbroken")
    for batches in (5, 4, 6):
        with pytest.raises(MachineGoneError):
            run(hyperparameters, toy_split, tmp_path / "broken", batches, resume=True)
    assert torch.equal(weights(run(hyperparameters, toy_split, tmp_path / "broken", resume=True)), weights(unbroken))


def test_checkpoints_within_an_epoch_save_work(tiny: Tiny, toy_split: Toy, tmp_path: Path) -> None:
    steps = {}
    for interval in (0, 2):
        with pytest.raises(MachineGoneError):
            run(tiny(**SETTINGS, checkpoint_every_n_steps=interval), toy_split, tmp_path / str(interval), 13)
        steps[interval] = torch.load(tmp_path / str(interval) / "last.ckpt", weights_only=True)["global_step"]
    assert steps == {0: 7, 2: 13}, "7 batches an epoch; batch 6 of the second epoch is the last one with a checkpoint"


def test_sigterm_saves_where_the_run_stands(tiny: Tiny, toy_split: Toy, tmp_path: Path) -> None:
    hyperparameters = tiny(**SETTINGS)
    unbroken = run(hyperparameters, toy_split, tmp_path / "unbroken")
    with pytest.raises(TrainingError, match=r"stopped by SIGTERM after step 4; to mend it: resume from"):
        run(hyperparameters, toy_split, tmp_path / "b", 3, lambda: os.kill(os.getpid(), signal.SIGTERM))
    assert torch.load(tmp_path / "b" / "last.ckpt", weights_only=True)["global_step"] == 4
    assert torch.equal(weights(run(hyperparameters, toy_split, tmp_path / "b", resume=True)), weights(unbroken))


def test_ctrl_c_ends_the_run_and_says_where_it_can_be_resumed(tiny: Tiny, toy_split: Toy, tmp_path: Path) -> None:
    hyperparameters = tiny(**SETTINGS)
    for _ in range(2):  # the second time as well
        with pytest.raises(KeyboardInterrupt, match=f"training can be resumed from {tmp_path}"):
            run(hyperparameters, toy_split, tmp_path, 9, lambda: os.kill(os.getpid(), signal.SIGINT), resume=True)
    unbroken = run(hyperparameters, toy_split, tmp_path / "unbroken")
    assert torch.equal(weights(run(hyperparameters, toy_split, tmp_path, resume=True)), weights(unbroken))


def test_sigterm_at_random_moments_changes_nothing(
    tiny: Tiny, toy_split: Toy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hyperparameters = tiny(**{**SETTINGS, "max_epochs": 8, "val_check_interval": 0.5})
    unbroken = run(hyperparameters, toy_split, tmp_path / "unbroken")
    before = signal.signal(signal.SIGTERM, lambda *_: None)  # one that comes too late or too early does nothing
    stopped, random = 0, np.random.default_rng(0)
    try:
        while True:
            timer = threading.Timer(random.uniform(0.1, 0.5), os.kill, [os.getpid(), signal.SIGTERM])
            timer.start()
            try:
                resumed = run(hyperparameters, toy_split, tmp_path / "broken", resume=True)
                break
            except TrainingError:
                stopped += 1
            finally:
                timer.join()
    finally:
        signal.signal(signal.SIGTERM, before)
    assert stopped
    assert torch.equal(weights(resumed), weights(unbroken))
    assert resumed.history == unbroken.history


def test_checkpoints_come_by_the_clock_but_take_little_of_the_time(
    tiny: Tiny, toy_split: Toy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    saved = []
    real = lightning.Trainer.save_checkpoint

    def save(trainer: lightning.Trainer, path: Path, **options: Any) -> None:
        if Path(path).name == "last.ckpt":
            saved.append(now[0])
            now[0] += 1.0 if len(saved) < 3 else 10.0  # seconds that saving takes
        real(trainer, path, **options)

    monkeypatch.setattr(lightning.Trainer, "save_checkpoint", save)

    class Clock(Callback):
        def on_train_batch_end(self, *_: Any) -> None:
            now[0] += 20.0

    hyperparameters = tiny(max_epochs=1, batch_size=2, checkpoint_every_n_seconds=60)
    model = build_model(hyperparameters, 20, 2)
    splits = toy_split(100), toy_split(40, seed=1)
    fit(model, hyperparameters, *splits, tmp_path, accelerator="cpu", progress=False, callbacks=[Clock()])
    # 60 s after the beginning and after the end of the last one; after the third, which took 10 s, 500 s.
    assert saved[:4] == [60.0, 121.0, 182.0, 692.0]


def test_resuming_a_run_that_has_ended_gives_its_result_without_training(
    tiny: Tiny, toy_split: Toy, tmp_path: Path
) -> None:
    first = run(tiny(**SETTINGS), toy_split, tmp_path)
    again = run(tiny(**SETTINGS), toy_split, tmp_path, batches=0, resume=True)
    assert torch.equal(weights(again), weights(first))
    assert (again.history, again.steps, again.best_value) == (first.history, first.steps, first.best_value)


def test_a_checkpoint_of_another_run_is_refused_and_a_new_run_starts_afresh(
    tiny: Tiny, toy_split: Toy, tmp_path: Path
) -> None:
    run(tiny(**SETTINGS), toy_split, tmp_path)
    with pytest.raises(ConfigError, match=r"last.ckpt: the checkpoint is of a run with lr 0.001, now 0.002"):
        run(tiny(**SETTINGS, lr=2e-3), toy_split, tmp_path, resume=True)
    with pytest.raises(MachineGoneError):
        run(tiny(**SETTINGS, lr=2e-3), toy_split, tmp_path, batches=0)
    assert not list(tmp_path.glob("*.ckpt")), "checkpoints of an earlier run would be taken for this one's"


def test_a_checkpoint_of_other_data_is_refused_even_where_every_count_is_the_same(
    tiny: Tiny, toy_split: Toy, tmp_path: Path
) -> None:
    run(tiny(**SETTINGS), toy_split, tmp_path)

    def relabelled(rows: int, seed: int = 0) -> EncodedSplit:
        split = toy_split(rows, seed=seed)
        assert split.labels is not None
        return replace(split, labels=1 - split.labels)

    with pytest.raises(ConfigError, match=r"of a run with training data of SHA-256"):
        run(tiny(**SETTINGS), relabelled, tmp_path, resume=True)


def test_resuming_without_a_checkpoint_begins_at_the_start(tiny: Tiny, toy_split: Toy, tmp_path: Path) -> None:
    assert run(tiny(**SETTINGS), toy_split, tmp_path, resume=True).epochs == 3


def test_a_streamed_run_goes_on_within_an_epoch(tiny: Tiny, toy_split: Toy, tmp_path: Path) -> None:
    hyperparameters = tiny(**SETTINGS, checkpoint_every_n_steps=2)
    shards = write_shards(tmp_path / "shards", [toy_split(100)], shard_rows=40, piece_rows=10)

    def stream(folder: Path, batches: int = -1, resume: bool = False) -> FitResult:
        model = Interrupting(build_model(hyperparameters, 20, 2), batches, switch_off)
        val = toy_split(40, seed=1)
        return fit(model, hyperparameters, shards, val, folder, resume=resume, accelerator="cpu", progress=False)

    unbroken = stream(tmp_path / "unbroken")
    with pytest.raises(MachineGoneError):
        stream(tmp_path / "broken", batches=11)
    assert torch.equal(weights(stream(tmp_path / "broken", resume=True)), weights(unbroken))
