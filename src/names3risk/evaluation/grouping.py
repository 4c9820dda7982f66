"""The marketplace of each row as a number, of as many rows as there may be."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

NO_MARKETPLACE = "(missing)"


class Marketplaces:
    """The marketplaces of rows: each name once, and four bytes a row.

    Args:
        values: The names of the first rows; None where a row has none.
    """

    def __init__(self, values: Sequence[Any] = ()) -> None:
        self._codes: dict[str, int] = {}
        self._parts: list[NDArray[np.int32]] = []
        self.add(values)

    def add(self, values: Sequence[Any]) -> None:
        """Appends rows."""
        names = (NO_MARKETPLACE if value is None else str(value) for value in values)
        codes = (self._codes.setdefault(name, len(self._codes)) for name in names)
        self._parts.append(np.fromiter(codes, dtype=np.int32, count=len(values)))

    def __len__(self) -> int:
        return sum(map(len, self._parts))

    def rows_of(self, name: str) -> NDArray[np.bool_]:
        """Which rows have a name, `(N,)`."""
        found: NDArray[np.bool_] = np.concatenate(self._parts) == self._codes[name]
        return found

    def counts(self) -> dict[str, int]:
        """Rows of each name, in the order in which the names came."""
        found = np.bincount(np.concatenate(self._parts), minlength=len(self._codes))
        return dict(zip(self._codes, found.tolist(), strict=True))
