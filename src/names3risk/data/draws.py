"""Random numbers that belong to a row, not to a place in a sequence.

A number is a hash of the seed, the row (or customer) and the name of what it decides. So a row is the same however
the table is cut into pieces, and whatever else is generated.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import polars as pl

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

_STEP = np.uint64(0x9E3779B97F4A7C15)


class Draws:
    """Random numbers for N keys; every method gives one a key, `(N,)`.

    Args:
        seed: The seed of the whole table.
        keys: What the numbers belong to: row numbers, or customer numbers.
    """

    def __init__(self, seed: int, keys: Integers) -> None:
        self._seed = seed
        self._counters = keys.astype(np.uint64) * _STEP

    def uniform(self, name: str) -> Floats:
        """Uniform numbers in [0, 1)."""
        digest = hashlib.blake2b(f"{self._seed}:{name}".encode(), digest_size=8).digest()
        start = np.frombuffer(digest, dtype="<u8")[0]
        return (_mixed(self._counters + start) >> np.uint64(11)).astype(np.float64) * 2.0**-53

    def normal(self, name: str) -> Floats:
        """Standard normal numbers (Box and Muller, 1958)."""
        radius = np.sqrt(-2.0 * np.log1p(-self.uniform(f"{name}/radius")))
        return np.asarray(radius * np.cos(2.0 * np.pi * self.uniform(f"{name}/angle")))

    def below(self, name: str, limit: int | Integers) -> Integers:
        """Whole numbers from 0 to `limit` - 1; the limit may differ by key."""
        return (self.uniform(name) * limit).astype(np.int64)

    def chance(self, name: str, probability: float) -> Flags:
        """True with a probability."""
        return self.uniform(name) < probability

    def pick(self, name: str, values: pl.Series, weights: Sequence[float] | None = None) -> pl.Series:
        """One of the values for every key, equally likely or by weight."""
        if weights is None:
            return values.gather(self.below(name, len(values)))
        limits = np.cumsum(weights) / np.sum(weights)
        return values.gather(np.searchsorted(limits, self.uniform(name), side="right"))


def _mixed(value: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """The finalizer of SplitMix64 (Steele, Lea and Flood, 2014)."""
    value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return value ^ (value >> np.uint64(31))
