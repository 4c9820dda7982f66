"""Pretrained BERT weights and their tokenizer, from a local folder."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from tokenizers import Tokenizer
from torch import Tensor, nn

from names3risk.errors import ArtifactError
from names3risk.hyperparameters import Hyperparameters
from names3risk.hyperparameters.encoder import EncoderHyperparameters
from names3risk.models.bert_encoder import BertEncoder, PooledBert

if TYPE_CHECKING:
    from collections.abc import Mapping

logger = logging.getLogger(__name__)

WEIGHTS_FILE = "model.safetensors"
WORD_EMBEDDINGS = "embeddings.word_embeddings.weight"


def load_pretrained(
    model: nn.Module, hyperparameters: Hyperparameters, tokenizer: Tokenizer, encoder: Path | None
) -> None:
    """Gives a new model the weights of a pretrained encoder, where it begins with one.

    Each token takes the embedding of the same token of the pretrained vocabulary, a special token that of its
    counterpart. The last layers and the pooler get fresh weights where the hyperparameters ask for it.

    Args:
        model: From `build_model`; it is changed in place.
        hyperparameters: Those it was built with.
        tokenizer: The tokenizer of the model, from `pretrained_tokenizer` of the same folder.
        encoder: The folder of the encoder, from `pretrained_folder`; None where the weights stay as they are.

    Raises:
        ArtifactError: The folder lacks weights, or they do not fit.
    """
    if encoder is None or not isinstance(hyperparameters, EncoderHyperparameters):
        return
    from names3risk.text.wordpiece import pretrained_ids

    state = _read(encoder / WEIGHTS_FILE)
    part = next(module for module in model.modules() if isinstance(module, BertEncoder))
    own = part.encoder.state_dict()
    rows = torch.tensor(pretrained_ids(tokenizer, encoder))
    loaded: dict[str, Tensor] = {}
    for name in own:
        if "lora_" in name:
            continue
        source = name.replace(".base_layer.", ".")
        if source not in state:
            raise ArtifactError(f"no tensor {source}", where=encoder / WEIGHTS_FILE, expected="the weights of a BERT")
        loaded[name] = state[source][rows] if source == WORD_EMBEDDINGS else state[source]
        if loaded[name].shape != own[name].shape:
            raise ArtifactError(
                f"tensor {source} has shape {tuple(loaded[name].shape)}",
                where=encoder / WEIGHTS_FILE,
                expected=f"{tuple(own[name].shape)} as config.json beside it says",
            )
    part.encoder.load_state_dict(loaded, strict=False)
    pooler = next((module.pooler for module in model.modules() if isinstance(module, PooledBert)), None)
    if pooler is not None and not getattr(hyperparameters, "reinit_pooler", False) and "pooler.dense.weight" in state:
        pooler.load_state_dict({"weight": state["pooler.dense.weight"], "bias": state["pooler.dense.bias"]})
    _reinitialise(part, hyperparameters)
    logger.info("loaded %d pretrained tensors from %s", len(loaded), encoder)


def _reinitialise(part: BertEncoder, hyperparameters: EncoderHyperparameters) -> None:
    """Fresh weights for the last layers, as the encoder itself would draw them."""
    if hyperparameters.reinit_layers > hyperparameters.bert_layers:
        raise ArtifactError(
            f"reinit_layers is {hyperparameters.reinit_layers}",
            where="hyperparameters",
            expected=f"at most {hyperparameters.bert_layers}, the layers of the encoder",
        )
    layers = part.encoder.encoder.layer
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(hyperparameters.seed)
        for layer in layers[len(layers) - hyperparameters.reinit_layers :]:
            for module in layer.modules():
                if isinstance(module, nn.Linear):
                    nn.init.normal_(module.weight, std=hyperparameters.initializer_range)
                    nn.init.zeros_(module.bias)
                elif isinstance(module, nn.LayerNorm):
                    module.reset_parameters()


def _read(path: Path) -> Mapping[str, Tensor]:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        state: dict[str, Any] = load_file(path)
    except (OSError, SafetensorError) as error:
        raise ArtifactError(f"cannot be read: {error}", where=path, expected="pretrained weights") from error
    # Checkpoints with a head keep the encoder below "bert.".
    return {name.removeprefix("bert."): tensor for name, tensor in state.items()}
