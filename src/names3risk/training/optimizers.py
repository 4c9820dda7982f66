"""Optimizers, with weight decay on weight matrices only."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.optim import Optimizer

from names3risk.hyperparameters import Hyperparameters


def parameter_groups(model: nn.Module, weight_decay: float) -> list[dict[str, Any]]:
    """Trainable parameters in two groups: those that decay and those that do not.

    The matrices of linear, recurrent, convolutional and attention layers decay. Biases, the parameters of
    normalisation layers and embeddings do not: pulling those towards zero does not make a network simpler.

    Args:
        model: The network.
        weight_decay: Decay of the first group.

    Returns:
        Parameter groups for an optimizer; an empty group is left out.
    """
    embeddings = {
        parameter
        for module in model.modules()
        if isinstance(module, nn.Embedding | nn.EmbeddingBag)
        for parameter in module.parameters(recurse=False)
    }
    trainable = [parameter for parameter in model.parameters() if parameter.requires_grad]
    decays = [parameter for parameter in trainable if parameter.ndim >= 2 and parameter not in embeddings]
    chosen = set(decays)
    rest = [parameter for parameter in trainable if parameter not in chosen]
    groups = [{"params": decays, "weight_decay": weight_decay}, {"params": rest, "weight_decay": 0.0}]
    return [group for group in groups if group["params"]]


def build_optimizer(model: nn.Module, hyperparameters: Hyperparameters) -> Optimizer:
    """The optimizer that the hyperparameters name, over all trainable parameters of the model."""
    groups = parameter_groups(model, hyperparameters.weight_decay)
    lr = hyperparameters.lr
    if hyperparameters.optimizer == "adagrad":
        accumulator = hyperparameters.adagrad_initial_accumulator
        return torch.optim.Adagrad(groups, lr=lr, initial_accumulator_value=accumulator)
    if hyperparameters.optimizer == "sgd":
        return torch.optim.SGD(groups, lr=lr, momentum=hyperparameters.sgd_momentum)
    # A fused step would undo the loss scale of fp16 only after clipping, which then would not bind.
    scaled = hyperparameters.fp16 or hyperparameters.precision == "fp16"
    betas, epsilon = hyperparameters.adam_betas, hyperparameters.adam_epsilon
    return torch.optim.AdamW(groups, lr=lr, betas=betas, eps=epsilon, fused=not scaled)
