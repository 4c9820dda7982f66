"""The evaluator beside training: its average, what it keeps, that it goes on where it was."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import names3risk_samples as samples
import pytest
import torch
from typer.testing import CliRunner

from names3risk.api import watch
from names3risk.cli.app import app
from names3risk.data.datasets import EncodedSplit
from names3risk.errors import ArtifactError, ConfigError, TrainingError
from names3risk.hyperparameters import Hyperparameters
from names3risk.models import build_model
from names3risk.training.evaluator import RunningAverageEvaluator, running_average
from names3risk.training.run_file import RUN_FILE, read_run
from names3risk.training.trainer import fit, load_weights

Tiny = Callable[..., Hyperparameters]
Toy = Callable[..., EncodedSplit]
COMMAND = str(Path(sys.executable).with_name("names3risk"))


def test_the_running_average_by_its_formula() -> None:
    assert running_average(3.0, None) == 3.0
    assert running_average(1.0, 3.0) == pytest.approx(0.99 * 3 + 0.01)
    assert running_average(50.0, None) == 12.0
    assert running_average(500.0, 11.0) == 12.0
    assert running_average(2.0, 0.0) == pytest.approx(0.02)


class Scripted(RunningAverageEvaluator):
    """Takes its losses from a list."""

    losses: Iterator[float]

    def _loss_of(self, batch: object, step: int) -> float:
        return next(self.losses)


def checkpoint(folder: Path, model: torch.nn.Module, step: int) -> None:
    weights = {f"model.{name}": value + step for name, value in model.state_dict().items()}
    torch.save({"state_dict": weights, "global_step": step}, folder / "last.ckpt")
    os.utime(folder / "last.ckpt", ns=(step, step))


def test_strictly_lower_averages_keep_the_weights(tiny: Tiny, toy_split: Toy, tmp_path: Path) -> None:
    model = build_model(tiny(), 20, 2)
    judged = build_model(tiny(), 20, 2)
    evaluator = Scripted(judged, tiny(), toy_split(40), tmp_path, batches_per_checkpoint=2)
    evaluator.losses = iter([1.0, 0.5, 2.0, 2.0, 0.995, 0.995, 0.0, 0.0])
    best = {1: 0.995, 2: 0.995, 3: 0.995, 4: None}
    for step, kept in best.items():
        assert not evaluator.look()
        checkpoint(tmp_path, model, step)
        assert evaluator.look()
        if kept:
            assert evaluator.state.best == pytest.approx(kept)
            assert evaluator.state.best_step == 1
    assert evaluator.state.best_step == 4
    load_weights(judged, evaluator.best_path)
    expected = model.state_dict()
    assert all(torch.equal(value, expected[name] + 4) for name, value in judged.state_dict().items())
    assert json.loads((tmp_path / "evaluator.json").read_text())["evaluated"] == 8


def test_an_evaluator_that_is_started_again_ends_like_an_unbroken_one(
    tiny: Tiny, toy_split: Toy, tmp_path: Path
) -> None:
    model, val = build_model(tiny(), 20, 2), toy_split(90, seed=1)

    def start(folder: Path) -> RunningAverageEvaluator:
        folder.mkdir(exist_ok=True)
        return RunningAverageEvaluator(build_model(tiny(), 20, 2), tiny(), val, folder, 7)

    unbroken = start(tmp_path / "a")
    for step in (1, 2, 3):
        for folder in ("a", "b"):
            (tmp_path / folder).mkdir(exist_ok=True)
            checkpoint(tmp_path / folder, model, step)
        assert unbroken.look()
        broken = start(tmp_path / "b")
        for _ in range(3):  # the process dies within a checkpoint
            broken._take(broken._loss_of(next(broken._batches), step), step)
        assert start(tmp_path / "b").look()
    first, second = ((tmp_path / folder / "evaluator.json").read_text() for folder in ("a", "b"))
    assert first == second
    assert json.loads(first)["evaluated"] == 21


def test_the_loss_is_that_of_the_weights_on_the_validation_split(tiny: Tiny, toy_split: Toy, tmp_path: Path) -> None:
    settings = tiny(max_epochs=1, batch_size=64, load_ckpt=False)
    val = toy_split(40, seed=1)  # one batch
    result = fit(build_model(settings, 20, 2), settings, toy_split(), val, tmp_path, accelerator="cpu", progress=False)
    evaluator = RunningAverageEvaluator(build_model(settings, 20, 2), settings, val, tmp_path, 1)
    state = evaluator.run(0.01)
    assert state.best == pytest.approx(result.history[-1]["val_loss"], abs=1e-5)
    assert state.best_step == result.steps


def test_what_is_no_checkpoint_of_the_model_is_named(tiny: Tiny, toy_split: Toy, tmp_path: Path) -> None:
    checkpoint(tmp_path, torch.nn.Linear(2, 2), 1)
    evaluator = RunningAverageEvaluator(build_model(tiny(), 20, 2), tiny(), toy_split(40), tmp_path)
    with pytest.raises(ArtifactError, match=r"last\.ckpt: is not a checkpoint of this model"):
        evaluator.look()
    model = build_model(tiny(), 20, 2)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.fill_(float("nan"))
    checkpoint(tmp_path, model, 2)
    with pytest.raises(TrainingError, match=r"the validation loss of the weights of step 2 is not finite"):
        evaluator.look()
    (tmp_path / "evaluator.json").write_text("[]")
    with pytest.raises(ConfigError, match=r"evaluator\.json: is not the state of an evaluator"):
        RunningAverageEvaluator(model, tiny(), toy_split(40), tmp_path)


@pytest.fixture(scope="module")
def checkpoints(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The checkpoint folder of a finished training."""
    folder = tmp_path_factory.mktemp("watched")
    samples.train(folder)
    return folder / "checkpoints"


def test_the_folder_suffices_and_the_command_ends_with_the_training(
    checkpoints: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, ["evaluator", "--watch", str(checkpoints), "--batches", "5"])
    assert done.exit_code == 0, done.output
    assert done.output.startswith("best running average 0.")
    assert (checkpoints / "evaluator_best.ckpt").is_file()


@pytest.mark.parametrize("content", ["{", "[]", '{"kind": "x"}', '{"kind": "rows", "train_dir": "a"}'])
def test_what_no_training_was_started_with_is_named(tmp_path: Path, content: str) -> None:
    (tmp_path / RUN_FILE).write_text(content)
    with pytest.raises(ConfigError, match=r"run\.json: is not what a training was started with"):
        watch(tmp_path)
    with pytest.raises(ConfigError, match=r"run\.json: is a file; expected the folder of a training's checkpoints"):
        watch(tmp_path / RUN_FILE)


def test_an_evaluator_that_is_there_first_waits_for_the_training(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write = threading.Timer(0.2, lambda: (tmp_path / RUN_FILE).write_text('{"kind": "events"}'))
    write.start()
    assert read_run(tmp_path / ".", poll_seconds=0.01) == {"kind": "events"}
    assert f"waiting for a training to begin in {tmp_path}" in caplog.text


def test_ctrl_c_ends_it_without_a_traceback(checkpoints: Path, tmp_path: Path) -> None:
    watched = tmp_path / "checkpoints"
    watched.mkdir()
    process = subprocess.Popen(
        [COMMAND, "evaluator", "--watch", str(watched), "--batches", "2", "--poll-seconds", "0.05"],
        stderr=subprocess.PIPE,
        text=True,
    )
    shutil.copy(checkpoints / RUN_FILE, watched)
    unfinished = torch.load(checkpoints / "last.ckpt", weights_only=True)
    unfinished["callbacks"]["ResumableCheckpoint"]["finished"] = False
    torch.save(unfinished, tmp_path / "last.ckpt")
    shutil.move(tmp_path / "last.ckpt", watched / "last.ckpt")
    for _ in range(600):
        if (watched / "evaluator.json").is_file() or process.poll() is not None:
            break
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    _, error = process.communicate(timeout=30)
    assert process.returncode == 130, error
    assert "Traceback" not in error
    assert json.loads((watched / "evaluator.json").read_text())["evaluated"] == 2
