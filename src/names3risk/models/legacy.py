"""Networks of the original Names3Risk, read from the state dicts that its training saved after each epoch.

Layers are told apart by their names; within the tabular part and the trunk they keep their order, so that tensors are
matched one by one; their shapes are checked.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from names3risk.errors import ArtifactError, ConfigError
from names3risk.hyperparameters import Hyperparameters, parse_hyperparameters
from names3risk.models import build_model

State = dict[str, Tensor]
TEXT = "text_projection."
NEVER_USED = TEXT + "tab_layer."
"""A tabular layer inside the original transformer's text part, which its forward pass leaves out."""


@dataclass(frozen=True)
class LegacyModel:
    """An original network as one of ours.

    Args:
        model: The network, in evaluation mode.
        hyperparameters: Its width and depth.
        vocabulary_size: Tokens that it knows.
        n_tabular: Tabular features that it wants, in their original order.
    """

    model: nn.Module
    hyperparameters: Hyperparameters
    vocabulary_size: int
    n_tabular: int


def import_legacy(checkpoint: str | Path, model_class: str) -> LegacyModel:
    """Converts a checkpoint of the original system.

    Args:
        checkpoint: A state dict saved with `torch.save`; nothing else in it is read.
        model_class: lstm2risk or transformer2risk.

    Returns:
        A model that gives the same scores.

    Raises:
        ConfigError: The original system had no such model class.
        ArtifactError: The file is no state dict, or not that of such a network.
    """
    path = Path(checkpoint)
    if model_class not in READERS:
        raise ConfigError(f"unknown legacy model class {model_class!r}", expected=f"one of {', '.join(READERS)}")
    state = _load(path)
    read_sizes, read_text = READERS[model_class]
    try:
        sizes, text = read_sizes(state), read_text(state)
    except (KeyError, IndexError) as error:
        raise ArtifactError(
            f"tensor {error} is missing", where=path, expected=f"the state dict of an original {model_class}"
        ) from error
    outputs = _part(state, "net.")
    loss = "bce" if outputs[-1].shape[0] == 1 else "cross_entropy"
    classes = max(2, outputs[-1].shape[0])
    hyperparameters = parse_hyperparameters(
        {"model_class": model_class, "loss": loss, "num_classes": classes, **sizes}, where=path
    )
    vocabulary_size = state[TEXT + "token_embedding_table.weight"].shape[0]
    tabular = _part(state, "tab_projection.")
    model = build_model(hyperparameters, vocabulary_size, tabular[0].shape[0])
    own = model.state_dict()
    converted = {**text, **_in_order(own, "tabular.", tabular, path)}
    converted |= _in_order(own, ("trunk.", "output."), outputs, path)
    _check(own, converted, path)
    model.load_state_dict(converted)
    return LegacyModel(model.eval(), hyperparameters, vocabulary_size, tabular[0].shape[0])


def _load(path: Path) -> State:
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError as error:
        raise ArtifactError("the file does not exist", where=path, expected="a saved state dict") from error
    except Exception as error:  # torch raises many kinds for a broken file, some of which say nothing
        text = (str(error).strip() or type(error).__name__).splitlines()[0].split(". ")[0]
        raise ArtifactError(
            f"cannot be read as a state dict ({type(error).__name__}: {text})",
            where=path,
            expected="a file that torch.save wrote, of tensors only",
        ) from error
    if not isinstance(content, dict) or not all(isinstance(value, Tensor) for value in content.values()):
        raise ArtifactError("holds no state dict", where=path, expected="names of tensors and the tensors")
    return {re.sub(r"^(module\.|_orig_mod\.)+", "", name): value for name, value in content.items()}


def _part(state: State, prefix: str) -> list[Tensor]:
    found = [value for name, value in state.items() if name.startswith(prefix)]
    if not found:
        raise KeyError(prefix + "*")
    return found


def _count(state: State, pattern: str) -> int:
    """Different numbers that the group of a pattern takes in the names."""
    return len({match[1] for name in state if (match := re.match(pattern, name))})


def _lstm_sizes(state: State) -> dict[str, Any]:
    return {
        "embedding_size": state[TEXT + "token_embedding_table.weight"].shape[1],
        "hidden_size": state[TEXT + "lstm.weight_hh_l0"].shape[1],
        "n_lstm_layers": _count(state, re.escape(TEXT) + r"lstm\.weight_hh_l(\d+)$"),
        "n_residual_blocks": _count(state, r"net\.(\d+)\.ffwd\."),
    }


def _lstm_text(state: State) -> State:
    names = {
        "token_embedding_table.": "embedding.",
        "lstm.": "lstm.",
        "lstm_pooling.": "pooling.",
        "lstm_norm.": "norm.",
    }
    return _renamed(state, names)


def _transformer_sizes(state: State) -> dict[str, Any]:
    return {
        "embedding_size": state[TEXT + "token_embedding_table.weight"].shape[1],
        "hidden_size": state[TEXT + "proj.weight"].shape[0] // 2,
        "max_sen_len": state[TEXT + "position_embedding_table.weight"].shape[0],
        "n_blocks": _count(state, re.escape(TEXT) + r"blocks\.(\d+)\."),
        "n_heads": _count(state, re.escape(TEXT) + r"blocks\.0\.sa\.heads\.(\d+)\."),
        "n_residual_blocks": _count(state, r"net\.(\d+)\.net\."),
    }


def _transformer_text(state: State) -> State:
    names = {
        "token_embedding_table.": "embedding.",
        "position_embedding_table.": "position.",
        "attention_pooling.": "pooling.",
        "proj.": "projection.",
    }
    converted = _renamed(state, names)
    inside = {"sa.proj.": "attention.projection.", "ffwd.net.": "feed_forward.", "ln1.": "attention_norm."}
    inside["ln2."] = "feed_forward_norm."
    sizes = _transformer_sizes(state)
    for block in range(sizes["n_blocks"]):
        before, after = f"{TEXT}blocks.{block}.", f"blocks.{block}."
        converted |= _renamed(state, {old: after + new for old, new in inside.items()}, before)
        heads = [state[f"{before}sa.heads.{head}.qkv.weight"] for head in range(sizes["n_heads"])]
        # Each head has its query, key and value rows together; here all queries come first, then keys, then values.
        parts = zip(*(head.chunk(3) for head in heads), strict=True)
        converted[after + "attention.qkv.weight"] = torch.cat([rows for part in parts for rows in part])
    return converted


READERS: dict[str, tuple[Callable[[State], dict[str, Any]], Callable[[State], State]]] = {
    "lstm2risk": (_lstm_sizes, _lstm_text),
    "transformer2risk": (_transformer_sizes, _transformer_text),
}
"""How the sizes and the text part of each original network are read."""


def _renamed(state: State, names: dict[str, str], prefix: str = TEXT) -> State:
    return {
        new + name[len(prefix + old) :]: value
        for old, new in names.items()
        for name, value in state.items()
        if name.startswith(prefix + old)
    }


def _in_order(own: State, prefixes: str | tuple[str, ...], tensors: list[Tensor], path: Path) -> State:
    names = [name for name in own if name.startswith(prefixes)]
    if len(names) != len(tensors):
        raise ArtifactError(
            f"{len(tensors)} tensors in the part of {names[0]}", where=path, expected=f"{len(names)} tensors"
        )
    return dict(zip(names, tensors, strict=True))


def _check(own: State, converted: State, path: Path) -> None:
    missing = sorted(set(own) - set(converted))
    if missing:
        raise ArtifactError(f"no tensor for {', '.join(missing)}", where=path, expected="a complete state dict")
    for name, value in own.items():
        if converted[name].shape != value.shape:
            raise ArtifactError(
                f"the tensor for {name} has shape {tuple(converted[name].shape)}",
                where=path,
                expected=f"{tuple(value.shape)}",
            )
