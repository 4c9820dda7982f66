"""Dropout whose random numbers are cheap on a CPU."""

from __future__ import annotations

import pytest
import torch

from names3risk.models.dropout import Dropout, ReLUDropout, drop_out, kept


@pytest.mark.parametrize("rate", [0.1, 0.2, 0.5])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
def test_a_share_is_zeroed_and_the_mean_stays(rate: float, dtype: torch.dtype) -> None:
    torch.manual_seed(0)
    values = drop_out(torch.ones(400, 501, dtype=dtype), rate, training=True)
    assert values.dtype == dtype
    kept = values != 0
    assert values[kept].unique().double() == pytest.approx(1 / (1 - rate), rel=0.005)
    assert float((~kept).double().mean()) == pytest.approx(rate, abs=0.005)
    for share in (kept.double().mean(dim=0), kept.double().mean(dim=1)):
        assert share.std() < 1.3 * (rate * (1 - rate) / 400) ** 0.5


def test_neighbours_are_zeroed_independently() -> None:
    torch.manual_seed(0)
    zeroed = (drop_out(torch.ones(200_000), 0.5, training=True) == 0).double() - 0.5
    for distance in (1, 2, 3, 4, 8, 64):
        assert abs(float((zeroed[distance:] * zeroed[:-distance]).mean())) < 0.002


@pytest.mark.parametrize("rate", [0.1, 0.2, 0.5])
def test_a_share_is_kept_by_hashes_in_every_row_and_column(rate: float) -> None:
    torch.manual_seed(0)
    shares = kept(torch.ones(400, 501), rate).double()
    assert float(shares.mean()) == pytest.approx(1 - rate, abs=0.005)
    for share in (shares.mean(dim=0), shares.mean(dim=1)):
        assert share.std() < 1.3 * (rate * (1 - rate) / 400) ** 0.5


def test_what_hashes_keep_depends_on_no_neighbour_and_on_no_other_draw() -> None:
    torch.manual_seed(0)
    draws = torch.stack([kept(torch.ones(20_000), 0.5).double() - 0.5 for _ in range(50)])
    for distance in (1, 2, 3, 4, 8, 64, 128, 256, 512):
        assert abs(float((draws[:, distance:] * draws[:, :-distance]).mean())) < 0.002
    assert float((torch.corrcoef(draws) - torch.eye(50)).abs().max()) < 0.04


@pytest.mark.parametrize("backend", ["eager", "aot_eager"])
def test_compiled_dropout_zeroes_gradients_where_it_zeroes_values(backend: str) -> None:
    torch.manual_seed(0)
    values = torch.ones(100, 30, requires_grad=True)
    dropped = torch.compile(lambda each: drop_out(each, 0.25, training=True), backend=backend, fullgraph=True)(values)
    dropped.sum().backward()
    torch.testing.assert_close(values.grad, dropped.detach())
    assert float((dropped == 0).double().mean()) == pytest.approx(0.25, abs=0.03)


def test_gradients_are_zeroed_where_values_are() -> None:
    values = torch.ones(1000, requires_grad=True)
    dropped = drop_out(values, 0.3, training=True)
    dropped.sum().backward()
    assert values.grad is not None
    torch.testing.assert_close(values.grad, dropped.detach())


def test_what_is_zeroed_follows_the_seed() -> None:
    values = torch.ones(1000)
    torch.manual_seed(7)
    first, second = (drop_out(values, 0.3, training=True) for _ in range(2))
    torch.manual_seed(7)
    again = drop_out(values, 0.3, training=True)
    assert torch.equal(first, again)
    assert not torch.equal(first, second)


@pytest.mark.parametrize("shape", [(), (0,), (1,), (3, 5, 7)])
def test_any_shape_is_kept(shape: tuple[int, ...]) -> None:
    assert drop_out(torch.ones(shape), 0.3, training=True).shape == shape


def test_outside_training_and_at_rate_zero_nothing_happens() -> None:
    values = torch.randn(100)
    assert torch.equal(Dropout(0.5).eval()(values), values)
    assert torch.equal(Dropout(0.0)(values), values)
    assert not Dropout(1.0)(values).any()
    assert not torch.equal(Dropout(0.5)(values), values)


@pytest.mark.parametrize("rate", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("compiled", [False, True])
def test_relu_and_dropout_together_are_one_after_the_other(rate: float, compiled: bool) -> None:
    together = ReLUDropout(rate)
    layer = torch.compile(together, backend="aot_eager", fullgraph=True) if compiled else together
    values = torch.randn(100, 30, requires_grad=True)
    torch.manual_seed(3)
    result = layer(values)
    result.sum().backward()
    assert values.grad is not None
    assert torch.equal(values.grad != 0, result != 0)
    torch.testing.assert_close(values.grad * values.detach(), result.detach())
    if not compiled:
        torch.manual_seed(3)
        assert torch.equal(result, drop_out(values.relu(), rate, training=True))
    assert torch.equal(together.eval()(values), values.relu())
