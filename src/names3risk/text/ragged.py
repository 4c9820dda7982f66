"""Rows of different length in two flat arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class RaggedTokens:
    """Token ids of N rows, one after the other.

    Args:
        values: Token ids, `(T,)` int32.
        offsets: Row i is `values[offsets[i]:offsets[i + 1]]`, `(N + 1,)` int64.
    """

    values: npt.NDArray[np.int32]
    offsets: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, row: int) -> npt.NDArray[np.int32]:
        return self.values[self.offsets[row] : self.offsets[row + 1]]

    @property
    def lengths(self) -> npt.NDArray[np.int64]:
        """Tokens of each row, `(N,)`."""
        return np.diff(self.offsets)

    def take(self, rows: npt.NDArray[np.int64]) -> RaggedTokens:
        """The given rows in the given order."""
        return gather(self.values, self.offsets[rows], self.lengths[rows])

    @classmethod
    def from_lists(cls, rows: list[list[int]]) -> RaggedTokens:
        """Ragged tokens from one list of ids a row."""
        lengths = np.array([len(row) for row in rows], dtype=np.int64)
        values = np.array([token for row in rows for token in row], dtype=np.int32)
        return cls(values, offsets_of(lengths))


def offsets_of(lengths: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Offsets `(N + 1,)` of rows with the given lengths `(N,)`."""
    offsets = np.zeros(len(lengths) + 1, dtype=np.int64)
    np.cumsum(lengths, out=offsets[1:])
    return offsets


def gather(
    values: npt.NDArray[np.int32], starts: npt.NDArray[np.int64], lengths: npt.NDArray[np.int64]
) -> RaggedTokens:
    """Copies `values[starts[i]:starts[i] + lengths[i]]` for every i into new rows, without a Python loop.

    Args:
        values: Token ids, `(T,)`.
        starts: First position of each new row, `(N,)`.
        lengths: Length of each new row, `(N,)`.
    """
    offsets = offsets_of(lengths)
    positions = np.arange(offsets[-1], dtype=np.int64) + np.repeat(starts - offsets[:-1], lengths)
    return RaggedTokens(values[positions], offsets)
