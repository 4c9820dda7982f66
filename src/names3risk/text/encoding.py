"""Text columns to token ids: every distinct word is tokenised once, and rows are put together from lists."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
from tokenizers import Tokenizer

from names3risk.errors import DataError
from names3risk.text.ragged import RaggedTokens, gather, offsets_of
from names3risk.text.special import MISSING_ID, SEPARATOR_ID
from names3risk.text.words import cut, reads_words, tokenise

__all__ = ["RaggedTokens", "TextEncoder"]

BLOCK = 65_536

_MISSING, _SEPARATOR, _KNOWN = range(3)
"""Positions among the lists that rows are made of: a missing text, the separator, the first of the texts."""


class TextEncoder:
    """Encodes the text fields of a table into one sequence of token ids a row.

    The fields are tokenised apart and joined by the separator's id; a missing or blank field becomes [MISSING], so
    no row is empty. Rows are cut to `max_length` tokens at their end.

    Args:
        tokenizer: The trained tokenizer.
        fields: Text columns, in the order in which they are joined.
        max_length: The most tokens of a row.
    """

    def __init__(self, tokenizer: Tokenizer, fields: Sequence[str], max_length: int) -> None:
        if not fields:
            raise DataError("no text field is named", where="text encoder", expected="at least one text column")
        self.tokenizer, self.fields, self.max_length = tokenizer, list(fields), max_length

    def encode(self, frame: pl.DataFrame) -> RaggedTokens:
        """Encodes the rows of a table.

        Args:
            frame: A table that holds the text fields as strings.

        Returns:
            Token ids of every row, in the table's order.

        Raises:
            DataError: A text column is absent.
        """
        self.check(frame)
        # Fields are looked up together, because names are often the same in several of them.
        columns = [frame.get_column(field).cast(pl.String).alias("") for field in self.fields]
        texts = pl.concat(columns, rechunk=True).to_arrow(compat_level=pl.CompatLevel.oldest()).dictionary_encode()
        parts = np.full((frame.height, 2 * len(columns) - 1), _SEPARATOR, dtype=np.int32)  # they stand at odd places
        known = texts.indices.fill_null(_MISSING - _KNOWN).to_numpy().reshape(len(columns), frame.height).T
        parts[:, ::2] = known + _KNOWN
        rows = self._lists(texts.dictionary).gather(parts.ravel()).to_arrow()
        offsets = rows.offsets.to_numpy()[:: parts.shape[1]]
        tokens = RaggedTokens(rows.flatten().to_numpy().copy(), offsets.copy())  # tensors want to own their memory
        lengths = tokens.lengths
        if (lengths > self.max_length).any():
            return gather(tokens.values, tokens.offsets[:-1], np.minimum(lengths, self.max_length))
        return tokens

    def describe(self) -> list[Any]:
        """Everything that token ids depend on beside the texts, as JSON."""
        return [self.tokenizer.to_str(), self.fields, self.max_length]

    def check(self, frame: pl.DataFrame) -> None:
        """Checks that a table holds the text fields.

        Raises:
            DataError: A text column is absent.
        """
        absent = [field for field in self.fields if field not in frame.columns]
        if absent:
            raise DataError(
                f"text column {', '.join(absent)} is absent",
                where="table",
                expected=f"columns {', '.join(self.fields)}",
            )

    @cached_property
    def _reads_words(self) -> bool:
        return reads_words(self.tokenizer)

    def _lists(self, texts: pa.LargeStringArray) -> pl.Series:
        """The token lists of a missing text, of the separator, and of distinct texts."""
        tokens = self._tokenise_words(texts) if self._reads_words else self._tokenise(texts.to_pylist())
        lengths = np.concatenate([[1, 1], np.maximum(tokens.lengths, 1)])
        values = tokens.values
        if empty := np.flatnonzero(tokens.lengths == 0).tolist():
            values = np.insert(values, tokens.offsets[empty], np.int32(MISSING_ID))
        values = np.concatenate([np.array([MISSING_ID, SEPARATOR_ID], dtype=np.int32), values])
        return _series(RaggedTokens(values, offsets_of(lengths)))

    def _tokenise_words(self, texts: pa.LargeStringArray) -> RaggedTokens:
        """The tokens of texts, each distinct word of which is tokenised once."""
        words, first = cut(texts)
        distinct = words.dictionary_encode()
        lists = _series(tokenise(self.tokenizer, distinct.dictionary.to_pylist()))
        found = lists.gather(distinct.indices.to_numpy()).to_arrow()
        return RaggedTokens(found.flatten().to_numpy(), found.offsets.to_numpy()[first])

    def _tokenise(self, texts: list[str]) -> RaggedTokens:
        ids = [
            encoding.ids
            for start in range(0, len(texts), BLOCK)
            for encoding in self.tokenizer.encode_batch_fast(texts[start : start + BLOCK])
        ]
        return RaggedTokens.from_lists(ids)


def _series(tokens: RaggedTokens) -> pl.Series:
    """Rows as a column of lists, which is the fastest way here to put them together anew."""
    return pl.Series(pa.LargeListArray.from_arrays(tokens.offsets, tokens.values))
