"""Activations that are computed again give the same gradients, dropout included, and are not kept."""

from __future__ import annotations

import torch
from torch import Tensor

from names3risk.hyperparameters import parse_hyperparameters
from names3risk.models import build_model

SMALL = {"embedding_size": 16, "hidden_size": 8, "n_blocks": 4, "n_heads": 2, "n_residual_blocks": 1}


def step(checkpointing: bool) -> tuple[list[Tensor], int]:
    """Gradients of a training step, and the bytes that its backward pass keeps."""
    settings = {"model_class": "transformer2risk", "activation_checkpointing": checkpointing, **SMALL}
    model = build_model(parse_hyperparameters(settings), 40, 3).train()
    torch.manual_seed(1)
    ids = torch.randint(7, 40, (8, 20))
    kept: dict[int, int] = {}

    def keep(tensor: Tensor) -> Tensor:
        kept[tensor.data_ptr()] = tensor.nbytes
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        loss = model(ids, torch.ones_like(ids, dtype=torch.bool), torch.randn(8, 3)).square().sum()
    total = sum(kept.values())
    loss.backward()
    return [parameter.grad for parameter in model.parameters()], total


def test_gradients_are_equal_and_less_is_kept() -> None:
    (plain, much), (again, little) = step(False), step(True)
    for wanted, found in zip(plain, again, strict=True):
        assert torch.equal(wanted, found)
    assert little < much / 2
