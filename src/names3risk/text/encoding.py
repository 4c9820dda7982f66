"""Text columns to token ids: every distinct value is tokenised once, rows are assembled with numpy."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa
from tokenizers import Tokenizer

from names3risk.errors import DataError
from names3risk.text.ragged import RaggedTokens, gather, offsets_of
from names3risk.text.special import MISSING_ID, SEPARATOR_ID

__all__ = ["RaggedTokens", "TextEncoder"]

BLOCK = 65_536


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
        values, *of_fields = self._encode(pl.concat(columns, rechunk=True))
        starts, lengths = (part.reshape(len(columns), frame.height).T for part in of_fields)
        store = np.concatenate([np.array([MISSING_ID, SEPARATOR_ID], dtype=np.int32), values])
        shape = (frame.height, 2 * len(columns) - 1)
        starts_, lengths_ = np.full(shape, 1), np.ones(shape, dtype=np.int64)  # separators stand at odd places
        starts_[:, ::2] = np.where(lengths == 0, 0, starts + 2)
        lengths_[:, ::2] = np.maximum(lengths, 1)
        ends = np.minimum(np.cumsum(lengths_, axis=1), self.max_length)
        kept = np.diff(ends, axis=1, prepend=0)
        flat = gather(store, starts_.ravel(), kept.ravel())
        return RaggedTokens(flat.values, offsets_of(kept.sum(axis=1)))

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

    def _encode(self, column: pl.Series) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Token ids of the distinct values, and for each row where its tokens start and how many they are."""
        arrow = column.to_arrow(compat_level=pl.CompatLevel.oldest())
        distinct = arrow.dictionary_encode()
        texts: list[str] = distinct.dictionary.to_pylist()
        ids = [
            encoding.ids
            for start in range(0, len(texts), BLOCK)
            for encoding in self.tokenizer.encode_batch_fast(texts[start : start + BLOCK])
        ]
        lengths = np.fromiter(map(len, ids), dtype=np.int64, count=len(ids))
        values = np.fromiter(chain.from_iterable(ids), dtype=np.int32, count=int(lengths.sum()))
        # One more distinct value, without tokens, stands for null.
        starts = offsets_of(lengths)
        codes = distinct.indices.cast(pa.int64()).fill_null(len(texts)).to_numpy()
        return values, starts[codes], np.append(lengths, 0)[codes]
