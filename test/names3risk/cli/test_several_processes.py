"""Commands started by torchrun: those that share their work, and those that refuse."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import names3risk_samples as samples
import polars as pl
import pytest
import yaml
from typer.testing import CliRunner

from names3risk.cli.app import app
from names3risk.errors import ConfigError
from names3risk.training.callbacks import ValidationWatch
from names3risk.training.resuming import callback_state

COMMAND = str(Path(sys.executable).with_name("names3risk"))
TWO = ("-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2", "--no-python", COMMAND)


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if k not in ("RANK", "WORLD_SIZE")} | {"OMP_NUM_THREADS": "1"}
    return subprocess.run(arguments, capture_output=True, text=True, timeout=240, env=environment, check=False)


@pytest.mark.parametrize(
    "command",
    [
        ["predict", "--model", "m", "--in", "i", "--out", "o.csv"],
        ["evaluate", "--model", "m", "--data", "d"],
        ["sequences", "evaluate", "--model", "m", "--data", "d"],
        ["evaluator", "--watch", "c"],
        ["tune", "t.yaml"],
        ["bench", "train"],
        ["data", "synthetic", "--out", "o.csv"],
    ],
)
def test_what_one_process_does_is_not_done_by_two(command: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"WORLD_SIZE": "2", "RANK": "1", "LOCAL_RANK": "1", "LOCAL_WORLD_SIZE": "2"}.items():
        monkeypatch.setenv(name, value)
    done = CliRunner().invoke(app, command)
    assert isinstance(done.exception, ConfigError)
    name = " ".join(command[:2]) if command[0] == "sequences" else command[0]
    assert f"names3risk {name} runs in one process, and WORLD_SIZE=2" in str(done.exception)
    assert "start it without torchrun" in str(done.exception)


def test_xgboost_is_not_trained_by_two(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"WORLD_SIZE": "2", "RANK": "0", "LOCAL_RANK": "0", "LOCAL_WORLD_SIZE": "2"}.items():
        monkeypatch.setenv(name, value)
    values = {"data": "d", "hyperparameters": {"model_class": "xgboost"}, "output": "o"}
    (tmp_path / "t.yaml").write_text(yaml.safe_dump(values))
    done = CliRunner().invoke(app, ["train", str(tmp_path / "t.yaml")])
    assert "xgboost is trained by one process on each machine, and 2 were started" in str(done.exception)


def history(folder: Path) -> list[dict[str, float]]:
    found: list[dict[str, float]] = callback_state(folder / "checkpoints" / "last.ckpt", ValidationWatch)["history"]
    return found


@pytest.mark.slow
def test_two_processes_train_on_events_as_one_does(tmp_path: Path) -> None:
    moment = datetime(2024, 1, 1)
    rows = [
        {"who": f"e{who}", "what": f"i{(who + step) % 3}", "when": moment + timedelta(minutes=step * 97 + who)}
        for step in range(12)
        for who in range(20)
    ]
    pl.DataFrame(rows).write_csv(tmp_path / "events.csv")
    small: dict[str, Any] = {"embedding_size": 8, "n_heads": 2, "n_blocks": 1, "feed_forward_size": 8}
    small |= {"model_class": "pointer", "history_length": 4, "max_epochs": 2, "optimizer": "sgd", "lr": 0.5}
    small |= {"dropout_rate": 0.0, "entity_dropout": 0.0}
    for name, batch_size in (("one", 36), ("two", 18)):
        config = {
            "data": "events.csv",
            "columns": {"entity_name": "who", "item_name": "what", "time_name": "when"},
            "hyperparameters": {**small, "batch_size": batch_size, "val_check_interval": 1.0},
            "output": name,
        }
        (tmp_path / f"{name}.yaml").write_text(yaml.safe_dump(config))
    assert CliRunner().invoke(app, ["sequences", "train", str(tmp_path / "one.yaml")]).exit_code == 0
    done = run(sys.executable, *TWO, "sequences", "train", str(tmp_path / "two.yaml"))
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("model: ") == 1, "one of the processes tells"
    for found, wanted in zip(history(tmp_path / "two"), history(tmp_path / "one"), strict=True):
        assert found == pytest.approx(wanted, abs=1e-5)
    assert {path.name for path in (tmp_path / "two" / "model").iterdir()} == {
        path.name for path in (tmp_path / "one" / "model").iterdir()
    }


@pytest.mark.slow
def test_a_raw_table_is_prepared_by_one_process_and_its_fault_told_by_one(tmp_path: Path) -> None:
    samples.orders().write_csv(tmp_path / "orders.csv")
    config = {
        "data": "orders.csv",
        "columns": samples.COLUMNS,
        "hyperparameters": {
            "model_class": "lstm2risk",
            **samples.TRAINING,
            **samples.MODELS["lstm2risk"],
            "max_epochs": 1,
        },
        "output": "out",
    }
    (tmp_path / "train.yaml").write_text(yaml.safe_dump(config))
    done = run(sys.executable, *TWO, "train", str(tmp_path / "train.yaml"))
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("model: ") == 1
    scored = pl.read_csv(tmp_path / "out" / "data" / "test_predictions.csv", schema_overrides={"objectId": pl.String})
    test = pl.read_csv(tmp_path / "out" / "splits" / "test" / "data.csv", schema_overrides={"objectId": pl.String})
    assert scored["objectId"].to_list() == test["objectId"].to_list()
    (tmp_path / "orders.csv").write_bytes((tmp_path / "orders.csv").read_bytes().replace(b"card", b"c\xe9rd", 1))
    done = run(sys.executable, *TWO, "train", str(tmp_path / "train.yaml"))
    assert done.returncode != 0
    assert done.stderr.count("error: ") == done.stderr.count("orders.csv: byte") == 1
