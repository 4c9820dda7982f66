"""From a table of events to encoded parts, with everything fitted on the training part."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
import polars as pl

from names3risk.sequences.datasets import SequenceSplit
from names3risk.sequences.encoding import EncodedEvents, EventEncoder, Ints
from names3risk.sequences.schema import SequenceSchema
from names3risk.sequences.splits import PARTS, assign_parts, targets


@dataclass(frozen=True)
class PreparedSequences:
    """Encoded events and what is predicted in each part.

    Args:
        encoder: Fitted on the training part.
        events: All events; histories reach back over the borders of the parts.
        training: Positions of all training events, `(T,)`.
        targets: Positions of the events that are predicted in each part.
        moments: First moments of `val` and `test`; a part without events has none.
    """

    encoder: EventEncoder
    events: EncodedEvents
    training: Ints
    targets: dict[str, Ints]
    moments: dict[str, datetime]

    def split(self, part: str, length: int) -> SequenceSplit:
        """The histories of a part, of at most `length` events."""
        return SequenceSplit.before(self.events, self.targets[part], length)


def prepare_sequences(
    events: pl.DataFrame, schema: SequenceSchema, min_item_count: int = 1, where: str | Path | None = None
) -> PreparedSequences:
    """Cuts ordered events by time and encodes them.

    Args:
        events: From `read_events`.
        schema: The roles of their columns.
        min_item_count: Items with fewer training events are unknown.
        where: The file they came from, for errors.

    Raises:
        DataError: A part would hold no event.
    """
    part = assign_parts(events, schema, where)
    encoder = EventEncoder.fit(events.filter(part == PARTS[0]), schema, min_item_count)
    encoded = encoder.encode(events)
    chosen = {name: np.flatnonzero((part == name).to_numpy()) for name in PARTS}
    moments = {name: events[schema.time_name].gather(chosen[name]).sort()[0] for name in PARTS[1:] if len(chosen[name])}
    predicted = {name: targets(encoded, rows) for name, rows in chosen.items()}
    return PreparedSequences(encoder, encoded, chosen[PARTS[0]], predicted, moments)
