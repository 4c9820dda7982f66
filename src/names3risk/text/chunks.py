"""Dialogues as chunks of tokens: every chunk begins with [CLS], so that one flat row of token ids holds them all."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any

import polars as pl
from tokenizers import Tokenizer

from names3risk.hyperparameters.multimodal import ChunkedHyperparameters
from names3risk.text.encoding import BLOCK, TextEncoder
from names3risk.text.ragged import RaggedTokens
from names3risk.text.special import CLS_ID, EOS_ID, MISSING_ID, SEPARATOR_ID
from names3risk.text.steps import messages_of

if TYPE_CHECKING:
    from names3risk.hyperparameters import Hyperparameters

Units = list[list[int]]


def build_text_encoder(hyperparameters: Hyperparameters, tokenizer: Tokenizer, fields: Sequence[str]) -> TextEncoder:
    """The encoder of text that a model class reads.

    Args:
        hyperparameters: Those of the model class.
        tokenizer: The tokenizer.
        fields: Text columns, in order.
    """
    if not isinstance(hyperparameters, ChunkedHyperparameters):
        return TextEncoder(tokenizer, fields, hyperparameters.max_sen_len)
    return ChunkedTextEncoder(
        tokenizer, fields, hyperparameters.max_sen_len, hyperparameters.max_total_chunks, hyperparameters.text_steps
    )


class ChunkedTextEncoder(TextEncoder):
    """Encodes text fields into chunks of at most `max_length` tokens.

    A chunk is `[CLS] message [EOS] message [EOS] ...`; between fields stands the separator, and a field without text
    is [MISSING]. Messages are packed greedily; one that is longer than a chunk goes on in the next.

    Args:
        tokenizer: The tokenizer.
        fields: Text columns, in order.
        max_length: The most tokens of a chunk, [CLS] included.
        max_chunks: The most chunks of a row; the rest of its text is cut off.
        steps: Names of the text steps.
    """

    def __init__(
        self, tokenizer: Tokenizer, fields: Sequence[str], max_length: int, max_chunks: int, steps: Sequence[str]
    ) -> None:
        super().__init__(tokenizer, fields, max_length)
        self.max_chunks, self.steps = max_chunks if "dialogue_chunker" in steps else 1, list(steps)

    def describe(self) -> list[Any]:
        """Everything that token ids depend on beside the texts, as JSON."""
        return [*super().describe(), self.max_chunks, self.steps]

    def encode(self, frame: pl.DataFrame) -> RaggedTokens:
        """Encodes the rows of a table, see `TextEncoder.encode`."""
        self.check(frame)
        columns = [frame.get_column(field).cast(pl.String).to_list() for field in self.fields]
        return self.encode_texts(list(zip(*columns, strict=True)))

    def encode_texts(self, rows: Sequence[Sequence[str | None]]) -> RaggedTokens:
        """Encodes rows that are given as the texts of their fields; each distinct text is worked on once."""
        messages = {text: messages_of(text, self.steps) for text in dict.fromkeys(chain.from_iterable(rows))}
        distinct = list(dict.fromkeys(chain.from_iterable(messages.values())))
        tokens: dict[str, list[int]] = {}
        for start in range(0, len(distinct), BLOCK):
            block = distinct[start : start + BLOCK]
            encodings = self.tokenizer.encode_batch_fast(block, add_special_tokens=False)
            tokens.update((message, encoding.ids) for message, encoding in zip(block, encodings, strict=True))
        units = {text: [tokens[message] for message in found if tokens[message]] for text, found in messages.items()}
        return RaggedTokens.from_lists([self._row([units[text] for text in row]) for row in rows])

    def _row(self, fields: Sequence[Units]) -> list[int]:
        units: Units = []
        for messages in fields:
            units += [[*message, EOS_ID] for message in messages] or [[MISSING_ID, EOS_ID]]
            units[-1] = [*units[-1][:-1], SEPARATOR_ID]
        units[-1] = [*units[-1][:-1], EOS_ID]
        return list(
            chain.from_iterable([CLS_ID, *chunk] for chunk in pack(units, self.max_length - 1, self.max_chunks))
        )


def pack(units: Sequence[Sequence[int]], size: int, count: int) -> Units:
    """Packs messages greedily into at most `count` chunks of at most `size` tokens.

    A message begins a new chunk when it does not fit into the rest of this one; one longer than a chunk is cut into
    pieces. The last chunk is filled up, and what then is left over is dropped.
    """
    chunks: Units = [[]]
    for unit in units:
        rest = list(unit)
        while rest:
            last = len(chunks) == count
            free = size - len(chunks[-1])
            if len(rest) > free and chunks[-1] and not last:
                chunks.append([])
                continue
            chunks[-1] += rest[:free]
            rest = [] if last and len(rest) > free else rest[free:]
            if rest and not last:
                chunks.append([])
    return chunks
