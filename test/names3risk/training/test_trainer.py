"""Training runs: what they give back, and how they stop."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import torch
from torch import Tensor, nn

from names3risk.data.datasets import EncodedSplit
from names3risk.errors import ConfigError, DataError, TrainingError
from names3risk.hyperparameters import Hyperparameters, parse_hyperparameters
from names3risk.models import build_model
from names3risk.training.trainer import FitResult, fit, load_weights

Tiny = Callable[..., Hyperparameters]
Toy = Callable[..., EncodedSplit]


def train(hyperparameters: Hyperparameters, toy_split: Toy, folder: Path, **splits: Any) -> FitResult:
    splits = {"train": toy_split(), "val": toy_split(40, seed=1), **splits}
    model = build_model(hyperparameters, 20, splits["train"].tabular.shape[1])
    return fit(model, hyperparameters, splits["train"], splits["val"], folder, accelerator="cpu", progress=False)


def weights(model: nn.Module) -> Tensor:
    return nn.utils.parameters_to_vector(model.parameters()).detach().clone()


@pytest.mark.parametrize("name", ["lstm2risk", "transformer2risk"])
def test_both_models_learn_from_text_and_numbers(tiny: Tiny, toy_split: Toy, tmp_path: Path, name: str) -> None:
    hyperparameters = tiny(name, max_epochs=8, lr=2e-2, dropout_rate=0.0, early_stop_patience=8)
    result = train(hyperparameters, toy_split, tmp_path, train=toy_split(300))
    assert result.history[-1]["val_auroc"] > 0.85
    assert result.history[-1]["val_loss"] < result.history[0]["val_loss"]
    assert result.epochs == 8
    assert not result.model.training


def test_the_same_seed_gives_identical_weights_and_another_does_not(tiny: Tiny, toy_split: Toy, tmp_path: Path) -> None:
    def run(seed: int) -> Tensor:
        return weights(train(tiny(seed=seed, token_dropout=0.1), toy_split, tmp_path / "c").model)

    torch.manual_seed(1)
    first = run(3)
    torch.manual_seed(2)
    assert torch.equal(first, run(3))
    assert not torch.equal(first, run(4))


def test_the_best_weights_are_given_back_not_the_last(tiny: Tiny, toy_split: Toy, tmp_path: Path) -> None:
    # The validation labels are swapped, so that the longer it learns, the worse it gets.
    val = toy_split(40, seed=1)
    assert val.labels is not None
    worse = {"val": replace(val, labels=1 - val.labels), "train": toy_split(200)}
    settings: dict[str, Any] = {"lr": 0.05, "max_epochs": 6, "early_stop_patience": 10, "run_scheduler": False}
    best = train(tiny(**settings), toy_split, tmp_path / "best", **worse)
    last = train(tiny(**settings, load_ckpt=False), toy_split, tmp_path / "last", **worse)
    losses = [entry["val_loss"] for entry in best.history]
    assert losses[-1] > min(losses) == best.best_value
    saved = build_model(tiny(**settings), 20, 2)
    load_weights(saved, best.best_checkpoint)
    assert torch.equal(weights(saved), weights(best.model))
    load_weights(saved, last.last_checkpoint)
    assert torch.equal(weights(saved), weights(last.model))
    assert not torch.equal(weights(best.model), weights(last.model))


def test_training_stops_when_patience_is_used_up_and_min_epochs_are_done(
    tiny: Tiny, toy_split: Toy, tmp_path: Path
) -> None:
    val = toy_split(40, seed=1)
    assert val.labels is not None
    worse = {"val": replace(val, labels=1 - val.labels), "train": toy_split(200)}
    settings: dict[str, Any] = {"lr": 0.05, "max_epochs": 12, "early_stop_patience": 2, "run_scheduler": False}
    early = train(tiny(**settings), toy_split, tmp_path / "a", **worse)
    assert early.stopped_early
    best = min(early.history, key=lambda entry: entry["val_loss"])["epoch"]
    assert early.epochs == best + 2 < 8
    later = train(tiny(**settings, min_epochs=8), toy_split, tmp_path / "b", **worse)
    assert later.epochs == 8


def test_clipping_binds(tiny: Tiny, toy_split: Toy, tmp_path: Path) -> None:
    def moved(limit: float) -> float:
        hyperparameters = tiny(
            optimizer="sgd",
            scheduler="fixed",
            lr=1.0,
            sgd_momentum=0,
            max_epochs=1,
            batch_size=64,
            gradient_clip_val=limit,
            load_ckpt=False,
        )
        before = weights(build_model(hyperparameters, 20, 2))
        return float((weights(train(hyperparameters, toy_split, tmp_path).model) - before).norm())

    # One step of gradient descent at learning rate 1 moves the weights by the norm of the gradient.
    assert moved(1e-3) == pytest.approx(1e-3, rel=0.01)
    assert moved(0) > 0.05


def test_the_schedule_is_as_long_as_the_run(tiny: Tiny, toy_split: Toy, tmp_path: Path) -> None:
    result = train(tiny(max_epochs=3, accumulate_grad_batches=3), toy_split, tmp_path, train=toy_split(100))
    assert result.steps == 3 * 3, "7 batches of 16 rows are 3 steps of at most 3 batches"
    assert result.history[-1]["lr"] < 1e-8


@pytest.mark.parametrize(
    ("recipe", "lr", "weights_kept"),
    [
        ("legacy-names3risk", [1e-3 / 25 / 1e4], "last.ckpt"),  # the end of the cycle
        ("pointer-original", [0.15], "best.ckpt"),
        ("pointer-proposed", [1.3e-4, 2.6e-4, 3.9e-4, 5.2e-4, 6.5e-4, 6.5e-4], "best.ckpt"),
    ],
)
def test_every_recipe_trains_as_it_says(
    tiny: Tiny, toy_split: Toy, tmp_path: Path, recipe: str, lr: list[float], weights_kept: str
) -> None:
    sizes = {name: value for name, value in tiny().model_dump().items() if name in ("embedding_size", "hidden_size")}
    values = {"model_class": "transformer2risk", "recipe": recipe, "n_heads": 2, "n_blocks": 1, **sizes}
    hyperparameters = parse_hyperparameters({**values, "max_epochs": len(lr), "min_epochs": 1})
    result = train(hyperparameters, toy_split, tmp_path)
    rates = {entry["epoch"]: entry["lr"] for entry in result.history}
    assert list(rates.values()) == pytest.approx(lr, rel=1e-3)
    saved = build_model(hyperparameters, 20, 2)
    load_weights(saved, tmp_path / weights_kept)
    assert torch.equal(weights(saved), weights(result.model))


def test_a_step_of_several_batches_takes_the_mean_of_their_gradients(
    tiny: Tiny, toy_split: Toy, tmp_path: Path
) -> None:
    values: dict[str, Any] = {"optimizer": "sgd", "scheduler": "fixed", "lr": 0.1, "sgd_momentum": 0, "max_epochs": 1}
    values |= {"load_ckpt": False, "dropout_rate": 0.0, "gradient_clip_val": 0}

    def moved(**more: Any) -> Tensor:
        split = toy_split(32)
        split.tabular[:] = 0.0  # batch normalisation would tell the batches apart
        return weights(train(tiny(**values, **more), toy_split, tmp_path, train=split).model)

    torch.testing.assert_close(moved(batch_size=8, accumulate_grad_batches=4), moved(batch_size=32))


def test_validations_come_as_often_as_asked(tiny: Tiny, toy_split: Toy, tmp_path: Path) -> None:
    result = train(tiny(val_check_interval=0.25, max_epochs=2), toy_split, tmp_path, train=toy_split(16 * 8))
    assert [(entry["epoch"], entry["step"]) for entry in result.history] == [
        (1, 2),
        (1, 4),
        (1, 6),
        (1, 8),
        (2, 10),
        (2, 12),
        (2, 14),
        (2, 16),
    ]


def test_a_metric_that_cannot_be_computed_is_absent_and_named(tiny: Tiny, toy_split: Toy, tmp_path: Path) -> None:
    val = toy_split(20, seed=1)
    only_zero = replace(val, labels=np.zeros(20, dtype=np.int64))
    result = train(tiny(), toy_split, tmp_path, val=only_zero)
    assert "val_auroc" not in result.history[0]
    assert result.not_computed["val_auroc"] == "no validation row has class 1"
    assert "val_accuracy" in result.history[0]
    with pytest.raises(ConfigError, match="early_stop_metric val_auroc cannot be computed: no validation row has"):
        train(tiny(early_stop_metric="val_auroc"), toy_split, tmp_path, val=only_zero)


def test_validation_metrics_equal_those_of_the_whole_split(tiny: Tiny, toy_split: Toy, tmp_path: Path) -> None:
    from sklearn.metrics import average_precision_score, log_loss, roc_auc_score

    from names3risk.data.datasets import batches

    val = toy_split(41, seed=1)
    assert val.labels is not None
    result = train(tiny(max_epochs=1, load_ckpt=False), toy_split, tmp_path, val=val)
    (batch,) = batches(val, 100)
    with torch.inference_mode():
        logits = result.model(batch.input_ids, batch.attention_mask, batch.tabular)
    scores, labels = logits.softmax(dim=1)[:, 1].numpy(), val.labels[batch.rows.numpy()]
    entry = result.history[-1]
    assert entry["val_auroc"] == pytest.approx(roc_auc_score(labels, scores), abs=1e-6)
    assert entry["val_average_precision"] == pytest.approx(average_precision_score(labels, scores), abs=1e-6)
    assert entry["val_loss"] == pytest.approx(log_loss(labels, scores), abs=1e-5)


def test_several_classes_train(tiny: Tiny, toy_split: Toy, tmp_path: Path) -> None:
    splits = {"train": toy_split(90, num_classes=3), "val": toy_split(60, seed=1, num_classes=3)}
    result = train(tiny(num_classes=3, early_stop_metric="val_auroc"), toy_split, tmp_path, **splits)
    assert 0 <= result.best_value <= 1


@pytest.mark.parametrize("rows", [17, 33])
def test_a_single_row_left_over_does_not_stop_batch_normalisation(
    tiny: Tiny, toy_split: Toy, tmp_path: Path, rows: int
) -> None:
    assert train(tiny(), toy_split, tmp_path, train=toy_split(rows)).epochs == 2


class Breaking(nn.Module):
    """Gives NaN for row 5 of the training split once it has been trained for some steps."""

    def __init__(self, inner: nn.Module, steps: int) -> None:
        super().__init__()
        self.inner, self.left = inner, steps

    def forward(self, input_ids: Tensor, attention_mask: Tensor, tabular: Tensor) -> Tensor:
        logits = self.inner(input_ids, attention_mask, tabular)
        self.left -= self.training
        broken = (tabular[:, 0] == 99.0) & (self.left < 0)
        return logits.masked_fill(broken[:, None], float("nan"))


@pytest.mark.parametrize(("steps", "checkpoint"), [(0, "none yet"), (3, "best.ckpt")])
def test_a_loss_that_is_not_finite_stops_with_step_rows_and_checkpoint(
    tiny: Tiny, toy_split: Toy, tmp_path: Path, steps: int, checkpoint: str
) -> None:
    split, hyperparameters = toy_split(32), tiny(batch_size=32, max_epochs=5)
    split = replace(split, ids=pl.Series([f"order-{row}" for row in range(32)]))
    split.tabular[5, 0] = 99.0
    model = Breaking(build_model(hyperparameters, 20, 2), steps)
    with pytest.raises(TrainingError) as caught:
        fit(model, hyperparameters, split, toy_split(40, seed=1), tmp_path, accelerator="cpu", progress=False)
    message = str(caught.value)
    assert f"the loss is not finite at step {steps}, training rows 5 (id order-5);" in message
    assert f"last good checkpoint: {checkpoint if steps == 0 else tmp_path / checkpoint}" in message


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"labels": None}, "training split: no labels"),
        ({"labels": np.full(60, 2)}, r"training split: labels from 2 to 2; expected 0 to 1 \(num_classes\)"),
        ({"labels": np.ones(60, dtype=np.int64)}, "training split: only class 1; expected at least two classes"),
        ({"tabular": np.full((60, 2), np.nan, dtype=np.float32)}, "feature 0 of row 0 is nan; expected finite numbers"),
    ],
)
def test_data_that_cannot_be_trained_on_is_named(
    tiny: Tiny, toy_split: Toy, tmp_path: Path, change: dict[str, Any], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        train(tiny(), toy_split, tmp_path, train=replace(toy_split(), **change))


def test_rows_longer_than_max_sen_len_and_empty_splits_are_named(tiny: Tiny, toy_split: Toy, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"tokens; expected at most 3 \(max_sen_len\)"):
        train(tiny(max_sen_len=3), toy_split, tmp_path)
    with pytest.raises(DataError, match="validation split: 0 rows"):
        train(tiny(), toy_split, tmp_path, val=toy_split(0))


def test_the_run_leaves_checkpoints_logs_and_nothing_else(
    tiny: Tiny,
    toy_split: Toy,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    hyperparameters = tiny()
    with caplog.at_level(logging.INFO, logger="names3risk"):
        fit(
            build_model(hyperparameters, 20, 2),
            hyperparameters,
            toy_split(),
            toy_split(40, seed=1),
            tmp_path / "checkpoints",
            tmp_path / "tensorboard",
            accelerator="cpu",
            progress=False,
        )
    assert sorted(path.name for path in (tmp_path / "checkpoints").iterdir()) == ["best.ckpt", "last.ckpt"]
    assert any(path.name.startswith("events.out") for path in (tmp_path / "tensorboard").iterdir())
    assert not list(here.iterdir()), "nothing is written to the current folder"
    lines = [record.getMessage() for record in caplog.records]
    assert any(line.startswith("epoch 1, step 4: val_loss") for line in lines)
    printed = "".join(capfd.readouterr())
    assert "lightning" not in printed.lower()
    assert "weights_only" not in printed


def test_checkpoints_are_read_without_unpickling_objects(tiny: Tiny, toy_split: Toy, tmp_path: Path) -> None:
    result = train(tiny(), toy_split, tmp_path)
    for path in (result.best_checkpoint, result.last_checkpoint):
        content = torch.load(path, weights_only=True)
        assert {"state_dict", "optimizer_states", "lr_schedulers", "epoch", "callbacks"} <= set(content)
