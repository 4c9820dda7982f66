"""Model classes: one file each, listed in one dictionary."""

from __future__ import annotations

import torch
from torch import nn

from names3risk.errors import ConfigError
from names3risk.hyperparameters import Hyperparameters
from names3risk.models.bert import Bert
from names3risk.models.lstm import Lstm
from names3risk.models.lstm2risk import LSTM2Risk
from names3risk.models.multimodal_bert import MultimodalBert
from names3risk.models.multimodal_boosted import MultimodalBoosted
from names3risk.models.multimodal_cnn import MultimodalCnn
from names3risk.models.multimodal_cross_attn import MultimodalCrossAttn
from names3risk.models.multimodal_gate_fusion import MultimodalGateFusion
from names3risk.models.multimodal_moe import MultimodalMoe
from names3risk.models.transformer2risk import Transformer2Risk

MODEL_CLASSES: dict[str, type[nn.Module]] = {
    "lstm2risk": LSTM2Risk,
    "transformer2risk": Transformer2Risk,
    "multimodal_bert": MultimodalBert,
    "multimodal_cnn": MultimodalCnn,
    "multimodal_moe": MultimodalMoe,
    "multimodal_gate_fusion": MultimodalGateFusion,
    "multimodal_cross_attn": MultimodalCrossAttn,
    "multimodal_boosted": MultimodalBoosted,
    "bert": Bert,
    "lstm": Lstm,
}


def build_model(hyperparameters: Hyperparameters, vocabulary_size: int, n_tabular: int) -> nn.Module:
    """Builds the model that the hyperparameters name, with initial weights that depend on their seed only.

    Args:
        hyperparameters: Those of the model class.
        vocabulary_size: Tokens of the tokenizer.
        n_tabular: Tabular features; 0 for text alone.

    Returns:
        A module whose `forward(input_ids, attention_mask, tabular)` gives logits `(B, K)`.

    Raises:
        ConfigError: There is no such model class, or it does not fit the number of tabular features.
    """
    cls = MODEL_CLASSES.get(hyperparameters.model_class)
    if cls is None:
        raise ConfigError(
            f"unknown model class {hyperparameters.model_class!r}",
            where="hyperparameters",
            expected=f"one of {', '.join(MODEL_CLASSES)}",
        )
    _check_tabular(cls, hyperparameters.model_class, n_tabular)
    n_outputs = 1 if hyperparameters.loss == "bce" else hyperparameters.num_classes
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(hyperparameters.seed)
        return cls(hyperparameters, vocabulary_size, n_tabular, n_outputs)


def count_parameters(model: nn.Module) -> int:
    """Trainable parameters of a model."""
    return sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)


def reads_tabular(cls: type[nn.Module]) -> str:
    """Whether a model class reads tabular features: `always`, `never`, or `optional` where it can do without."""
    return getattr(cls, "reads_tabular", "optional")


def _check_tabular(cls: type[nn.Module], name: str, n_tabular: int) -> None:
    use = reads_tabular(cls)
    if use == "always" and n_tabular == 0:
        raise ConfigError(
            f"model class {name} mixes text with tabular features, and there are none",
            where="hyperparameters",
            expected="a field in tab_field_list or cat_field_list",
            mend="or choose multimodal_bert, multimodal_cnn, bert or lstm, which read text alone",
        )
    if use == "never" and n_tabular:
        raise ConfigError(
            f"model class {name} reads text alone, and there are {n_tabular} tabular features",
            where="hyperparameters",
            expected="tab_field_list [] and cat_field_list []",
            mend="or choose a multimodal class",
        )
