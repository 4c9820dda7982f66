"""Searches with tiny networks: what is kept, how they go on, what Ctrl-C leaves."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import torch
import yaml
from lightning.pytorch.callbacks import Callback
from typer.testing import CliRunner

from names3risk.cli.app import app
from names3risk.errors import ConfigError, TrainingError
from names3risk.hyperparameters import load_hyperparameters
from names3risk.tuning import TuneConfig, tune
from names3risk.tuning import search as search_module

torch.set_num_threads(1)

SEQUENCE = {"entity_name": "who", "item_name": "what", "time_name": "when"}
SMALL = {
    "model_class": "pointer",
    "embedding_size": 8,
    "n_heads": 2,
    "n_blocks": 1,
    "feed_forward_size": 8,
    "history_length": 4,
    "max_epochs": 2,
    "val_check_interval": 1.0,
    "batch_size": 64,
}
WITHOUT_HEADS = {name: value for name, value in SMALL.items() if name != "n_heads"}
RANGES: dict[str, Any] = {
    "lr": {"type": "Continuous", "min": 0.001, "max": 0.1, "scaling": "Logarithmic"},
    "mode": {"type": "Categorical", "values": ["mixture", "generate"]},
}


@pytest.fixture
def table(tmp_path) -> Path:
    random = np.random.default_rng(0)
    path = tmp_path / "events.csv"
    who, step = np.repeat(np.arange(15), 12), np.tile(np.arange(12), 15)
    frame = pl.DataFrame({"who": who, "what": (who + step) % 5, "when": step * 86_400 + random.integers(0, 9, 180)})
    frame.write_csv(path)
    return path


@pytest.fixture
def config(table, tmp_path):
    def make(**values: Any) -> TuneConfig:
        common = {"data": table, "columns": SEQUENCE, "hyperparameters": SMALL, "ranges": RANGES, "trials": 3}
        return TuneConfig.model_validate({**common, "output": tmp_path / "out", **values})

    return make


def test_the_best_trial_is_kept_as_hyperparameters_that_can_be_trained(config, tmp_path) -> None:
    said = []
    result = tune(config(), on_trial=said.append)
    assert [record.number for record in said] == [0, 1, 2]
    values = [record.value for record in result.trials]
    assert result.value == min(values)
    best = load_hyperparameters(tmp_path / "out" / "best_hyperparameters.json")
    assert best == result.best
    assert best.lr == result.trials[values.index(min(values))].parameters["lr"]
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "best_hyperparameters.json",
        "study.journal",
        "trials",
        "trials.csv",
        "tuning.png",
        "tuning_step.yaml",
    }
    assert [path.name for path in (tmp_path / "out" / "trials").iterdir()] == [str(values.index(min(values)))]
    assert (tmp_path / "out" / "tuning.png").read_bytes().startswith(b"\x89PNG")
    table = pl.read_csv(tmp_path / "out" / "trials.csv")
    assert table["trial"].to_list() == [0, 1, 2]
    assert table["value"].to_list() == pytest.approx(values)


def test_a_search_goes_on_where_it_ended(config, tmp_path) -> None:
    first = tune(config(trials=2))
    again = tune(config(trials=2))
    assert [record.value for record in again.trials] == [record.value for record in first.trials]
    more = tune(config(trials=3))
    assert [record.value for record in more.trials[:2]] == [record.value for record in first.trials]
    assert len(more.trials) == 3
    with pytest.raises(ConfigError, match=r"study\.journal: the study is of a search with other fixed.*another output"):
        tune(config(hyperparameters={**SMALL, "n_blocks": 2}))


def test_hopeless_trainings_end_early(config, monkeypatch) -> None:
    monkeypatch.setattr(search_module, "WAIT", 2)
    monkeypatch.setattr(search_module, "WARM_UP", 0)
    ranges = {"lr": {"type": "Categorical", "values": [0.05, 1e-6]}}
    hyperparameters = {**SMALL, "max_epochs": 4, "scheduler": "fixed"}
    result = tune(config(ranges=ranges, hyperparameters=hyperparameters, trials=6))
    pruned = [record for record in result.trials if record.state == "pruned"]
    assert pruned
    assert {record.parameters["lr"] for record in pruned} == {1e-6}
    assert all(record.validations < 4 for record in pruned)


def test_values_that_do_not_go_together_fail_their_trial_only(config) -> None:
    heads = {"n_heads": {"type": "Categorical", "values": [2, 3]}}
    result = tune(config(ranges=heads, hyperparameters=WITHOUT_HEADS, trials=2))
    reasons = {record.reason for record in result.trials if record.state == "fail"}
    assert all("n_heads 3 does not divide embedding_size 8" in reason for reason in reasons)
    assert result.best.model_dump()["n_heads"] == 2
    assert sum(record.state == "complete" for record in result.trials) == 2


def test_a_search_in_which_all_fail_ends_with_the_reason(config) -> None:
    heads = {"n_heads": {"type": "Categorical", "values": [3]}}
    with pytest.raises(TrainingError, match=r"no trial has ended: .*n_heads 3 does not divide"):
        tune(config(ranges=heads, hyperparameters=WITHOUT_HEADS, trials=1))


def press_ctrl_c(monkeypatch: pytest.MonkeyPatch, in_trial: int) -> None:
    """Presses Ctrl-C when the training of a trial begins."""
    from names3risk.training import averaging, trainer

    trials = iter(range(1, 100))

    class CtrlC(Callback):
        def on_train_start(self, trainer: Any, pl_module: Any) -> None:
            if next(trials) == in_trial:
                os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(trainer, "build_averaging", lambda *given: [CtrlC(), *averaging.build_averaging(*given)])


def test_ctrl_c_before_any_trial_has_ended_says_how_to_go_on(config, monkeypatch) -> None:
    press_ctrl_c(monkeypatch, in_trial=1)
    with pytest.raises(KeyboardInterrupt, match="no trial has ended; run the same search again"):
        tune(config())
    monkeypatch.undo()
    assert not tune(config(trials=1)).interrupted


def test_ctrl_c_keeps_the_trials_that_have_ended(config, tmp_path, monkeypatch) -> None:
    press_ctrl_c(monkeypatch, in_trial=2)
    result = tune(config())
    assert result.interrupted
    assert [record.state for record in result.trials] == ["complete", "fail"]
    assert load_hyperparameters(tmp_path / "out" / "best_hyperparameters.json") == result.best
    monkeypatch.undo()
    assert sum(record.state == "complete" for record in tune(config()).trials) == 3


def test_the_command_prints_a_table(table, tmp_path) -> None:
    values = {
        "data": table.name,
        "columns": SEQUENCE,
        "hyperparameters": SMALL,
        "ranges": RANGES,
        "output": "out",
        "objective": "val_accuracy",
    }
    (tmp_path / "tune.yaml").write_text(yaml.safe_dump(values))
    done = CliRunner().invoke(app, ["tune", str(tmp_path / "tune.yaml"), "--trials", "2"], env={"COLUMNS": "200"})
    assert done.exit_code == 0, done.output
    assert "val_accuracy" in done.output
    assert "2 complete, 0 ended early, 0 failed" in done.output
    best = json.loads((tmp_path / "out" / "best_hyperparameters.json").read_text())
    assert best["early_stop_metric"] == "val_accuracy"
    assert yaml.safe_load((tmp_path / "out" / "tuning_step.yaml").read_text())["goal"] == "Maximize"


def test_a_class_of_tables_is_searched_without_looking_at_test_rows(tmp_path) -> None:
    random = np.random.default_rng(0)
    label = random.integers(0, 2, 120)
    frame = pl.DataFrame(
        {
            "id": range(120),
            "name": ["Ann Lee" if each else "Bob Ray" for each in label],
            "x": random.normal(size=120) + label,
            "time": [f"2024-01-{1 + i // 5:02}" for i in range(120)],
            "label": label,
        }
    )
    frame.write_csv(tmp_path / "raw.csv")
    columns = {
        "id_name": "id",
        "time_name": "time",
        "text_source_fields": ["name"],
        "tab_field_list": ["x"],
        "label": {"column": "label", "classes": [[0], [1]]},
        "split": {"train": 0.6, "val": 0.2, "test": 0.2},
    }
    small = {"model_class": "lstm2risk", "embedding_size": 4, "hidden_size": 4, "n_lstm_layers": 1, "max_epochs": 1}
    config = TuneConfig.model_validate(
        {
            "data": tmp_path / "raw.csv",
            "columns": columns,
            "hyperparameters": {**small, "n_residual_blocks": 1, "batch_size": 32, "early_stop_metric": "val_auroc"},
            "ranges": {"lr": {"type": "Continuous", "min": 0.001, "max": 0.1}},
            "output": tmp_path / "out",
            "trials": 2,
        }
    )
    result = tune(config)
    assert result.objective == "val_auroc"
    assert result.value == max(record.value or 0.0 for record in result.trials)
    (kept,) = (tmp_path / "out" / "trials").iterdir()
    rows = {name: pl.read_csv(kept / "data" / f"{name}_predictions.csv") for name in ("val", "test")}
    assert rows["val"].equals(rows["test"])
