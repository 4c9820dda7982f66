"""Every way to run a bidirectional LSTM gives the same states."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from names3risk.models import recurrent
from names3risk.models.recurrent import lstm_states


def packed(lstm: nn.LSTM, inputs: Tensor, lengths: Tensor) -> Tensor:
    rows = pack_padded_sequence(inputs, lengths, batch_first=True, enforce_sorted=False)
    return pad_packed_sequence(lstm(rows)[0], batch_first=True)[0]


@pytest.fixture(params=["with padding", "without"], autouse=True)
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Few rows are computed in one way, many in another."""
    monkeypatch.setattr(recurrent, "FEW_ROWS", 100 if request.param == "with padding" else 0)


LENGTHS = ([9, 1, 4, 6], [1, 1, 1, 1], [9, 9, 9, 9], [3])


@pytest.mark.parametrize("lengths", LENGTHS)
def test_states_and_gradients_equal_those_of_packed_sequences(lengths: list[int]) -> None:
    lstm = nn.LSTM(5, 6, num_layers=3, batch_first=True, bidirectional=True)
    inputs = torch.randn(len(lengths), max(lengths), 5, requires_grad=True)
    mine = lstm_states(lstm, inputs, torch.tensor(lengths))
    wanted = packed(lstm, inputs, torch.tensor(lengths))
    torch.testing.assert_close(mine, wanted, atol=1e-6, rtol=1e-5)
    direction, weights = torch.randn_like(wanted), [inputs, *lstm.parameters()]
    found, expected = (torch.autograd.grad(states, weights, direction) for states in (mine, wanted))
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("lengths", LENGTHS)
def test_states_without_gradients_are_the_same(lengths: list[int]) -> None:
    lstm, inputs = nn.LSTM(5, 6, num_layers=2, batch_first=True, bidirectional=True), torch.randn(len(lengths), 11, 5)
    with torch.inference_mode():
        mine = lstm_states(lstm, inputs, torch.tensor(lengths))
    trained = lstm_states(lstm, inputs, torch.tensor(lengths))
    torch.testing.assert_close(mine, trained, atol=1e-6, rtol=1e-5)
    for row, length in enumerate(lengths):
        assert not mine[row, length:].any()
        assert not trained[row, length:].any()


def test_gradients_agree_with_finite_differences() -> None:
    lstm = nn.LSTM(2, 3, num_layers=2, batch_first=True, bidirectional=True).double()
    inputs, lengths = torch.randn(3, 4, 2, dtype=torch.float64, requires_grad=True), torch.tensor([2, 4, 1])
    assert torch.autograd.gradcheck(lambda values: lstm_states(lstm, values, lengths), inputs)


def test_frozen_weights_get_no_gradient() -> None:
    lstm = nn.LSTM(5, 6, batch_first=True, bidirectional=True).requires_grad_(False)
    inputs = torch.randn(2, 3, 5, requires_grad=True)
    lstm_states(lstm, inputs, torch.tensor([3, 2])).sum().backward()
    assert inputs.grad is not None
    assert all(weight.grad is None for weight in lstm.parameters())


def test_dropout_falls_between_layers_while_training() -> None:
    lstm = nn.LSTM(5, 6, num_layers=2, batch_first=True, bidirectional=True, dropout=0.5)
    inputs, lengths = torch.randn(4, 9, 5), torch.full((4,), 9)
    assert not torch.equal(lstm_states(lstm, inputs, lengths), lstm_states(lstm, inputs, lengths))
    lstm.eval()
    torch.testing.assert_close(lstm_states(lstm, inputs, lengths), packed(lstm, inputs, lengths))
