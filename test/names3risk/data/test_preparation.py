from __future__ import annotations

from datetime import time, timedelta

import pandas as pd
import polars as pl
import pytest

from names3risk.data.preparation import conform, prepare, split
from names3risk.data.schema import ColumnSchema
from names3risk.errors import ConfigError, DataError


def ids(frame: pl.DataFrame) -> list[str]:
    return frame["objectId"].to_list()


def test_rows_that_stay_and_what_they_hold(orders, schema):
    prepared = prepare(orders, schema)
    # o1 and o3 are of one customer (o3 is earlier), o4 is at an Amazon domain, o6 is still open.
    assert ids(prepared) == ["o2", "o3", "o5", "o7", "o8"]
    assert prepared["label"].to_list() == [0, 0, 1, 0, 1]
    assert prepared["amount"].to_list() == [None, None, -2000.0, 7.0, 8.0]
    assert prepared["payment"].to_list() == ["card", "1", "2.50", "card", "gift"]
    assert prepared.columns == schema.prepared_columns
    assert prepared.columns[-1] == "label"


def test_text_reaches_the_prepared_table_uncoerced(orders, schema):
    prepared = prepare(orders, schema)
    assert prepared["customerName"].to_list() == [None, "null", "1.0", None, "NA"]
    assert prepared["emailAddress"].to_list() == ["2@y.example", "3", "5", "7", "8"]
    assert prepared.schema["customerName"] == pl.String


def test_numeric_text_stays_text(orders, schema):
    prepared = prepare(orders.with_columns(emailAddress=pl.Series(range(8))), schema)
    assert prepared["emailAddress"].to_list() == ["1", "2", "4", "6", "7"]


def test_columns_are_matched_by_name_not_by_place(orders, schema):
    assert prepare(orders.select(sorted(orders.columns)), schema).equals(prepare(orders, schema))


def test_missing_numbers_stay_missing_until_imputation(orders, schema):
    assert prepare(orders, schema)["amount"].null_count() == 2


def test_a_row_without_a_value_matches_no_filter(roles, orders):
    roles["filters"] = [{"column": "emailDomain", "equals": ["X.EXAMPLE"]}]
    assert ids(prepare(orders, ColumnSchema.parse(roles))) == ["o2", "o3", "o4", "o7"]


@pytest.mark.parametrize("values", [["0", "1"] * 4, [0, 1] * 4, [0.0, 1.0] * 4, [False, True] * 4])
def test_labels_of_every_type(roles, orders, values):
    negative, positive = ("false", "true") if values[0] is False else (0, "1")
    roles["label"] = {"column": "status", "classes": [[negative], [positive]]}
    roles["entity_name"] = None
    prepared = prepare(orders.with_columns(status=pl.Series(values)), ColumnSchema.parse(roles))
    assert prepared["label"].to_list() == [0, 1, 0, 0, 1, 0, 1]


def test_several_classes(roles, orders):
    roles["label"]["classes"] = [["N"], ["F"], ["I"]]
    assert prepare(orders, ColumnSchema.parse(roles))["label"].to_list() == [0, 0, 2, 0, 1]


def test_unknown_label_values_are_an_error_that_names_them(roles, orders):
    roles["label"]["other"] = "error"
    with pytest.raises(DataError) as caught:
        prepare(orders.with_columns(status=pl.col("status").replace("I", None)), ColumnSchema.parse(roles), "raw.csv")
    assert "raw.csv: the label column 'status' holds '(missing)', 'P' in 2 rows" in str(caught.value)
    assert "'N', 'F', 'I'" in str(caught.value)


class TestFirstOfAnEntity:
    def test_ties_go_to_the_smaller_id(self, roles, orders):
        same = orders.with_columns(customerId=pl.lit("one"), orderDate=pl.lit("2024-01-01"))
        assert ids(prepare(same, ColumnSchema.parse(roles))) == ["o1"]
        assert ids(prepare(same.reverse(), ColumnSchema.parse(roles))) == ["o1"]

    def test_rows_without_an_entity_all_stay(self, orders, schema):
        nobody = orders.with_columns(customerId=pl.lit(None, dtype=pl.String))
        assert len(prepare(nobody, schema)) == 6

    def test_a_row_without_a_time_is_the_last(self, orders, schema):
        late = orders.with_columns(orderDate=pl.when(pl.col("objectId") == "o3").then(None).otherwise("orderDate"))
        assert "o1" in ids(prepare(late, schema))

    def test_the_first_is_chosen_among_rows_that_pass_the_filters(self, orders, schema):
        at_amazon = pl.when(pl.col("objectId") == "o3").then(pl.lit("amazon.example")).otherwise("emailDomain")
        assert "o1" in ids(prepare(orders.with_columns(emailDomain=at_amazon), schema))


class TestErrors:
    def test_a_number_that_is_none_is_named_by_column_and_row(self, orders, schema):
        wrong = orders.with_columns(amount=pl.Series(["1"] * 4 + ["1,5"] + ["1"] * 3))
        with pytest.raises(DataError) as caught:
            prepare(wrong, schema, "orders.csv")
        assert str(caught.value) == "orders.csv: column 'amount' holds '1,5' in row 5; expected a number, or nothing"

    def test_a_time_that_is_none_is_named_by_column_and_row(self, orders, schema):
        with pytest.raises(DataError, match=r"column 'orderDate' holds '1\.2\.2024' in row 1; expected a time"):
            prepare(orders.with_columns(orderDate=pl.lit("1.2.2024")), schema)

    def test_impossible_dates_are_an_error_too(self, orders, schema):
        with pytest.raises(DataError, match="2024-02-31"):
            prepare(orders.with_columns(orderDate=pl.lit("2024-02-31")), schema)

    def test_ids_that_occur_twice_are_counted_but_not_shown(self, orders, schema):
        twice = pl.concat([orders, orders.filter(pl.col("objectId").is_in(["o2", "o5"]))])
        with pytest.raises(DataError) as caught:
            prepare(twice, schema)
        assert "2 ids in column 'objectId' occur more than once (4 rows)" in str(caught.value)
        assert "o2" not in str(caught.value)

    def test_rows_without_an_id(self, orders, schema):
        nameless = orders.with_columns(objectId=pl.when(pl.col("objectId") != "o2").then("objectId"))
        with pytest.raises(DataError, match="'objectId' is empty in 1 rows"):
            prepare(nameless, schema)

    def test_no_row_left(self, orders, schema):
        with pytest.raises(DataError, match="no row is left"):
            prepare(orders.with_columns(emailDomain=pl.lit("amazon.example")), schema)

    def test_a_missing_column(self, orders, schema):
        with pytest.raises(DataError, match="missing column 'emailDomain'"):
            prepare(orders.drop("emailDomain"), schema)

    @pytest.mark.parametrize(
        ("column", "values", "message"),
        [
            ("amount", pl.Series([timedelta(1)] * 8), "column 'amount' is Duration.*; expected numbers"),
            ("customerName", pl.Series([["a"]] * 8), "column 'customerName' is List.*; expected text or plain values"),
            ("payment", pl.Series([b"a"] * 8), "column 'payment' is Binary; expected text or plain values"),
            ("orderDate", pl.Series([time(1)] * 8), "column 'orderDate' is Time; expected times"),
        ],
    )
    def test_a_column_of_a_type_that_cannot_fit(self, orders, schema, column, values, message):
        with pytest.raises(DataError, match=message):
            prepare(orders.with_columns(values.alias(column)), schema)

    def test_a_rule_must_be_resolved_first(self, roles, orders):
        roles["tab_field_list"] = {"pattern": "amount"}
        with pytest.raises(ConfigError, match="resolved"):
            prepare(orders, ColumnSchema.parse(roles))


class TestConform:
    def test_no_row_is_dropped_and_the_label_may_be_absent(self, orders, schema):
        rows = conform(orders.drop("status", "emailDomain"), schema.without_label())
        assert ids(rows) == ids(orders)
        assert "label" not in rows.columns

    def test_a_prepared_table_stays_as_it_is(self, orders, schema):
        prepared = prepare(orders, schema)
        assert conform(prepared, schema.prepared()).equals(prepared)

    def test_a_label_of_no_class_is_an_error(self, orders, schema):
        with pytest.raises(DataError, match="holds 'P' in 1 rows"):
            conform(orders, schema)


class TestSplit:
    def test_the_oldest_rows_train_and_the_newest_test(self, orders, schema):
        parts = split(prepare(orders, schema), schema)
        assert {name: ids(part) for name, part in parts.items()} == {
            "train": ["o2", "o3", "o5"],
            "val": ["o7"],
            "test": ["o8"],
        }

    def test_a_share_of_zero_leaves_the_split_out(self, roles, orders):
        roles["split"] = {"train": 0.8, "val": 0, "test": 0.2}
        schema = ColumnSchema.parse(roles)
        parts = split(prepare(orders, schema), schema)
        assert list(parts) == ["train", "test"]
        assert ids(parts["test"]) == ["o8"]

    def test_an_empty_split_is_an_error(self, roles, orders):
        roles["split"] = {"train": 0.9, "val": 0.05, "test": 0.05}
        schema = ColumnSchema.parse(roles)
        with pytest.raises(DataError, match="the split 'val' is empty"):
            split(prepare(orders, schema), schema, "raw")

    def test_a_training_split_of_one_class_is_an_error_that_names_the_other(self, roles, orders):
        roles["label"]["classes"] = [["N", "F"], ["I"]]
        schema = ColumnSchema.parse({**roles, "split": {"train": 0.4, "val": 0.2, "test": 0.4}})
        with pytest.raises(DataError, match="'train' has no row of class 1 \\(label values 'I'\\)"):
            split(prepare(orders, schema), schema)

    def test_a_split_needs_a_time(self, roles, orders):
        schema = ColumnSchema.parse({**roles, "time_name": None})
        with pytest.raises(ConfigError, match="time_name"):
            split(prepare(orders, schema), schema)


@pytest.mark.parametrize("backend", [None, "pyarrow", "numpy_nullable"])
def test_pandas_tables_are_prepared_by_the_same_rules(orders, schema, backend):
    frame = pd.DataFrame({name: orders[name].to_list() for name in orders.columns})
    if backend:
        frame = frame.convert_dtypes(dtype_backend=backend)
    expected = prepare(orders, schema)
    prepared = prepare(frame, schema)
    assert isinstance(prepared, pd.DataFrame)
    assert pl.from_pandas(prepared).cast(expected.schema).equals(expected)
    for name, part in split(prepared, schema).items():
        assert part["objectId"].tolist() == split(expected, schema)[name]["objectId"].to_list()


def test_the_rules_run_on_lazy_tables(orders, schema):
    import narwhals as nw

    from names3risk.data.preparation import drop_filtered, encode_labels, keep_first

    lazy = nw.from_native(orders.lazy())
    rows = keep_first(encode_labels(drop_filtered(lazy, schema), schema), schema)
    assert rows.collect().to_native().equals(prepare(orders, schema))
