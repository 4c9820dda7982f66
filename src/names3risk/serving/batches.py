"""Rows of different length as the arrays that a network takes."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from names3risk.text.ragged import RaggedTokens
from names3risk.text.special import PAD_ID

_FULL = np.ones((1, 512), dtype=np.bool_)


def single_row(tokens: RaggedTokens) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """Token ids `(1, L)` and mask `(1, L)` of a single row, which needs neither order nor padding."""
    input_ids = tokens.values[None].astype(np.int64)
    length = input_ids.shape[1]
    # A part of what is there takes a fraction of the time of a new array.
    return input_ids, _FULL[:, :length] if length <= _FULL.shape[1] else np.ones((1, length), dtype=np.bool_)


def padded_batches(
    tokens: RaggedTokens, batch_size: int
) -> Iterator[tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.bool_]]]:
    """Cuts rows into batches of similar length.

    Args:
        tokens: Token ids of N rows.
        batch_size: Rows of a batch.

    Yields:
        Row positions `(B,)`, token ids `(B, L)` padded at the end, and the mask `(B, L)`; L is at least 1.
    """
    lengths = tokens.lengths
    order = np.argsort(lengths, kind="stable")
    for start in range(0, len(order), batch_size):
        rows = order[start : start + batch_size]
        mask = np.arange(max(1, lengths[rows].max())) < lengths[rows][:, None]
        input_ids = np.full(mask.shape, PAD_ID, dtype=np.int64)
        input_ids[mask] = tokens.take(rows).values
        yield rows, input_ids, mask
