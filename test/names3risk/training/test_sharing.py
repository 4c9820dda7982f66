"""Gradients in one tensor, and statistics that several processes add up."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from names3risk.models.normalisation import InputNorm
from names3risk.training.sharing import FlatGradients


def network() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 5), nn.ReLU(), nn.Linear(5, 2))


@pytest.mark.parametrize("limit", [0.01, 100.0])
def test_flat_gradients_are_clipped_as_others_are(limit: float) -> None:
    plain, flat = network(), network()
    flat[0].bias.requires_grad_(False)
    plain[0].bias.requires_grad_(False)
    rows = torch.randn(7, 3)
    for model in (plain, flat):
        model(rows).square().sum().backward()
    nn.utils.clip_grad_norm_(plain.parameters(), limit)
    gradients = FlatGradients(flat.parameters())
    for _ in range(2):  # what is in its place is not moved again
        gradients.take()
    gradients.clip(limit)
    for one, other in zip(plain.parameters(), flat.parameters(), strict=True):
        assert (one.grad is None) == (other.grad is None)
        if one.grad is not None:
            torch.testing.assert_close(other.grad, one.grad)


def test_a_gradient_that_is_no_more_counts_for_nothing() -> None:
    model = network()
    gradients = FlatGradients(model.parameters())
    model(torch.randn(7, 3)).sum().backward()
    gradients.take()
    model.zero_grad()
    model[0].bias.grad = torch.full((5,), 3.0)
    gradients.take()
    assert float(gradients.flat.square().sum()) == pytest.approx(5 * 9.0)


def test_statistics_of_parts_are_those_of_the_whole() -> None:
    rows = torch.randn(50, 4) * 3 + 1000
    whole, parts = nn.BatchNorm1d(4), InputNorm(4)
    wanted = whole(rows)
    parts.give(sum(InputNorm.sums(part) for part in rows.split([20, 30])))
    torch.testing.assert_close(torch.cat([parts(part) for part in rows.split([20, 30])]), wanted, rtol=1e-4, atol=1e-4)
    for name, value in whole.state_dict().items():
        torch.testing.assert_close(parts.state_dict()[name], value)
    parts.given = False
    torch.testing.assert_close(parts(rows), wanted)
