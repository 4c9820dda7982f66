"""Weights in 16 bits, all cast at once, give what autocast gives."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from names3risk.hyperparameters import parse_hyperparameters
from names3risk.models import MODEL_CLASSES, build_model, reads_tabular
from names3risk.training.execution import Execution
from names3risk.training.halves import HalfWeights
from names3risk.training.sharing import FlatGradients

RECORDED = [name for name, cls in MODEL_CLASSES.items() if hasattr(cls, "can_be_recorded")]
HALF = Execution("bf16", recorded=True)


def network(model_class: str) -> tuple[nn.Module, tuple[Tensor, Tensor, Tensor]]:
    torch.manual_seed(0)
    n_tabular = 0 if reads_tabular(MODEL_CLASSES[model_class]) == "never" else 3
    model = build_model(parse_hyperparameters({"model_class": model_class, "max_sen_len": 16}), 50, n_tabular).eval()
    ids = torch.randint(8, 50, (4, 12))
    return model, (ids, torch.ones_like(ids, dtype=torch.bool), torch.randn(4, n_tabular))


def gradients(model: nn.Module) -> dict[str, Tensor]:
    found = {name: weight.grad.clone() for name, weight in model.named_parameters() if weight.grad is not None}
    model.zero_grad()
    return found


@pytest.mark.parametrize("model_class", RECORDED)
def test_logits_and_gradients_are_those_of_autocast(model_class: str) -> None:
    model, inputs = network(model_class)
    with torch.autocast("cpu", torch.bfloat16, cache_enabled=False):
        wanted = model(*inputs)
        wanted.sum().backward()
    expected = gradients(model)
    halves = HalfWeights(model, HALF)
    with torch.no_grad():
        for half in halves.halves.values():
            half.zero_()  # they follow the weights before each step
    for _ in range(2):
        with torch.autocast("cpu", torch.bfloat16, cache_enabled=False):
            found = halves.forward(*inputs)
            found.sum().backward()
        halves.give()
        assert torch.equal(found, wanted)
        mine = gradients(model)
        assert mine.keys() == expected.keys()
        for name, gradient in mine.items():
            assert gradient.dtype == torch.float32
            torch.testing.assert_close(gradient, expected[name], atol=1e-2, rtol=1e-2)


def test_gradients_lie_where_processes_exchange_them() -> None:
    model, inputs = network("transformer2risk")
    flat = FlatGradients(model.parameters())
    halves = HalfWeights(model, HALF, flat)
    with torch.autocast("cpu", torch.bfloat16, cache_enabled=False):
        halves.forward(*inputs).sum().backward()
    halves.give()
    for weight, place in zip(flat.parameters, flat.places, strict=True):
        assert (weight.grad is place) == any(weight is each for each in halves.weights)
    total = sum(weight.grad.double().sum() for weight in flat.parameters)
    flat.take()
    torch.testing.assert_close(flat.flat.double().sum(), total)


def test_weights_that_a_layer_of_another_kind_shares_stay_as_they_are() -> None:
    model = nn.Sequential(nn.Embedding(5, 4), nn.Linear(4, 5, bias=False), nn.Linear(5, 2), nn.LayerNorm(2))
    model[1].weight = model[0].weight
    frozen = nn.Linear(2, 2).requires_grad_(False)
    assert list(HalfWeights(nn.Sequential(model, frozen), HALF).halves) == ["0.2.weight", "0.2.bias"]
