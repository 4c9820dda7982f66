from __future__ import annotations

import json

import polars as pl
import pytest

from names3risk.data import samples
from names3risk.data.schema import ColumnSchema
from names3risk.errors import ConfigError, DataError


def test_a_saved_schema_is_the_same_when_loaded(schema, tmp_path):
    for name in ("schema.json", "schema.yaml"):
        schema.save(tmp_path / name)
        assert ColumnSchema.load(tmp_path / name) == schema


def test_the_sample_schemas_load():
    assert ColumnSchema.load(samples.SPAM_ASSASSIN_SCHEMA).split.test == 0.3
    assert ColumnSchema.load(samples.SYNTHETIC_SCHEMA).label.class_of_value == {"N": 0, "F": 1, "I": 1}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"tab_feild_list": []}, "tab_feild_list"),
        ({"id_name": None}, "id_name"),
        ({"cat_field_list": ["payment", "amount"]}, "['amount'] are in tab_field_list and in cat_field_list"),
        ({"tab_field_list": ["amount", "amount"]}, "tab_field_list names ['amount'] more than once"),
        ({"text_source_fields": ["status"]}, "the label column 'status' is also an input field"),
        ({"cat_field_list": ["objectId"]}, "the id column 'objectId' is also an input field"),
        ({"split": {"train": 0.9, "val": 0.2, "test": 0.1}}, "train + val + test must be 1"),
        ({"label": {"column": "status", "classes": [["N", 1], ["1.0"]]}}, "label values ['1'] stand in more"),
        ({"label": {"column": "status", "classes": [["N"], []]}}, "class 1 has no label value"),
        ({"label": {"column": "status", "classes": [["N"]]}}, "label.classes"),
        ({"order_time_name": None, "time_name": None}, "entity_name keeps the first row by time"),
        ({"filters": [{"column": "emailDomain"}]}, "either 'contains' or 'equals'"),
        ({"filters": [{"column": "a", "contains": "x", "equals": ["y"]}]}, "either 'contains' or 'equals'"),
        ({"tab_field_list": {"pattern": "("}}, "pattern is not a regular expression"),
        ({"tab_field_list": {"pattern": "a", "all_numeric_except": []}}, "one of 'listed', 'files', 'pattern'"),
        ({"marketplace_name": "label"}, "'label' is the name of the prepared label"),
    ],
)
def test_roles_that_do_not_fit_are_refused_by_name(roles, change, message):
    with pytest.raises(ConfigError, match="not a column schema") as caught:
        ColumnSchema.parse({**roles, **change})
    assert message in str(caught.value)


def test_every_problem_of_a_schema_is_named(roles):
    with pytest.raises(ConfigError) as caught:
        ColumnSchema.parse({**roles, "id_name": 5, "wrong": 1})
    assert "id_name" in str(caught.value)
    assert "wrong" in str(caught.value)


@pytest.mark.parametrize("text", ["a: [", "- a\n- b\n", "\udcff"])
def test_a_file_that_is_no_schema_is_named(tmp_path, text):
    path = tmp_path / "columns.yaml"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(ConfigError, match=r"columns\.yaml"):
        ColumnSchema.load(path)
    with pytest.raises(ConfigError, match=r"absent\.yaml"):
        ColumnSchema.load(tmp_path / "absent.yaml")


def test_missing_columns_are_named_with_the_file_and_similar_ones(schema, orders):
    with pytest.raises(DataError) as caught:
        schema.resolve(orders.rename({"emailAddress": "email_address", "amount": "amounts"}), "orders.csv")
    message = str(caught.value)
    assert message.startswith("orders.csv: missing columns")
    assert "'emailAddress', 'amount'" in message
    assert "'email_address', 'amounts'" in message


def test_a_numeric_field_of_another_type_is_named(schema, orders):
    frame = orders.with_columns(amount=pl.lit("2024-01-01").str.to_date())
    with pytest.raises(DataError, match=r"orders\.csv: column 'amount' is Date; expected numbers"):
        schema.resolve(frame, "orders.csv")


class TestFieldRules:
    def test_a_pattern_chooses_whole_names_of_numeric_columns_in_table_order(self, roles):
        schema = ColumnSchema.parse({**roles, "tab_field_list": {"pattern": "f_.*"}, "cat_field_list": ["f_cat"]})
        columns = [*schema.source_columns, "f_b", "f_a", "xf_c", "f_text"]
        frame = pl.DataFrame({name: [1.0] for name in columns}).with_columns(f_text=pl.lit("x"))
        assert schema.resolve(frame).tab_fields == ("f_b", "f_a")

    def test_all_numeric_leaves_out_roles_and_exceptions(self, roles):
        schema = ColumnSchema.parse({**roles, "tab_field_list": {"all_numeric_except": ["noise"]}})
        numeric = {name: [1] for name in ("x", "noise", "y")}
        frame = pl.DataFrame({**{name: [1] for name in schema.source_columns}, **numeric, "word": ["a"]})
        assert schema.resolve(frame).tab_fields == ("x", "y")

    def test_strings_from_csv_count_as_numbers_where_all_values_are(self, roles, orders):
        schema = ColumnSchema.parse({**roles, "tab_field_list": {"all_numeric_except": []}})
        frame = orders.with_columns(mixed=pl.when(pl.col("visits") == "3").then(pl.lit("x")).otherwise("visits"))
        assert schema.resolve(frame).tab_fields == ("amount", "visits")

    def test_the_fields_that_all_regional_lists_share_in_the_order_of_the_first(self, roles, orders, tmp_path):
        lists = {"na": "visits\n\namount\nonly_na\n", "eu": "amount\nvisits\n", "fe": "visits\namount"}
        for region, names in lists.items():
            (tmp_path / f"{region}.txt").write_text(names)
        files = ["na.txt", "eu.txt", "fe.txt"]
        (tmp_path / "columns.json").write_text(json.dumps({**roles, "tab_field_list": {"files": files}}))
        schema = ColumnSchema.load(tmp_path / "columns.json")
        assert schema.resolve(orders).tab_fields == ("visits", "amount")

    def test_fields_of_a_list_that_are_not_numeric_are_left_out(self, roles, tmp_path):
        (tmp_path / "fields.txt").write_text("word\nx\n")
        schema = ColumnSchema.parse({**roles, "tab_field_list": {"files": ["fields.txt"]}}, folder=tmp_path)
        frame = pl.DataFrame({**{name: ["a"] for name in schema.source_columns}, "word": ["b"], "x": [1.0]})
        assert schema.resolve(frame).tab_fields == ("x",)

    @pytest.mark.parametrize("lists", [["a.txt"], ["b.txt", "c.txt"], []])
    def test_lists_that_cannot_be_used_are_named(self, roles, tmp_path, lists):
        (tmp_path / "b.txt").write_text("x\n")
        (tmp_path / "c.txt").write_text("y\n")
        with pytest.raises(ConfigError, match="field list"):
            ColumnSchema.parse({**roles, "tab_field_list": {"files": lists}}, folder=tmp_path)

    def test_a_rule_that_chooses_nothing_is_an_error(self, roles, orders):
        schema = ColumnSchema.parse({**roles, "tab_field_list": {"pattern": "zzz"}})
        with pytest.raises(DataError, match="chooses no numeric column"):
            schema.resolve(orders)
        with pytest.raises(ConfigError, match="resolved"):
            _ = schema.feature_columns


def test_feature_order_is_the_declared_one_tab_then_cat(roles):
    names = [f"x{index}" for index in range(50)]
    schema = ColumnSchema.parse({**roles, "tab_field_list": names[::-1], "cat_field_list": ["payment"]})
    assert schema.feature_columns == [*names[::-1], "payment"]
