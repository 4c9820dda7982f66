"""Scores for files: piece by piece, equal to those of the whole table, complete or not at all."""

import names3risk_samples as samples
import polars as pl
import pytest

from names3risk.data.reading import read_table
from names3risk.errors import DataError, OutputError
from names3risk.serving import Predictor, files, predict_file

ROWS = 3000


@pytest.fixture(scope="module")
def predictor(tmp_path_factory):
    return Predictor.load(samples.train(tmp_path_factory.mktemp("files"), max_epochs=1).model_dir)


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch):
    monkeypatch.setattr(files, "CELLS_PER_PIECE", 1)


def orders():
    frame = samples.orders(ROWS, seed=6)
    labels = pl.when(pl.int_range(pl.len()) >= 2000).then(pl.col("status").is_in(["F", "I"]).cast(pl.Int64))
    return frame.with_columns(objectId=pl.format("id{}", pl.int_range(pl.len())), label=labels)


@pytest.mark.parametrize("suffix", ["parquet", "csv"])
def test_pieces_give_the_scores_of_the_whole_table(predictor, tmp_path, suffix):
    source, out, seen = tmp_path / f"orders.{suffix}", tmp_path / f"scores.{suffix}", []
    orders().write_parquet(source) if suffix == "parquet" else orders().write_csv(source)
    assert predict_file(predictor, source, out, seen.append) == ROWS
    assert len(set(seen)) >= 3
    assert seen[-1] == ROWS
    found, expected = read_table(out), predictor.predict(orders())
    assert found.columns == expected.columns
    assert found["objectId"].to_list() == expected["objectId"].to_list()
    assert found["label"].cast(pl.Int64).to_list() == expected["label"].to_list()
    assert (found["score"].cast(pl.Float64) - expected["score"]).abs().max() < 1e-6


def test_a_label_that_is_no_class_anywhere_is_left_out_everywhere(predictor, tmp_path):
    late = pl.when(pl.int_range(pl.len()) == ROWS - 1).then(7).otherwise("label")
    orders().with_columns(label=late).write_parquet(tmp_path / "orders.parquet")
    predict_file(predictor, tmp_path / "orders.parquet", tmp_path / "scores.csv")
    assert "label" not in read_table(tmp_path / "scores.csv").columns


def test_a_table_without_rows_gives_a_table_without_rows(predictor, tmp_path):
    orders().head(0).write_csv(tmp_path / "orders.csv")
    assert predict_file(predictor, tmp_path / "orders.csv", tmp_path / "scores.csv") == 0
    assert (tmp_path / "scores.csv").read_text().startswith("objectId,label,marketplaceCountryCode,prob_class_0")


def test_a_wrong_value_late_in_the_file_leaves_nothing_behind(predictor, tmp_path):
    late = pl.when(pl.int_range(pl.len()) == ROWS - 1).then(pl.lit("much")).otherwise(pl.col("amount").cast(pl.String))
    orders().with_columns(amount=late).write_csv(tmp_path / "orders.csv")
    (tmp_path / "scores.csv").write_text("earlier")
    with pytest.raises(DataError, match=r"orders\.csv, after row \d+: column 'amount' holds 'much'"):
        predict_file(predictor, tmp_path / "orders.csv", tmp_path / "scores.csv")
    assert {path.name: path.stat().st_size for path in tmp_path.glob("*sc*")} == {"scores.csv": 7}


def test_all_missing_columns_are_named(predictor, tmp_path):
    orders().drop("amount", "customerName").write_csv(tmp_path / "orders.csv")
    with pytest.raises(DataError, match=r"orders\.csv: missing columns .*customerName.*amount"):
        predict_file(predictor, tmp_path / "orders.csv", tmp_path / "scores.csv")


def test_an_output_of_no_known_format_is_named(predictor, tmp_path):
    orders().write_csv(tmp_path / "orders.csv")
    with pytest.raises(OutputError, match=r"scores\.xlsx"):
        predict_file(predictor, tmp_path / "orders.csv", tmp_path / "scores.xlsx")
