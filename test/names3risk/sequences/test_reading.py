"""The sequence data contract: what is refused, with the place, and in which order events come out."""

from __future__ import annotations

from datetime import UTC, datetime

import polars as pl
import pytest

from names3risk.data.writing import write_table
from names3risk.errors import ConfigError, DataError
from names3risk.sequences.reading import order_events, read_events
from names3risk.sequences.schema import SequenceSchema


@pytest.mark.parametrize("suffix", ["csv", "tsv", "parquet"])
def test_every_format_gives_the_same_ordered_events(events, schema, tmp_path, suffix) -> None:
    path = tmp_path / f"events.{suffix}"
    write_table(events, path)
    found = read_events(path, schema)
    assert found.equals(order_events(events, schema))
    assert found.columns == ["who", "what", "when", "shop"]
    assert found["when"].dtype == pl.Datetime("us", "UTC")
    assert found.sort("who", "when")["what"].to_list() == found["what"].to_list()


def test_events_of_one_moment_keep_the_order_of_the_file(schema) -> None:
    frame = pl.DataFrame(
        {"who": ["a", "a", "a"], "what": ["z", "y", "x"], "when": ["2024-01-01"] * 3, "shop": [""] * 3}
    )
    assert order_events(frame, schema)["what"].to_list() == ["z", "y", "x"]


def test_numbers_are_items_too(schema) -> None:
    frame = pl.DataFrame({"who": [1.0, 1.0], "what": [7, 8], "when": [0, 86_400], "shop": [None, None]})
    found = order_events(frame, schema)
    assert found["who"].to_list() == ["1", "1"]
    assert found["what"].to_list() == ["7", "8"]
    assert found["when"][1] == datetime(1970, 1, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"what": ["x", None]}, r"events: column 'what' is empty in 1 rows, the first is row 2; expected a value"),
        ({"who": [" ", "a"]}, r"column 'who' is empty in 1 rows, the first is row 1"),
        ({"when": ["2024-01-01", "soon"]}, r"column 'when' holds something that is no time in 1 rows, .* row 2"),
        ({"when": ["2024-01-01", ""]}, r"column 'when' is empty in 1 rows, the first is row 2"),
        ({"what": [["x"], ["y"]]}, r"column 'what' is List"),
        ({"who": [datetime(2024, 1, 1)] * 2}, r"column 'who' is Datetime.*expected text or plain values"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(schema, change, message) -> None:
    good = {"who": ["a", "a"], "what": ["x", "y"], "when": ["2024-01-01", "2024-01-02"], "shop": ["s", "s"]}
    with pytest.raises(DataError, match=message):
        order_events(pl.DataFrame({**good, **change}), schema, "events")


def test_missing_columns_and_no_events(schema) -> None:
    with pytest.raises(DataError, match="what"):
        order_events(pl.DataFrame({"who": ["a"], "when": ["2024-01-01"], "shop": ["s"]}), schema, "events")
    with pytest.raises(DataError, match="there is no event"):
        order_events(pl.DataFrame({name: [] for name in schema.columns}), schema, "events")


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"entity_name": "a", "item_name": "b"}, "time_name is missing"),
        ({"entity_name": "a", "item_name": "a", "time_name": "t"}, r"\['a'\] have more than one role"),
        (
            {"entity_name": "a", "item_name": "b", "time_name": "t", "context": []},
            "unknown field 'context' .did you mean",
        ),
        (["a"], "not a sequence schema"),
    ],
)
def test_a_wrong_schema_is_refused(value, message) -> None:
    with pytest.raises(ConfigError, match=message):
        SequenceSchema.parse(value, "columns")


def test_a_schema_survives_its_file(schema, tmp_path) -> None:
    schema.save(tmp_path / "schema.json")
    assert SequenceSchema.load(tmp_path / "schema.json") == schema
    with pytest.raises(ConfigError, match="cannot read the sequence schema"):
        SequenceSchema.load(tmp_path / "absent.json")
    (tmp_path / "bad.yaml").write_text("a: [")
    with pytest.raises(ConfigError, match="not YAML"):
        SequenceSchema.load(tmp_path / "bad.yaml")
