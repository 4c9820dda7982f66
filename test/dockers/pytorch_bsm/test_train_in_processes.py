"""The training script on several machines and in several processes, started as SageMaker starts it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import names3risk_samples as samples
import numpy as np
import polars as pl
import pytest
import torch

pytestmark = pytest.mark.slow
SCRIPT = Path(__file__).parents[3] / "dockers/pytorch_bsm/train.py"
SETTINGS = {
    "model_class": "lstm2risk",
    "id_name": "objectId",
    "label_name": "target",
    "text_name": "customerName",
    "tab_field_list": ["amount", "ageInDays"],
    "cat_field_list": ["paymentMethod"],
    "max_epochs": 12,
    "early_stop_patience": 1000,
    "val_check_interval": 1.0,
    "max_sen_len": 16,
    "batch_size": 16,
    "optimizer": "sgd",
    "scheduler": "fixed",
    "lr": 0.05,
    "dropout_rate": 0.0,
    **samples.MODELS["lstm2risk"],
}
ONE_HOST = {"SM_HOSTS": '["localhost"]', "SM_CURRENT_HOST": "localhost", "SM_NUM_GPUS": "2"}


def container(base: Path, **changes: int) -> Path:
    """A container's root with splits and hyperparameters."""
    frame = samples.orders().with_columns(target=pl.col("status").is_in(["F", "I"]).cast(pl.Int64))
    for name, part in {"train": frame[:140], "val": frame[140:189], "test": frame[189:]}.items():
        folder = base / "input" / "data" / name
        folder.mkdir(parents=True)
        part.write_parquet(folder / "part.parquet")
    (base / "input" / "config").mkdir()
    (base / "input" / "config" / "hyperparameters.json").write_text(json.dumps({**SETTINGS, **changes}))
    return base


def start(base: Path, **machine: str) -> subprocess.Popen[str]:
    names = ("RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE")
    variables = {name: value for name, value in os.environ.items() if name not in names}
    variables |= {"SAGEMAKER_BASE_DIR": str(base), "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": "", **machine}
    return subprocess.Popen([sys.executable, str(SCRIPT)], env=variables, stderr=subprocess.PIPE, text=True)


def interrupt(process: subprocess.Popen[str], base: Path, number: int) -> str:
    """Sends a signal once there is a checkpoint; gives the lines that tell of errors."""
    while not (base / "checkpoints" / "last.ckpt").is_file():
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.02)
    if number == signal.SIGTERM:
        process.terminate()
    else:
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        (second,) = (pid for pid in children if b"\0RANK=1\0" in Path(f"/proc/{pid}/environ").read_bytes())
        os.kill(int(second), number)
    _, printed = process.communicate(timeout=100)
    assert process.returncode == 1, printed
    assert "Traceback" not in printed
    told = "\n".join(line for line in printed.splitlines() if "INFO names3risk" not in line)
    assert told == "error: " + (base / "output" / "failure").read_text(), "one message, and the same in the file"
    return told


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What one process leaves that nobody interrupts."""
    base = container(tmp_path_factory.mktemp("alone"))
    finish(start(base))
    return base


def finish(*started: subprocess.Popen[str]) -> None:
    for process in started:
        _, printed = process.communicate(timeout=100)
        assert process.returncode == 0, printed


def assert_same_results(base: Path, alone: Path) -> None:
    for split in ("val", "test"):
        folders = [each / "output" / "data" for each in (base, alone)]
        found, wanted = (pl.read_parquet(folder / f"{split}_predictions.parquet") for folder in folders)
        assert found["objectId"].to_list() == wanted["objectId"].to_list(), "each row once, in its order"
        np.testing.assert_allclose(found["score"], wanted["score"], atol=1e-4)
        metrics = [json.loads((folder / f"{split}_metrics.json").read_text())["metrics"] for folder in folders]
        assert metrics[0] == pytest.approx(metrics[1], abs=1e-4)
    weights = [torch.load(each / "model" / "model.pth", weights_only=True) for each in (base, alone)]
    for name, value in weights[1].items():
        torch.testing.assert_close(weights[0][name], value, rtol=1e-3, atol=1e-4)
    assert {p.name for p in (base / "model").iterdir()} == {p.name for p in (alone / "model").iterdir()}


def test_a_run_taken_from_one_machine_ends_on_two_as_it_would_have_on_one(alone: Path, tmp_path: Path) -> None:
    first, second = (container(tmp_path / name) for name in ("first", "second"))
    told = interrupt(start(first), first, signal.SIGTERM)
    assert "stopped by SIGTERM after step" in told
    # Only the first machine has the checkpoint; no folder is common.
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    hosts = {"SM_HOSTS": '["localhost", "127.0.0.1"]', "SM_NUM_GPUS": "1", "MASTER_PORT": port}
    machines = {first: "127.0.0.1", second: "localhost"}
    finish(*(start(base, SM_CURRENT_HOST=name, **hosts) for base, name in machines.items()))
    assert_same_results(first, alone)
    assert not list((second / "model").iterdir()), "the first machine alone writes results"
    last = [(base / "checkpoints" / "last.ckpt").read_bytes() for base in machines]
    assert last[0] == last[1], "but each machine has the checkpoints"


def test_a_run_taken_from_two_processes_is_ended_by_one(alone: Path, tmp_path: Path) -> None:
    base = container(tmp_path, batch_size=8)  # of a process
    told = interrupt(start(base, **ONE_HOST), base, signal.SIGTERM)
    saved = torch.load(base / "checkpoints" / "last.ckpt", weights_only=True)
    assert f"stopped by SIGTERM after step {saved['global_step']}; to mend it: resume from" in told
    finish(start(base))
    assert_same_results(base, alone)


def test_the_death_of_one_process_ends_the_run(tmp_path: Path) -> None:
    base = container(tmp_path)
    told = interrupt(start(base, **ONE_HOST), base, signal.SIGKILL)
    assert told.startswith("error: training: process 1 of 2 ended by SIGKILL")
