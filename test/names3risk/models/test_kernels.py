"""The kernels for GPUs against PyTorch's own layers; without a GPU they run in Triton's interpreter."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
if DEVICE == "cpu":
    os.environ["TRITON_INTERPRET"] = "1"  # read when Triton is imported
pytest.importorskip("triton", reason="Triton comes with PyTorch for GPUs")

# Imported last: Triton reads TRITON_INTERPRET as it is imported.
from names3risk.hyperparameters import parse_hyperparameters  # noqa: E402
from names3risk.models import build_model  # noqa: E402
from names3risk.models.kernels.attention import short_attention  # noqa: E402
from names3risk.models.kernels.lstm import lstm_layer  # noqa: E402
from names3risk.models.packing import pack_rows  # noqa: E402

ROWS, LENGTH, HEADS, WIDTH = 4, 40, 2, 16
LENGTHS = torch.tensor([40, 5, 33, 1], device=DEVICE)
STARTS = torch.arange(0, ROWS * LENGTH, LENGTH, device=DEVICE)
MASK = torch.arange(LENGTH, device=DEVICE) < LENGTHS[:, None]
PACKING = pack_rows(MASK, torch.arange(83, device=DEVICE))
SEED = torch.tensor([3], device=DEVICE)


def assert_gradients_close(mine: Tensor, wanted: Tensor, inputs: list[Tensor]) -> None:
    direction = torch.randn_like(wanted)
    pairs = zip(
        torch.autograd.grad(mine, inputs, direction, retain_graph=True),
        torch.autograd.grad(wanted, inputs, direction, retain_graph=True),
        strict=True,
    )
    for found, expected in pairs:
        torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-4)


def test_attention_equals_softmax_attention_over_the_valid_keys() -> None:
    qkv = torch.randn(ROWS, LENGTH, 3 * HEADS * WIDTH, device=DEVICE, requires_grad=True)
    query, key, value = qkv.view(ROWS, LENGTH, 3, HEADS, WIDTH).permute(2, 0, 3, 1, 4)
    scores = (query @ key.transpose(2, 3) * WIDTH**-0.5).masked_fill(~MASK[:, None, None, :], float("-inf"))
    wanted = (scores.softmax(dim=-1) @ value).transpose(1, 2).reshape(ROWS, LENGTH, -1)
    wanted = wanted * MASK[:, :, None]
    mine = short_attention(qkv.flatten(0, 1), STARTS, LENGTHS, SEED, LENGTH, HEADS, 0.0).view(ROWS, LENGTH, -1)
    torch.testing.assert_close(mine, wanted, atol=1e-5, rtol=1e-4)
    assert_gradients_close(mine, wanted, [qkv])
    together = qkv.flatten(0, 1)[PACKING.origins]
    packed = PACKING.unpack(short_attention(together, PACKING.starts, LENGTHS, SEED, LENGTH, HEADS, 0.0))
    torch.testing.assert_close(packed, wanted, atol=1e-5, rtol=1e-4)
    assert_gradients_close(packed, wanted, [qkv])


def test_the_backward_pass_of_attention_drops_what_the_forward_pass_dropped() -> None:
    qkv = torch.randn(83, 3 * HEADS * WIDTH, device=DEVICE, requires_grad=True)
    direction, step = torch.randn_like(qkv), 1e-2

    def total(at: Tensor) -> Tensor:
        return short_attention(at, PACKING.starts, LENGTHS, SEED, LENGTH, HEADS, 0.3).sum()

    (gradient,) = torch.autograd.grad(total(qkv), qkv)
    slope = (total(qkv + step * direction) - total(qkv - step * direction)) / (2 * step)
    assert float((gradient * direction).sum()) == pytest.approx(float(slope), rel=0.02, abs=0.02)


def test_attention_drops_a_share_of_the_weights_independently() -> None:
    rows, length, rate = 30, 16, 0.3
    starts = torch.arange(0, rows * length, length, device=DEVICE)
    lengths = torch.full((rows,), length, device=DEVICE)
    qkv = torch.zeros(rows * length, 3, HEADS, WIDTH, device=DEVICE)
    qkv[:, 2] = torch.eye(WIDTH, device=DEVICE).repeat(rows, 1)[:, None]  # so the result is the weights themselves

    def zeroed(seed: int) -> Tensor:
        seeds = torch.tensor([seed], device=DEVICE)
        weights = short_attention(qkv.flatten(1), starts, lengths, seeds, length, HEADS, rate)
        assert weights.max().item() == pytest.approx(1 / (1 - rate) / length, rel=1e-4)
        return (weights == 0).double().view(rows, length, HEADS, WIDTH).permute(0, 2, 1, 3)

    one, other = zeroed(1), zeroed(2)
    assert one.mean().item() == pytest.approx(rate, abs=0.02)
    assert one.mean(dim=(0, 1)).std().item() < 1.3 * (rate * (1 - rate) / (rows * HEADS)) ** 0.5
    each = torch.cat([one.flatten(0, 1), other.flatten(0, 1)]).flatten(1)
    alike = torch.corrcoef(each).fill_diagonal_(0)
    assert alike.abs().max().item() < 5 / 16


def test_a_layer_equals_a_packed_bidirectional_lstm() -> None:
    lstm = nn.LSTM(8, WIDTH, batch_first=True, bidirectional=True).to(DEVICE)
    inputs = torch.randn(ROWS, LENGTH, 8, device=DEVICE, requires_grad=True)
    packed = pack_padded_sequence(inputs, LENGTHS.cpu(), batch_first=True, enforce_sorted=False)
    wanted, _ = pad_packed_sequence(lstm(packed)[0], batch_first=True)
    ahead = inputs @ lstm.weight_ih_l0.T + lstm.bias_ih_l0 + lstm.bias_hh_l0
    back = inputs @ lstm.weight_ih_l0_reverse.T + lstm.bias_ih_l0_reverse + lstm.bias_hh_l0_reverse
    recurrent = torch.stack([lstm.weight_hh_l0, lstm.weight_hh_l0_reverse])
    gates = torch.stack([ahead, back], dim=2).flatten(0, 1)
    mine = lstm_layer(gates, recurrent, STARTS, LENGTHS)[0].view(ROWS, LENGTH, -1)
    torch.testing.assert_close(mine, wanted, atol=1e-5, rtol=1e-4)
    assert_gradients_close(mine, wanted, [inputs, *lstm.parameters()])
    packed = PACKING.unpack(lstm_layer(gates[PACKING.origins], recurrent, PACKING.starts, LENGTHS)[0])
    torch.testing.assert_close(packed, wanted, atol=1e-5, rtol=1e-4)
    assert_gradients_close(packed, wanted, [inputs, *lstm.parameters()])


@pytest.mark.parametrize(
    "settings",
    [
        {"model_class": "lstm2risk", "embedding_size": 4, "hidden_size": 16, "n_lstm_layers": 2},
        {"model_class": "transformer2risk", "embedding_size": 32, "hidden_size": 8, "n_heads": 2, "n_blocks": 2},
    ],
    ids=lambda settings: str(settings["model_class"]),
)
def test_a_network_gives_packed_rows_the_logits_and_gradients_of_padded_ones(settings: dict[str, Any]) -> None:
    hyperparameters = parse_hyperparameters({**settings, "dropout_rate": 0.0, "n_residual_blocks": 1})
    model = build_model(hyperparameters, vocabulary_size=20, n_tabular=3).to(DEVICE)
    assert model.can_be_packed(half=True)
    lengths = torch.tensor([12, 0, 5, 1], device=DEVICE)
    mask = torch.arange(12, device=DEVICE) < lengths[:, None]
    ids, tabular = torch.randint(10, 20, (4, 12), device=DEVICE), torch.randn(4, 3, device=DEVICE)
    wanted = model(ids, mask, tabular)
    mine = model(ids, mask, tabular, torch.arange(24, device=DEVICE))
    torch.testing.assert_close(mine, wanted, atol=1e-5, rtol=1e-4)
    assert_gradients_close(mine, wanted, list(model.parameters()))


def test_kernels_compile_for_a_gpu_that_is_not_here() -> None:
    environment = {name: value for name, value in os.environ.items() if name != "TRITON_INTERPRET"}
    script = Path(__file__).with_name("compiled_kernels.py")
    ran = subprocess.run([sys.executable, script], env=environment, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
