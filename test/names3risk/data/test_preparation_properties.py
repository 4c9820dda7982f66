"""What holds for every table: the split is by time and a partition, files and column orders never matter."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import polars as pl
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from names3risk.data.preparation import cuts, prepare, split
from names3risk.data.preprocessing import preprocess
from names3risk.data.reading import read_table, write_table
from names3risk.data.schema import ColumnSchema
from names3risk.data.splits import load_split

TEXT = st.one_of(st.none(), st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12))
MOMENTS = st.integers(0, 40).map(lambda hours: datetime(2024, 1, 1, 0, 0, 0, 7, tzinfo=UTC) + timedelta(hours=hours))
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "customer": st.sampled_from(["a", "b", "c", "d", None]),
            "ordered": st.one_of(st.none(), MOMENTS),
            "sold": MOMENTS,
            "domain": st.sampled_from(["x.example", "Amazon.example", None]),
            "name": TEXT,
            "amount": st.one_of(st.none(), st.floats(-1e12, 1e12), st.just(float("nan"))),
            "count": st.one_of(st.none(), st.integers(-5, 5)),
            "kind": st.sampled_from(["card", "Gift ", "7", "", None]),
            "flag": st.booleans(),
            "status": st.sampled_from(["F", "I", "N", "N", "P"]),
        }
    ),
    min_size=1,
    max_size=30,
)
TYPES = {
    "id": pl.Int64,
    "customer": pl.String,
    "ordered": pl.Datetime("us", "UTC"),
    "sold": pl.Datetime("us", "UTC"),
    "domain": pl.String,
    "name": pl.String,
    "amount": pl.Float64,
    "count": pl.Int64,
    "kind": pl.String,
    "flag": pl.Boolean,
    "status": pl.String,
}
SCHEMA = ColumnSchema.parse(
    {
        "id_name": "id",
        "entity_name": "customer",
        "order_time_name": "ordered",
        "time_name": "sold",
        "label": {"column": "status", "classes": [["N"], ["F", "I"]], "other": "drop"},
        "text_source_fields": ["name"],
        "tab_field_list": ["amount", "count"],
        "cat_field_list": ["kind", "flag"],
        "filters": [{"column": "domain", "contains": "amazon."}],
        "split": {"train": 0.5, "val": 0.25, "test": 0.25},
    }
)


def table(rows: list[dict]) -> pl.DataFrame:
    frame = pl.DataFrame([{"id": number, **row} for number, row in enumerate(rows)], schema=TYPES)
    kept = ~pl.col("domain").str.contains("Amazon").fill_null(False) & (pl.col("status") != "P")
    assume(frame.filter(kept).height > 0)
    return frame


def slow_reference(frame: pl.DataFrame) -> list[tuple[str, int]]:
    """The ids that stay with their labels, row by row in plain Python."""
    end = datetime.max.replace(tzinfo=UTC)
    kept: dict[object, dict] = {}
    for row in frame.rows(named=True):
        if "amazon." in (row["domain"] or "").lower() or row["status"] not in "NFI":
            continue
        key = row["customer"] if row["customer"] is not None else ("nobody", row["id"])
        rank = (row["ordered"] or end, str(row["id"]))
        if key not in kept or rank < kept[key]["rank"]:
            kept[key] = {**row, "rank": rank}
    chosen = sorted(kept.values(), key=lambda row: row["id"])
    return [(str(row["id"]), int(row["status"] in "FI")) for row in chosen]


@settings(max_examples=60, deadline=None)
@given(ROWS)
def test_rows_and_labels_are_those_of_a_slow_reference(rows):
    frame = table(rows)
    assert prepare(frame, SCHEMA).select("id", "label").rows() == slow_reference(frame)


@settings(max_examples=40, deadline=None)
@given(ROWS, st.randoms(use_true_random=False))
def test_the_order_of_rows_and_columns_never_decides_what_stays(rows, random):
    frame = table(rows)
    columns = random.sample(frame.columns, len(frame.columns))
    shuffled = frame.select(columns).sample(fraction=1, shuffle=True, seed=random.randrange(1000))
    assert prepare(shuffled, SCHEMA).sort("id").equals(prepare(frame, SCHEMA).sort("id"))


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 200), st.integers(1, 8), st.integers(0, 8), st.integers(0, 8))
def test_the_split_is_a_partition_in_the_order_of_time(rows, train, val, test):
    total = train + val + test
    schema = ColumnSchema.parse(
        {
            "id_name": "id",
            "time_name": "t",
            "split": {"train": train / total, "val": val / total, "test": test / total},
        }
    )
    assume(all(end > start for start, end in cuts(rows, schema).values()))
    times = pl.Series("t", [(number * 7919) % 23 for number in range(rows)])
    frame = prepare(pl.DataFrame({"id": range(rows), "t": times}), schema)
    parts = list(split(frame, schema).values())
    assert sorted(row for part in parts for row in part["id"]) == sorted(frame["id"])
    for earlier, later in pairwise(parts):
        assert earlier["t"].max() <= later["t"].min()
    assert abs(len(parts[0]) - rows * train / total) <= 1


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(ROWS)
def test_csv_tsv_and_parquet_give_the_same_prepared_table(rows):
    frame = table(rows)
    expected = prepare(frame, SCHEMA)
    with tempfile.TemporaryDirectory() as folder:
        for format_ in ("parquet", "csv", "tsv"):
            path = Path(folder) / f"raw.{format_}"
            write_table(frame, path)
            found = prepare(read_table(path), SCHEMA)
            assert found.equals(expected), format_
            assert found.schema == expected.schema
            preprocess(path, SCHEMA, Path(folder) / format_, job_type="testing")
            assert load_split(Path(folder) / format_ / "test").frame.equals(expected)
