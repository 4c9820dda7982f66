from __future__ import annotations

import json
import pickle

import numpy as np
import polars as pl
import pytest

from names3risk.data.preparation import prepare
from names3risk.data.reading import read_table, write_table
from names3risk.data.schema import ColumnSchema
from names3risk.errors import ArtifactError, DataError
from names3risk.features.encoder import FeatureEncoder, load_imputer, load_risk_tables


def test_every_tabular_and_categorical_field_reaches_the_matrix(train, schema):
    encoder = FeatureEncoder.fit(train, schema)
    matrix = encoder.transform(train)
    assert encoder.feature_columns == ["amount", "visits", "payment", "country"]
    assert matrix.dtype == np.float32
    assert matrix.tolist() == pytest.approx(
        np.array(
            [
                [1.0, 2.0, 1 / 3, 1 / 3],
                [27.25, 2.0, 1 / 3, 0.5],
                [4.0, 1.0, 1 / 3, 1 / 3],
                [4.0, 1.0, 1.0, 0.5],
                [27.25, 3.0, 1.0, 1.0],
                [100.0, 1.8, 0.5, 1 / 3],
            ]
        )
    )
    for name in schema.feature_columns:
        other = train.with_columns(pl.col(name).reverse())
        assert not np.array_equal(encoder.transform(other), matrix), name


def test_column_order_is_the_declared_one_whatever_the_table_s(train, schema):
    encoder = FeatureEncoder.fit(train.select(sorted(train.columns)), schema)
    assert encoder.feature_columns == schema.feature_columns
    assert np.array_equal(encoder.transform(train.select(train.columns[::-1])), encoder.transform(train))


def test_only_training_rows_are_fitted(train, schema):
    before = FeatureEncoder.fit(train.head(4), schema)
    expected = before.transform(train)
    before.transform(train.tail(2).with_columns(amount=pl.lit(1e9)))
    assert np.array_equal(before.transform(train), expected)


def test_missing_numbers_are_imputed_from_raw_values(train, schema):
    nan = train.with_columns(pl.col("amount").fill_null(float("nan")))
    assert FeatureEncoder.fit(nan, schema).imputer.values["amount"] == pytest.approx(27.25)
    expected = FeatureEncoder.fit(train, schema).transform(train)
    assert np.array_equal(FeatureEncoder.fit(nan, schema).transform(nan), expected)


@pytest.mark.parametrize("numeric_transform", ["none", "signed_log", "quantile"])
def test_many_rows_are_encoded_as_each_alone_and_as_declared(train, schema, numeric_transform):
    encoder = FeatureEncoder.fit(train, schema, numeric_transform=numeric_transform)
    amounts = [0.1, -0.0, 1e39, -1e300, 3.4028235677973366e38, float("inf"), float("nan"), None, 1 / 3] * 1100
    rows = pl.concat([train.head(1)] * len(amounts)).with_columns(amount=pl.Series(amounts))
    matrix = encoder.transform(rows)
    largest, fill = float(np.finfo(np.float32).max), encoder.imputer.values["amount"]
    for row, amount in enumerate(amounts[:18]):
        known = fill if amount is None or not np.isfinite(amount) else amount
        value = encoder.scale.transform(np.array([known]), "amount")[0]
        assert matrix[row, 0].tobytes() == np.float32(np.clip(value, -largest, largest)).tobytes()
        assert matrix[row].tobytes() == encoder.transform(rows[row]).tobytes()
    assert np.array_equal(matrix, np.tile(matrix[:9], (1100, 1)))


def test_unseen_and_missing_categories_have_the_overall_rate(train, schema):
    encoder = FeatureEncoder.fit(train, schema)
    rows = train.with_columns(payment=pl.lit("bitcoin"), country=pl.lit(None, dtype=pl.String))
    assert encoder.transform(rows)[:, 2:] == pytest.approx(0.5)


@pytest.mark.parametrize("one", ["1", 1, 1.0])
def test_a_category_is_the_same_key_from_every_type(train, schema, one):
    payment = [one, one * 2 if one != "1" else "2", None, one, one, None]
    encoder = FeatureEncoder.fit(train.with_columns(payment=pl.Series(payment)), schema)
    assert list(encoder.risk_tables.tables["payment"].bins) == ["1", "2"]
    asked = train.head(2)
    for values in (["1", "2"], ["1.0", "2.0"], [1, 2], [1.0, 2.0]):
        assert encoder.transform(asked.with_columns(payment=pl.Series(values)))[:, 2] == pytest.approx([1.0, 0.0])


def test_raw_csv_rows_and_prepared_rows_are_encoded_alike(train, schema, tmp_path):
    raw = train.with_columns(payment=pl.Series([1.0, 1.0, 2.0, 2.0, 1.0, None]))
    encoder = FeatureEncoder.fit(prepare(raw, schema), schema)
    expected = encoder.transform(prepare(raw, schema))
    for format_ in ("csv", "parquet"):
        write_table(raw, tmp_path / f"raw.{format_}")
        rows = read_table(tmp_path / f"raw.{format_}")
        assert np.array_equal(encoder.transform(rows), expected)
        assert np.array_equal(encoder.transform(prepare(rows, schema)), expected)


def test_out_of_fold_changes_the_risks_only(train, schema):
    encoder = FeatureEncoder.fit(train, schema)
    inside, outside = encoder.transform(train), encoder.fit_transform_out_of_fold(train, folds=3, seed=1)
    assert np.array_equal(inside[:, :2], outside[:, :2])
    assert not np.array_equal(inside[:, 2:], outside[:, 2:])
    assert np.array_equal(outside, encoder.fit_transform_out_of_fold(train, folds=3, seed=1))


@pytest.mark.parametrize("numeric_transform", ["none", "signed_log", "quantile"])
def test_a_loaded_encoder_gives_the_same_matrix(train, schema, tmp_path, numeric_transform):
    encoder = FeatureEncoder.fit(train, schema, smooth_factor=0.5, numeric_transform=numeric_transform)
    encoder.save(tmp_path)
    loaded = FeatureEncoder.load(tmp_path)
    assert np.array_equal(loaded.transform(train), encoder.transform(train))
    assert loaded.feature_columns == encoder.feature_columns
    assert np.array_equal(loaded.fit_transform_out_of_fold(train), encoder.transform(train))


def test_the_saved_files(train, schema, tmp_path):
    FeatureEncoder.fit(train, schema).save(tmp_path)
    assert (tmp_path / "feature_columns.txt").read_text() == "0,amount\n1,visits\n2,payment\n3,country\n"
    assert json.loads((tmp_path / "impute_dict.json").read_text()) == {"amount": 27.25, "visits": 1.8}
    for name in ("impute_dict", "risk_table_map"):
        with (tmp_path / f"{name}.pkl").open("rb") as stream:
            assert pickle.load(stream) == json.loads((tmp_path / f"{name}.json").read_text())


def test_pickles_are_never_read(train, schema, tmp_path):
    encoder = FeatureEncoder.fit(train, schema)
    encoder.save(tmp_path)
    for path in tmp_path.glob("*.pkl"):
        path.write_bytes(b"not a pickle")
    (tmp_path / "numeric_transform.json").unlink()
    assert np.array_equal(FeatureEncoder.load(tmp_path).transform(train), encoder.transform(train))


def test_tables_fitted_earlier_are_used_instead_of_fitting(train, schema, tmp_path):
    FeatureEncoder.fit(train, schema).save(tmp_path)
    changed = json.loads((tmp_path / "impute_dict.json").read_text()) | {"amount": -7.0}
    (tmp_path / "impute_dict.json").write_text(json.dumps(changed))
    imputer, tables = load_imputer(tmp_path / "impute_dict.json"), load_risk_tables(tmp_path / "risk_table_map.json")
    encoder = FeatureEncoder.fit(train.head(3), schema, imputer=imputer, risk_tables=tables)
    assert encoder.transform(train)[1, 0] == -7.0
    assert encoder.transform(train)[:, 3] == pytest.approx(FeatureEncoder.fit(train, schema).transform(train)[:, 3])
    other = ColumnSchema.parse({**schema.model_dump(), "tab_field_list": ["visits"], "cat_field_list": ["country"]})
    with pytest.raises(ArtifactError, match=r"impute_dict\.json: holds the fields \['amount', 'visits'\]; expected"):
        FeatureEncoder.fit(train, other, imputer=imputer)
    with pytest.raises(ArtifactError, match=r"risk_table_map\.json: holds"):
        FeatureEncoder.fit(train, other, risk_tables=tables)


def test_files_that_are_missing_or_do_not_fit_are_named(train, schema, tmp_path):
    with pytest.raises(ArtifactError, match=r"impute_dict\.json: cannot read"):
        FeatureEncoder.load(tmp_path)
    FeatureEncoder.fit(train, schema).save(tmp_path)
    (tmp_path / "feature_columns.txt").write_text("0,visits\n1,amount\n2,payment\n3,country\n")
    with pytest.raises(ArtifactError, match=r"feature_columns\.txt: the columns are"):
        FeatureEncoder.load(tmp_path)
    (tmp_path / "risk_table_map.json").write_text("{")
    with pytest.raises(ArtifactError, match=r"risk_table_map\.json: not JSON"):
        FeatureEncoder.load(tmp_path)
    (tmp_path / "feature_columns.txt").unlink()


def test_missing_fields_and_labels_are_named(train, schema):
    encoder = FeatureEncoder.fit(train, schema)
    with pytest.raises(DataError, match="missing column 'visits'"):
        encoder.transform(train.drop("visits"))
    with pytest.raises(DataError, match="missing column 'label'"):
        FeatureEncoder.fit(train.drop("label"), schema)
    with pytest.raises(DataError, match="no training row has a value in 'visits'"):
        FeatureEncoder.fit(train.with_columns(visits=pl.lit(None, dtype=pl.Float64)), schema)


@pytest.mark.parametrize(("fields", "width"), [({"tab_field_list": []}, 2), ({"cat_field_list": []}, 2)])
def test_either_kind_of_field_may_be_absent(train, schema, fields, width, tmp_path):
    encoder = FeatureEncoder.fit(train, ColumnSchema.parse({**schema.model_dump(), **fields}))
    assert encoder.fit_transform_out_of_fold(train).shape == (6, width)
    encoder.save(tmp_path)
    assert FeatureEncoder.load(tmp_path).transform(train).shape == (6, width)


def test_no_fields_at_all(train, schema):
    none = ColumnSchema.parse({**schema.model_dump(), "tab_field_list": [], "cat_field_list": []})
    assert FeatureEncoder.fit(train, none).transform(train).shape == (6, 0)


def test_several_classes(train, schema):
    label = {"column": "label", "classes": [[0], [1], [2]]}
    three = ColumnSchema.parse({**schema.model_dump(), "label": label})
    encoder = FeatureEncoder.fit(train.with_columns(label=pl.Series([0, 1, 2, 0, 1, 2])), three)
    assert encoder.feature_columns == [
        "amount", "visits", "payment_class_1", "payment_class_2", "country_class_1", "country_class_2",
    ]  # fmt: skip
    assert encoder.source_columns == schema.feature_columns
