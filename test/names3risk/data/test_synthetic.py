from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from names3risk.data import samples
from names3risk.data.preparation import prepare
from names3risk.data.reading import read_table
from names3risk.data.schema import ColumnSchema
from names3risk.data.synthetic import generate, write_synthetic
from names3risk.errors import ConfigError, OutputError


@pytest.fixture(scope="module")
def orders() -> pl.DataFrame:
    return pl.concat(generate(30_000, seed=7, numeric_features=12))


def test_the_same_seed_gives_the_same_rows_however_they_are_cut():
    whole = pl.concat(generate(2000, seed=3, numeric_features=6))
    pieces = pl.concat(generate(2000, seed=3, numeric_features=6, block_rows=301))
    assert whole.equals(pieces)
    assert pl.concat(generate(500, seed=3, numeric_features=6)).equals(whole.head(500))
    assert not pl.concat(generate(2000, seed=4, numeric_features=6)).equals(whole)


def test_files_hold_the_rows_that_are_generated(tmp_path):
    expected = pl.concat(generate(1000, 1, 3))
    seen = []
    write_synthetic(tmp_path / "a.parquet", 1000, 1, 3, seen.append)
    assert read_table(tmp_path / "a.parquet").equals(expected)
    assert seen == [1000]
    write_synthetic(tmp_path / "a.csv", 1000, 1, 3)
    schema = ColumnSchema.load(samples.SYNTHETIC_SCHEMA)
    raw = read_table(tmp_path / "a.csv")
    assert prepare(raw, schema.resolve(raw)).equals(prepare(expected, schema.resolve(expected)))


def test_the_columns_are_those_of_an_extract(orders):
    schema = ColumnSchema.load(samples.SYNTHETIC_SCHEMA).resolve(orders)
    assert schema.tab_fields == ("daysSinceFirstCompletedOrder", *(f"feature_{k}" for k in range(12)))
    prepared = prepare(orders, schema)
    assert 0.02 < prepared["label"].mean() < 0.15
    assert orders["objectId"].is_unique().all()
    assert set(orders["region"]) == {"NA", "EU", "FE"}
    assert orders.select("marketplaceCountryCode", "region").unique().height == 11


def test_what_preparation_has_to_deal_with_occurs(orders):
    assert set(orders["status"]) == {"F", "I", "N", "P", "C"}
    assert 0.005 < orders["emailDomain"].str.contains("amazon.", literal=True).mean() < 0.1
    assert orders["customerId"].n_unique() < 0.9 * orders.height
    sparse = ("billingAddressName", "paymentAccountHolderName", "deviceType", "feature_3")
    for name in sparse:
        assert 0 < orders[name].null_count() < orders.height / 2
    tail = orders["feature_6"].drop_nulls()
    assert tail.max() > 50 * tail.median()


def test_a_customer_stays_the_same_person(orders):
    per_customer = orders.group_by("customerId").agg(pl.col("emailAddress", "customerName", "region").n_unique())
    assert per_customer.drop("customerId").max().row(0) == (1, 1, 1)


def test_no_address_can_be_anyone_s(orders):
    assert orders["emailDomain"].str.ends_with(".example").all()
    assert orders["emailAddress"].str.contains(r"^[a-z0-9._]+@[a-z0-9.-]+$").all()


@pytest.fixture(scope="module")
def shares(orders) -> pl.DataFrame:
    names = pl.col("customerName").str.to_lowercase().str.split(" ")
    address = pl.col("emailAddress")
    named = [address.str.contains(part.str.head(2), literal=True) for part in (names.list.first(), names.list.last())]
    return orders.filter(pl.col("status").is_in(["F", "I", "N"])).select(
        fraud=pl.col("status") != "N",
        look_alike=pl.col("customerName").str.contains(r"[\p{Cyrillic}]"),
        disposable=pl.col("emailDomain").str.contains(r"\d"),
        gibberish=address.str.contains(r"^[bcdfghjklmnpqrstvwxz]{9}\d"),
        mismatch=~(named[0] | named[1]),
        other_payer=pl.col("paymentAccountHolderName") != pl.col("customerName"),
        expensive=pl.col("feature_0") > pl.col("feature_0").quantile(0.7),
    )


@pytest.mark.parametrize("sign", ["look_alike", "disposable", "gibberish", "mismatch", "other_payer", "expensive"])
def test_fraud_depends_on_text_and_on_numbers(shares, sign):
    with_sign = shares.filter(pl.col(sign).fill_null(False))
    without = shares.filter(~pl.col(sign).fill_null(False))
    assert 200 < with_sign.height < shares.height / 2
    assert with_sign["fraud"].mean() > 1.5 * without["fraud"].mean()


def test_fraud_depends_on_text_and_numbers_together(shares):
    def odds(expensive: bool, other_payer: bool) -> float:
        both = (pl.col("expensive") == expensive) & (pl.col("other_payer") == other_payer)
        rate = shares.filter(both)["fraud"].mean()
        return rate / (1 - rate)

    assert odds(True, True) / odds(True, False) > 2 * odds(False, True) / odds(False, False)


def test_each_value_is_independent_of_its_neighbours(orders):
    noise = orders["feature_5"].drop_nulls().to_numpy()
    assert abs(noise.mean()) < 0.03
    assert abs(noise.std() - 1) < 0.03
    assert abs(np.corrcoef(noise[1:], noise[:-1])[0, 1]) < 0.03


@pytest.mark.parametrize(("rows", "features"), [(0, 1), (-1, 1), (1, -1)])
def test_impossible_counts_are_refused(rows, features):
    with pytest.raises(ConfigError, match="cannot generate"):
        next(generate(rows, 0, features))


def test_a_name_without_a_format_is_refused_before_any_work(tmp_path):
    with pytest.raises(OutputError, match="expected a name in"):
        write_synthetic(tmp_path / "a.xlsx", 10**12)
    assert not list(tmp_path.iterdir())
