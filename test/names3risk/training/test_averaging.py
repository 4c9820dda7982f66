"""Averages of the weights: what they are, and that they are what is validated and kept."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from names3risk.data.datasets import EncodedSplit, batches
from names3risk.hyperparameters import Hyperparameters
from names3risk.models import build_model
from names3risk.training.losses import build_loss
from names3risk.training.trainer import FitResult, fit

Tiny = Callable[..., Hyperparameters]
Toy = Callable[..., EncodedSplit]


class Recording(nn.Module):
    """Keeps the weights that each training batch saw."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner
        self.seen: list[Tensor] = []

    def forward(self, *inputs: Tensor) -> Tensor:
        if self.training:
            self.seen.append(nn.utils.parameters_to_vector(self.inner.parameters()).detach().clone())
        return self.inner(*inputs)


def run(hyperparameters: Hyperparameters, toy_split: Toy, folder: Path) -> tuple[FitResult, list[Tensor]]:
    model = Recording(build_model(hyperparameters, 20, 2))
    result = fit(model, hyperparameters, toy_split(), toy_split(40, seed=1), folder, accelerator="cpu", progress=False)
    return result, model.seen


def values(**more: Any) -> dict[str, Any]:
    return {"max_epochs": 3, "lr": 0.02, "scheduler": "fixed", "load_ckpt": False, **more}


def last_weights(result: FitResult) -> Tensor:
    return nn.utils.parameters_to_vector(result.model.parameters()).detach()


def test_the_plain_mean_is_over_the_last_part_of_the_run(tiny: Tiny, toy_split: Toy, tmp_path: Path) -> None:
    averaged, seen = run(tiny(**values(weight_averaging="swa", swa_start=0.5)), toy_split, tmp_path / "a")
    plain, same = run(tiny(**values()), toy_split, tmp_path / "b")
    assert all(torch.equal(one, other) for one, other in zip(seen, same, strict=True)), "averaging changes no step"
    after_each_step = [*seen[1:], last_weights(plain)]
    assert len(after_each_step) == 12
    wanted = torch.stack(after_each_step[5:]).mean(dim=0)  # steps 6 to 12: the mean starts afresh until step 6
    torch.testing.assert_close(last_weights(averaged), wanted, rtol=1e-4, atol=1e-6)


def test_the_moving_average_follows_its_formula(tiny: Tiny, toy_split: Toy, tmp_path: Path) -> None:
    averaged, seen = run(tiny(**values(weight_averaging="ema", ema_decay=0.3)), toy_split, tmp_path / "a")
    plain, _ = run(tiny(**values()), toy_split, tmp_path / "b")
    steps = [*seen[1:], last_weights(plain)]
    wanted = steps[0]
    for updates, current in enumerate(steps[1:], start=1):
        rate = min(0.3, (1 + updates) / (10 + updates))
        wanted = rate * wanted + (1 - rate) * current
    torch.testing.assert_close(last_weights(averaged), wanted, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("kind", ["none", "ema", "swa"])
def test_what_is_validated_is_what_is_kept(tiny: Tiny, toy_split: Toy, tmp_path: Path, kind: str) -> None:
    hyperparameters = tiny(**values(weight_averaging=kind, load_ckpt=True))
    result, _ = run(hyperparameters, toy_split, tmp_path)
    (batch,) = batches(toy_split(40, seed=1), 100)
    with torch.inference_mode():
        logits = result.model(batch.input_ids, batch.attention_mask, batch.tabular)
    assert batch.labels is not None
    losses, _ = build_loss(hyperparameters)(logits, batch.labels)
    assert float(losses.mean()) == pytest.approx(result.best_value, abs=1e-5)
