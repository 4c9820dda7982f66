"""Model classes: one file each, listed in one dictionary."""

from __future__ import annotations

import torch
from torch import nn

from names3risk.errors import ConfigError
from names3risk.hyperparameters import Hyperparameters
from names3risk.models.lstm2risk import LSTM2Risk
from names3risk.models.transformer2risk import Transformer2Risk

MODEL_CLASSES: dict[str, type[nn.Module]] = {"lstm2risk": LSTM2Risk, "transformer2risk": Transformer2Risk}


def build_model(hyperparameters: Hyperparameters, vocabulary_size: int, n_tabular: int) -> nn.Module:
    """Builds the model that the hyperparameters name, with initial weights that depend on their seed only.

    Args:
        hyperparameters: Those of the model class.
        vocabulary_size: Tokens of the tokenizer.
        n_tabular: Tabular features; 0 for text alone.

    Returns:
        A module whose `forward(input_ids, attention_mask, tabular)` gives logits `(B, K)`.

    Raises:
        ConfigError: There is no such model class.
    """
    cls = MODEL_CLASSES.get(hyperparameters.model_class)
    if cls is None:
        raise ConfigError(
            f"unknown model class {hyperparameters.model_class!r}",
            where="hyperparameters",
            expected=f"one of {', '.join(MODEL_CLASSES)}",
        )
    n_outputs = 1 if hyperparameters.loss == "bce" else hyperparameters.num_classes
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(hyperparameters.seed)
        return cls(hyperparameters, vocabulary_size, n_tabular, n_outputs)


def count_parameters(model: nn.Module) -> int:
    """Trainable parameters of a model."""
    return sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)
