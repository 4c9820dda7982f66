"""Steps that are run as recorded ones are, on a CPU: from fixed tensors, into fixed gradients."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from names3risk.data.datasets import EncodedSplit
from names3risk.hyperparameters import Hyperparameters
from names3risk.models import build_model
from names3risk.training import module, trainer
from names3risk.training.trainer import fit


def load_stand_in() -> ModuleType:
    spec = importlib.util.spec_from_file_location("distributed_run", Path(__file__).with_name("distributed_run.py"))
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    return script


@pytest.mark.parametrize("values", [{}, {"accumulate_grad_batches": 3}, {"weight_averaging": "ema"}])
def test_replayed_steps_learn_what_others_do(
    tiny: Callable[..., Hyperparameters],
    toy_split: Callable[..., EncodedSplit],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    values: dict[str, Any],
) -> None:
    def run(folder: str) -> tuple[Tensor, list[dict[str, float]]]:
        hyperparameters = tiny(dropout_rate=0.0, gradient_clip_val=0.5, **values)
        model = build_model(hyperparameters, 20, 2)
        splits = toy_split(70), toy_split(40, seed=1)
        result = fit(model, hyperparameters, *splits, tmp_path / folder, accelerator="cpu", progress=False)
        return nn.utils.parameters_to_vector(result.model.parameters()), result.history

    wanted = run("plain")
    for owner, name in ((module, "StepGraphs"), (trainer, "choose")):
        monkeypatch.setattr(owner, name, getattr(owner, name))  # put back afterwards
    script = load_stand_in()
    script.act_as_recorded()
    replayed = []
    monkeypatch.setattr(script.EagerGraphs, "_run", count(script.EagerGraphs._run, replayed))
    found = run("replayed")
    torch.testing.assert_close(found[0], wanted[0])
    assert found[1] == [pytest.approx(entry, rel=1e-5) for entry in wanted[1]]
    assert len(replayed) == 2 * (70 // 16), "batches of the usual number of rows"


def count(run: Callable[..., None], calls: list[None]) -> Callable[..., None]:
    def counted(*arguments: Any) -> None:
        calls.append(None)
        run(*arguments)

    return counted
