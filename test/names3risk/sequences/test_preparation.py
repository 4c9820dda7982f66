"""Nothing of the future reaches a history, nothing but the training part is learned from."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from names3risk.errors import DataError
from names3risk.sequences.encoding import duration_bucket
from names3risk.sequences.preparation import prepare_sequences
from names3risk.sequences.reading import order_events
from names3risk.sequences.splits import assign_parts
from names3risk.sequences.vocabulary import FIRST, PAD, UNKNOWN, Vocabulary


@pytest.fixture
def ordered(events, schema) -> pl.DataFrame:
    return order_events(events, schema)


def test_the_parts_follow_each_other_in_time(ordered, schema) -> None:
    part = assign_parts(ordered, schema)
    times = {name: ordered.filter(part == name)["when"] for name in ("train", "val", "test")}
    assert times["train"].max() < times["val"].min()
    assert times["val"].max() < times["test"].min()
    assert abs(len(times["train"]) / ordered.height - 0.8) < 0.02


def test_events_of_one_moment_are_in_one_part(schema) -> None:
    frame = pl.DataFrame({"who": ["a"] * 10, "what": ["x"] * 10, "when": [1] * 4 + [2] * 5 + [3], "shop": ["s"] * 10})
    part = assign_parts(order_events(frame, schema), schema)
    assert part.to_list() == ["train"] * 4 + ["val"] * 5 + ["test"]


def test_a_part_without_events_is_refused(schema) -> None:
    frame = pl.DataFrame({"who": ["a"] * 10, "what": ["x"] * 10, "when": [1] * 10, "shop": ["s"] * 10})
    with pytest.raises(DataError, match="the part train would hold no event"):
        assign_parts(order_events(frame, schema), schema, "events")


def test_vocabularies_know_the_training_part_only(events, schema) -> None:
    latest = events.sort("when").tail(1).with_columns(what=pl.lit("new"), who=pl.lit("newcomer"), shop=pl.lit("z"))
    prepared = prepare_sequences(order_events(pl.concat([events, latest]), schema), schema)
    encoder = prepared.encoder
    known = (encoder.items.values, encoder.entities.values, encoder.contexts[0].values)
    assert not {"new", "newcomer", "z"} & {value for values in known for value in values}
    assert prepared.events.items.min() == UNKNOWN


def test_histories_are_what_a_loop_would_give(ordered, schema) -> None:
    prepared = prepare_sequences(ordered, schema)
    rows = ordered.with_row_index("at").to_dicts()
    for part in ("train", "val", "test"):
        split = prepared.split(part, 4)
        batch = split.source("cpu").gather(np.arange(len(split)))
        for row, target in enumerate(prepared.targets[part]):
            own = [each for each in rows if each["who"] == rows[target]["who"] and each["at"] < target]
            history = own[-4:]
            codes = batch.input_ids[row][batch.attention_mask[row]].numpy()
            assert prepared.encoder.items.decode(codes).to_list() == [each["what"] for each in history]
            assert all(each["when"] <= rows[target]["when"] for each in history)
            waits = [(history[-1]["when"] - each["when"]).total_seconds() for each in history]
            details = batch.details[row].numpy()[: len(history)]
            assert details[:, 2].tolist() == [duration_bucket(np.int64(wait)) for wait in waits]
            assert details[:, 0].tolist() == [each["when"].hour + 1 for each in history]
            assert details[:, 1].tolist() == [each["when"].isoweekday() for each in history]
            gaps = [
                (each["when"] - own[index - 1]["when"]).total_seconds() if index else 0
                for index, each in enumerate(own)
            ][-4:]
            assert details[:, 3].tolist() == [duration_bucket(np.int64(gap)) for gap in gaps]
            assert batch.labels is not None
            assert prepared.encoder.items.decode(batch.labels[row : row + 1].numpy())[0] == rows[target]["what"]
            assert (batch.input_ids[row][~batch.attention_mask[row]] == PAD).all()
            assert (batch.details[row][~batch.attention_mask[row]] == PAD).all()


def test_every_event_with_a_past_is_predicted_once(ordered, schema) -> None:
    prepared = prepare_sequences(ordered, schema)
    found = np.sort(np.concatenate(list(prepared.targets.values())))
    with_past = ordered.select(pl.int_range(pl.len()).over("who") > 0).to_series().arg_true().to_numpy()
    assert found.tolist() == with_past.tolist()


def test_rare_items_are_unknown_and_frequent_ones_come_first() -> None:
    column = pl.Series(["a", "b", "b", "c", "c", None])
    assert Vocabulary.fit(column).values == ("b", "c", "a")
    assert Vocabulary.fit(column, 2).values == ("b", "c")
    codes = Vocabulary.fit(column, 2).encode(column)
    assert codes.tolist() == [UNKNOWN, FIRST, FIRST, FIRST + 1, FIRST + 1, UNKNOWN]
    assert Vocabulary.fit(column, 2).decode(codes).to_list() == [None, "b", "b", "c", "c", None]


def test_buckets_of_durations_grow_by_half_octaves() -> None:
    seconds = np.array([0, 1, 3, 7, 10**12])
    assert duration_bucket(seconds).tolist() == [1, 3, 5, 7, 63]
