"""How steps are run on the hardware at hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch

from names3risk.hyperparameters import Hyperparameters
from names3risk.models import attention, build_model, recurrent
from names3risk.training.execution import ROWS_WORTH_COMPILING, Execution, choose
from names3risk.training.world import World

Tiny = Callable[..., Hyperparameters]
GPU, CPU = torch.device("cuda"), torch.device("cpu")
MANY = ROWS_WORTH_COMPILING


@pytest.fixture
def chosen(tiny: Tiny, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Execution]:
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda: True)

    def choose_for(device: torch.device, rows: int = 100, size: int = 1, name: str = "", **values: Any) -> Execution:
        hyperparameters = tiny(name or "transformer2risk", **values)
        return choose(hyperparameters, build_model(hyperparameters, 20, 2), rows, device, World(0, size, 0, size))

    return choose_for


def test_on_a_cpu_arithmetic_is_float32_and_steps_run_as_they_are(chosen: Callable[..., Execution]) -> None:
    assert chosen(CPU, rows=MANY) == Execution("fp32", compiled=False, recorded=False)


def test_on_a_gpu_steps_are_recorded_and_long_runs_compiled(chosen: Callable[..., Execution]) -> None:
    assert chosen(GPU) == Execution("bf16", compiled=False, recorded=True)
    assert chosen(GPU, rows=MANY) == Execution("bf16", compiled=True, recorded=True)
    assert chosen(GPU, rows=MANY, compile="never", cuda_graphs=False) == Execution("bf16")
    assert chosen(GPU, precision="fp32").precision == "fp32"


def test_what_cannot_be_recorded_is_not(chosen: Callable[..., Execution]) -> None:
    assert chosen(GPU, size=2).recorded, "gradients are exchanged after the step"
    assert not chosen(GPU, size=2, strategy="fsdp").recorded, "shards are gathered within the step"
    assert not chosen(GPU, precision="fp16").recorded, "the loss scale changes"
    lstm = chosen(GPU, rows=MANY, name="lstm2risk")
    assert lstm == Execution("bf16"), "PyTorch's LSTM waits for the device, and no kernel is of this width"


@pytest.mark.parametrize(
    ("name", "widths"),
    [("lstm2risk", {"hidden_size": 16}), ("transformer2risk", {"embedding_size": 32, "n_heads": 2})],
)
def test_where_there_are_kernels_for_it_batches_are_packed_and_recorded(
    chosen: Callable[..., Execution], monkeypatch: pytest.MonkeyPatch, name: str, widths: dict[str, int]
) -> None:
    for module in (attention, recurrent):
        monkeypatch.setattr(module, "HAS_KERNELS", True)
    assert chosen(GPU, name=name, **widths) == Execution("bf16", recorded=True, packed=True)
    assert not chosen(GPU, name=name, precision="tf32", **widths).packed, "the kernels are for 16 bits"
    assert not chosen(CPU, name=name, **widths).packed


def test_settings_hold_for_the_run_alone() -> None:
    before = torch.get_float32_matmul_precision(), torch.backends.cudnn.allow_tf32
    with Execution("tf32").settings():
        assert torch.get_float32_matmul_precision() == "high"
        assert torch.backends.cudnn.allow_tf32
    with Execution("fp32").settings():
        assert torch.get_float32_matmul_precision() == "highest"
        assert not torch.backends.cudnn.allow_tf32
    assert before == (torch.get_float32_matmul_precision(), torch.backends.cudnn.allow_tf32)
