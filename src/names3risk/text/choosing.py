"""Which tokenizer a model gets: its pretrained encoder's, or one trained on what the model will read."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from tokenizers import Tokenizer

from names3risk.hyperparameters import Hyperparameters
from names3risk.hyperparameters.multimodal import ChunkedHyperparameters
from names3risk.text.steps import messages_of
from names3risk.text.tokenizer import train_tokenizer
from names3risk.text.wordpiece import pretrained_tokenizer

if TYPE_CHECKING:
    import polars as pl

logger = logging.getLogger(__name__)


def make_tokenizer(
    hyperparameters: Hyperparameters, fields: Mapping[str, pl.Series], encoder: Path | None = None
) -> Tokenizer:
    """The tokenizer of the pretrained encoder, or one trained on the training split.

    Args:
        hyperparameters: Those of the model class.
        fields: Text columns of the training split; their text steps are done here first.
        encoder: The folder of the pretrained encoder, where the model begins with one.

    Raises:
        ArtifactError: The pretrained tokenizer cannot be read.
        DataError: There is no text to train on.
    """
    if encoder is not None:
        return pretrained_tokenizer(encoder)
    texts: Mapping[str, list[str | None]] = {name: column.to_list() for name, column in fields.items()}
    if isinstance(hyperparameters, ChunkedHyperparameters):
        steps = hyperparameters.text_steps
        texts = {name: [part for text in column for part in messages_of(text, steps)] for name, column in texts.items()}
    tokenizer, report = train_tokenizer(texts)
    logger.info("trained a tokenizer of %d tokens on the training split", report["vocab_size"])
    return tokenizer
