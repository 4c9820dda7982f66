"""Events as numbers: items, entities and what is known of each event, fitted on the training part only."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from names3risk.sequences.schema import SequenceSchema
from names3risk.sequences.vocabulary import Vocabulary

DETAILS = ("time_of_day", "weekday", "recency", "duration")
DURATION_BUCKETS = 64
DETAIL_SIZES = {"time_of_day": 25, "weekday": 8, "recency": DURATION_BUCKETS, "duration": DURATION_BUCKETS}
"""Values of each detail of an event; 0 is padding everywhere."""

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class EncodedEvents:
    """All events of a table, sorted by entity and time.

    Args:
        items: Item of each event, `(E,)`.
        entities: Entity of each event, `(E,)`.
        seconds: Time of each event in seconds since 1970, `(E,)`.
        firsts: Position of the first event of the same entity, `(E,)`.
        details: Hour of day, weekday, bucket of the time since the entity's event before, and context, `(E, 3 + C)`.
    """

    items: Ints
    entities: Ints
    seconds: Ints
    firsts: Ints
    details: npt.NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.items)


@dataclass(frozen=True)
class EventEncoder:
    """Turns ordered events into numbers.

    Args:
        schema: The roles of the columns.
        items: The items of the training part.
        entities: The entities of the training part.
        contexts: The values of each context field in the training part.
    """

    schema: SequenceSchema
    items: Vocabulary
    entities: Vocabulary
    contexts: tuple[Vocabulary, ...]

    @classmethod
    def fit(cls, training: pl.DataFrame, schema: SequenceSchema, min_item_count: int = 1) -> EventEncoder:
        """Learns the vocabularies.

        Args:
            training: Ordered events of the training part.
            schema: The roles of the columns.
            min_item_count: Rarer items are unknown.
        """
        return cls(
            schema,
            Vocabulary.fit(training[schema.item_name], min_item_count),
            Vocabulary.fit(training[schema.entity_name]),
            tuple(Vocabulary.fit(training[name]) for name in schema.context_fields),
        )

    @property
    def context_sizes(self) -> tuple[int, ...]:
        """Values of each context field."""
        return tuple(len(vocabulary) for vocabulary in self.contexts)

    def encode(self, events: pl.DataFrame) -> EncodedEvents:
        """Encodes events that `order_events` sorted."""
        entity, time = events[self.schema.entity_name], events[self.schema.time_name]
        starts = (entity != entity.shift(1)).fill_null(True).to_numpy()
        firsts = np.maximum.accumulate(np.where(starts, np.arange(len(entity)), 0))
        seconds = time.dt.epoch("s").to_numpy()
        waited = np.where(starts, 0, np.diff(seconds, prepend=seconds[:1]))
        contexts = [
            vocabulary.encode(events[name])
            for name, vocabulary in zip(self.schema.context_fields, self.contexts, strict=True)
        ]
        details = [time.dt.hour().to_numpy() + 1, time.dt.weekday().to_numpy(), duration_bucket(waited), *contexts]
        return EncodedEvents(
            self.items.encode(events[self.schema.item_name]),
            self.entities.encode(entity),
            seconds,
            firsts,
            np.column_stack(details).astype(np.int32),
        )


def duration_bucket(seconds: Ints) -> Ints:
    """Half-octaves of a duration: 1 + floor(2 log2(1 + seconds)), at most 63; 0 is left for padding."""
    bucket: Ints = 1 + (2 * np.log2(1.0 + seconds)).astype(np.int64)
    return bucket.clip(max=DURATION_BUCKETS - 1)
