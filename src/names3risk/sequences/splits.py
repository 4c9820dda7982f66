"""Which event is predicted from which earlier ones, and the cut into parts by time."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

from names3risk.errors import DataError
from names3risk.sequences.encoding import EncodedEvents, Ints
from names3risk.sequences.schema import SequenceSchema

PARTS = ("train", "val", "test")
_ROUNDING = 1e-6


def assign_parts(events: pl.DataFrame, schema: SequenceSchema, where: str | Path | None = None) -> pl.Series:
    """Cuts all events at two moments, so that everything a part is told lies before what it is asked.

    Args:
        events: Ordered events.
        schema: Names the time and the shares.
        where: The file they came from, for errors.

    Returns:
        `train`, `val` or `test` of each event; events of one moment are in one part.

    Raises:
        DataError: A part with a share would hold no event.
    """
    time, split = events[schema.time_name], schema.split
    ordered = time.sort()
    part = _from(time, ordered, split.train) + _from(time, ordered, split.train + split.val)
    for index, (name, share) in enumerate(zip(PARTS, (split.train, split.val, split.test), strict=True)):
        if share and not (part == index).any():
            raise DataError(f"the part {name} would hold no event", where=where, expected="events at more moments")
    return pl.Series(PARTS).gather(part)


def targets(events: EncodedEvents, chosen: Ints) -> Ints:
    """Of the chosen events, those that have an earlier event of the same entity, `(S,)` positions."""
    return chosen[events.firsts[chosen] < chosen]


def windows(events: EncodedEvents, ends: Ints, firsts: Ints, length: int) -> tuple[Ints, Ints]:
    """The latest events before each end.

    Args:
        events: All events.
        ends: Position after the last event of each history, `(S,)`.
        firsts: Position of the first event of the same entity, `(S,)`.
        length: Most events of a history.

    Returns:
        First position and the position after the last, each `(S,)`.
    """
    return np.maximum(firsts, ends - length), ends


def _from(time: pl.Series, ordered: pl.Series, share: float) -> pl.Series:
    """1 where an event is not among this share of the oldest, else 0."""
    rank = int(len(time) * share + _ROUNDING)
    later = time >= ordered[rank] if rank < len(time) else pl.repeat(False, len(time), eager=True)
    return later.cast(pl.UInt32)
