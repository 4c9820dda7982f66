"""A step that is recorded as a CUDA graph may wait for nothing: checked on tensors that have no values to wait for."""

from __future__ import annotations

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from names3risk.hyperparameters import parse_hyperparameters
from names3risk.models import MODEL_CLASSES, build_model, reads_tabular

RECORDED = [name for name, cls in MODEL_CLASSES.items() if hasattr(cls, "can_be_recorded") and name != "lstm2risk"]
"""Without LSTM2Risk, whose recorded step runs in kernels that need a GPU."""


class OnOneDevice(TorchDispatchMode):
    """Notes each operation that touches a tensor of the CPU, as a copy to or from the device would."""

    def __init__(self):
        super().__init__()
        self.elsewhere, self.count = [], 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        result = func(*args, **(kwargs or {}))
        tensors = [leaf for leaf in tree_leaves((args, kwargs, result)) if isinstance(leaf, torch.Tensor)]
        self.elsewhere += [str(func) for tensor in tensors if tensor.device.type == "cpu"]
        self.count += 1
        return result


@pytest.mark.parametrize("model_class", RECORDED)
def test_a_step_reads_no_value_and_leaves_its_device_never(model_class):
    hyperparameters = parse_hyperparameters({"model_class": model_class, "max_sen_len": 16})
    n_tabular = 0 if reads_tabular(MODEL_CLASSES[model_class]) == "never" else 3
    model = build_model(hyperparameters, 50, n_tabular).to("meta").train()
    assert model.can_be_recorded(half=False)
    ids = torch.zeros(4, 12, dtype=torch.long, device="meta")
    tabular = torch.zeros(4, n_tabular, device="meta")
    with OnOneDevice() as seen:
        model(ids, ids == 0, tabular).sum().backward()  # a value that is read raises
    assert seen.elsewhere == []
    assert seen.count > 50


def test_what_would_wait_is_noticed():
    values = torch.zeros(4, device="meta")
    with pytest.raises(RuntimeError, match="meta"):
        values[: int(values.sum())]
    with OnOneDevice() as seen:
        values * torch.tensor(2.0)
    assert "aten.mul.Tensor" in seen.elsewhere
