"""Rows of a table made ready for the network, in pieces that are encoded ahead of the one that is scored."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import narwhals as nw
import numpy as np
import numpy.typing as npt
import polars as pl

from names3risk.artifacts.store import ModelArtifacts
from names3risk.data.checks import check_columns, explained
from names3risk.data.preparation import conform
from names3risk.data.schema import ColumnSchema
from names3risk.serving.rows import Encoded
from names3risk.text.ragged import RaggedTokens

PIECE = 32_768
"""Rows of a table that are encoded together."""
AHEAD = 4
"""Pieces that are encoded, are being encoded, or wait for it, while another is scored."""
THREADS = 4
"""Enough for two pieces at once: of more at once, all would be ready late. The tokenizer has threads of its own."""

Piece = tuple[Future[RaggedTokens], Future[npt.NDArray[np.float32]]]


class TableEncoder:
    """Encodes tables; text and numbers are told apart first, so that each is given its type once.

    Args:
        artifacts: The model's preprocessing.
        schema: Its column roles, without those that scoring does not need.
    """

    def __init__(self, artifacts: ModelArtifacts, schema: ColumnSchema) -> None:
        self._schema, self._text, self._features = schema, artifacts.text, artifacts.features
        # A text field may have another role as well, which then decides its type.
        fields = set(schema.text_source_fields)
        others = {
            "tab_field_list": tuple(name for name in schema.tab_fields if name in fields),
            "cat_field_list": tuple(name for name in schema.cat_field_list if name in fields),
        }
        self._texts = schema.model_copy(update=others)

    def encode(self, frame: pl.DataFrame, where: str | None = None) -> Encoded:
        """Encodes all rows of a table together.

        Args:
            frame: The rows, with the columns of the schema.
            where: The file that they came from, for errors.

        Raises:
            DataError: A column is missing or of a wrong type.
        """
        check_columns(nw.from_native(frame, eager_only=True), self._schema, where)
        return Encoded(self._tokens(frame, where, 0), self._tabular(frame, where, 0))

    def pieces(self, frame: pl.DataFrame, where: str | None = None) -> Iterator[Encoded]:
        """Encodes a table in order, a few pieces at a time; at least one. Arguments, errors: see `encode`."""
        check_columns(nw.from_native(frame, eager_only=True), self._schema, where)
        starts = iter(range(0, max(1, frame.height), PIECE))
        coming: deque[Piece] = deque()
        with ThreadPoolExecutor(min(THREADS, max(2, os.cpu_count() or 1)), "encoding") as threads:

            def begin() -> None:
                for start in starts:
                    piece = frame[start : start + PIECE]
                    features = threads.submit(self._tabular, piece, where, start)
                    coming.append((threads.submit(self._tokens, piece, where, start), features))
                    if len(coming) == AHEAD:
                        return

            begin()
            while coming:
                tokens, tabular = coming.popleft()
                encoded = Encoded(tokens.result(), tabular.result())
                begin()
                yield encoded

    def _tokens(self, frame: pl.DataFrame, where: str | None, rows_before: int) -> RaggedTokens:
        return self._text.encode(conform(frame, self._texts, where, rows_before))

    def _tabular(self, frame: pl.DataFrame, where: str | None, rows_before: int) -> npt.NDArray[np.float32]:
        with explained(nw.from_native(frame, eager_only=True), self._schema, where, -rows_before):
            return self._features.transform(frame)
