"""A BERT encoder: its size, its pretrained weights, and what of it is trained."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field

from names3risk.errors import ConfigError
from names3risk.hyperparameters.base import Hyperparameters
from names3risk.hyperparameters.multimodal import ChunkedHyperparameters

CONFIG_FILE = "config.json"
FROM_CONFIG = {
    "bert_hidden_size": "hidden_size",
    "bert_layers": "num_hidden_layers",
    "bert_heads": "num_attention_heads",
    "bert_intermediate_size": "intermediate_size",
    "bert_positions": "max_position_embeddings",
    "initializer_range": "initializer_range",
    "bert_activation": "hidden_act",
    "bert_layer_norm_eps": "layer_norm_eps",
}
"""Hyperparameters that a pretrained encoder decides, and their names in its configuration."""
NEEDS_PRETRAINED = ("freeze_encoder", "reinit_layers")


class EncoderHyperparameters(ChunkedHyperparameters):
    """The encoder of the BERT classes; the defaults are a small one with weights of its own."""

    lr: float = Field(5e-5, gt=0, le=10, description="Learning rate; of onecycle the highest")
    pretrained: str | None = Field(
        None,
        description="Folder below the channel `pretrained` with config.json, model.safetensors, tokenizer.json; "
        "`.` is the channel itself",
    )
    freeze_encoder: bool = Field(False, description="Keep the pretrained weights as they are")
    reinit_layers: int = Field(0, ge=0, le=64, description="Fresh weights for this many of the last layers")
    lora_rank: int = Field(0, ge=0, le=256, description="Rank of low-rank updates of queries and values; 0: none")
    lora_alpha: int = Field(16, gt=0, le=1024, description="Scale of the low-rank updates, over their rank")
    lora_dropout: float = Field(0.0, ge=0, lt=1, description="Dropout on the input of the low-rank updates")
    bert_hidden_size: int = Field(128, ge=2, le=8192, description="Width of the encoder")
    bert_layers: int = Field(2, ge=1, le=64, description="Layers of the encoder")
    bert_heads: int = Field(2, ge=1, le=128, description="Attention heads; must divide bert_hidden_size")
    bert_intermediate_size: int = Field(512, ge=1, le=65_536, description="Width of the feed-forward part")
    bert_positions: int = Field(512, ge=2, le=8192, description="Positions that a chunk may have")
    bert_dropout: float = Field(0.1, ge=0, lt=1, description="Dropout inside the encoder")
    bert_activation: Literal["gelu", "gelu_new", "relu", "silu"] = Field("gelu", description="Of the feed-forward part")
    bert_layer_norm_eps: float = Field(1e-12, gt=0, le=0.1, description="Added to variances in layer normalisation")
    initializer_range: float = Field(0.02, gt=0, le=10, description="Standard deviation of fresh weights")

    def resolved(self, encoder: Path | None = None) -> Self:
        """The same with the size that the configuration of the pretrained encoder says.

        Args:
            encoder: Its folder; None where training begins with fresh weights.

        Raises:
            ConfigError: There is no such encoder, it is no BERT, or sizes set here contradict it.
        """
        if encoder is None:
            return self
        path = encoder / CONFIG_FILE
        config = _read(path)
        if config.get("model_type") != "bert":
            raise ConfigError(f"model_type is {config.get('model_type')!r}", where=path, expected="'bert'")
        absent = [key for key in FROM_CONFIG.values() if key not in config]
        if absent:
            raise ConfigError(f"{', '.join(absent)} missing", where=path, expected="the configuration of a BERT")
        sizes = {name: config[key] for name, key in FROM_CONFIG.items()}
        for name, value in sizes.items():
            given = getattr(self, name)
            if given not in (value, type(self).model_fields[name].default):
                raise ConfigError(
                    f"{name} is {given}", where="hyperparameters", expected=f"{value} as in {path}, or leave it out"
                )
        return self.changed(**sizes)

    def _check_model(self) -> Self:
        if self.bert_hidden_size % self.bert_heads:
            raise ValueError(f"bert_heads {self.bert_heads} does not divide bert_hidden_size {self.bert_hidden_size}")
        if self.max_sen_len > self.bert_positions:
            raise ValueError(f"max_sen_len {self.max_sen_len} is greater than bert_positions {self.bert_positions}")
        if self.pretrained is None:
            for name in NEEDS_PRETRAINED:
                if getattr(self, name):
                    raise ValueError(f"{name} has no effect without pretrained: name a folder")
        if self.lora_rank == 0 and (self.lora_alpha != 16 or self.lora_dropout):
            raise ValueError("lora_alpha and lora_dropout have no effect with lora_rank 0: set lora_rank")
        if self.lora_rank and self.pretrained is None:
            raise ValueError("lora_rank needs pretrained: low-rank updates change a trained encoder")
        if self.lora_rank and (self.freeze_encoder or self.reinit_layers):
            raise ValueError(
                "lora_rank already keeps the encoder's own weights: leave freeze_encoder and reinit_layers out"
            )
        if self.freeze_encoder and (self.reinit_layers or self.bert_dropout != 0.1):
            raise ValueError("freeze_encoder trains no layer: leave reinit_layers and bert_dropout out")
        return super()._check_model()


class PooledEncoderHyperparameters(EncoderHyperparameters):
    """An encoder whose states become one vector a chunk."""

    pooling: Literal["pooler", "mean"] = Field("pooler", description="[CLS] through the pooler, or mean over tokens")
    reinit_pooler: bool = Field(False, description="Fresh weights for the pooler")

    def _check_model(self) -> Self:
        if self.reinit_pooler and (self.pretrained is None or self.pooling != "pooler"):
            raise ValueError("reinit_pooler has no effect without pretrained and pooling pooler")
        return super()._check_model()


def pretrained_folder(hyperparameters: Hyperparameters, pretrained_dir: str | Path | None) -> Path | None:
    """The folder of the pretrained encoder that a training begins with.

    Args:
        hyperparameters: Those of the model class; they name the folder relative to `pretrained_dir`.
        pretrained_dir: Holds the encoders, in a SageMaker job the channel `pretrained`; None where there are none.

    Returns:
        The folder; None where the hyperparameters name no encoder.

    Raises:
        ConfigError: There is no such folder, or its name leads out of `pretrained_dir`.
    """
    if not isinstance(hyperparameters, EncoderHyperparameters) or hyperparameters.pretrained is None:
        return None
    name = hyperparameters.pretrained
    if pretrained_dir is None:
        raise ConfigError(
            f"pretrained is {name!r}, and no folder of pretrained encoders is given",
            where="hyperparameters",
            expected="the channel `pretrained` of the training job, or `pretrained` in a training configuration",
        )
    if Path(name).is_absolute() or ".." in Path(name).parts:
        raise ConfigError(
            f"pretrained is {name!r}",
            where="hyperparameters",
            expected=f"the name of a folder below {pretrained_dir}",
            mend="hand the folder above it over as the channel `pretrained`, and name it relative to that",
        )
    folder = Path(pretrained_dir) / name
    if not folder.is_dir():
        raise ConfigError(
            f"pretrained is {name!r}, and there is no such folder",
            where=pretrained_dir,
            expected="the folder of a pretrained BERT",
        )
    return folder


def _read(path: Path) -> dict[str, Any]:
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"cannot be read: {error}", where=path, expected="a folder of a pretrained BERT (pretrained)"
        ) from error
    if not isinstance(config, dict):
        raise ConfigError("holds no object", where=path, expected="the configuration of a BERT")
    return config
