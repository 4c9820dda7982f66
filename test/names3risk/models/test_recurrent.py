"""Every way to run a bidirectional LSTM gives the same states."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from names3risk.models.recurrent import lstm_states


def packed(lstm: nn.LSTM, inputs: Tensor, lengths: Tensor) -> Tensor:
    rows = pack_padded_sequence(inputs, lengths, batch_first=True, enforce_sorted=False)
    return pad_packed_sequence(lstm(rows)[0], batch_first=True)[0]


def test_states_and_gradients_equal_those_of_packed_sequences() -> None:
    lstm = nn.LSTM(5, 6, num_layers=3, batch_first=True, bidirectional=True)
    inputs, lengths = torch.randn(4, 9, 5, requires_grad=True), torch.tensor([9, 1, 4, 6])
    mine, wanted = lstm_states(lstm, inputs, lengths), packed(lstm, inputs, lengths)
    torch.testing.assert_close(mine, wanted, atol=1e-6, rtol=1e-5)
    direction, weights = torch.randn_like(wanted), [inputs, *lstm.parameters()]
    found, expected = (torch.autograd.grad(states, weights, direction) for states in (mine, wanted))
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-4)


def test_dropout_falls_between_layers_while_training() -> None:
    lstm = nn.LSTM(5, 6, num_layers=2, batch_first=True, bidirectional=True, dropout=0.5)
    inputs, lengths = torch.randn(4, 9, 5), torch.full((4,), 9)
    assert not torch.equal(lstm_states(lstm, inputs, lengths), lstm_states(lstm, inputs, lengths))
    lstm.eval()
    torch.testing.assert_close(lstm_states(lstm, inputs, lengths), packed(lstm, inputs, lengths))
