"""Scores from saved artefacts: equal to evaluation's, from the row alone, from every field, in the order given."""

import subprocess
import sys

import names3risk_samples as samples
import numpy as np
import polars as pl
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from names3risk.data.reading import read_table
from names3risk.data.splits import load_split
from names3risk.errors import ArtifactError, ConfigError, DataError
from names3risk.serving import Predictor
from names3risk.serving.batches import padded_batches, single_row
from names3risk.text.ragged import RaggedTokens


@pytest.fixture(scope="module", params=list(samples.MODELS))
def trained(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp(request.param)
    return samples.train(folder, request.param)


@pytest.fixture(scope="module")
def predictor(trained):
    return Predictor.load(trained.model_dir)


def scores(predictor, frame):
    return predictor.predict(frame)["score"].to_numpy()


def test_served_scores_equal_evaluated_scores_from_raw_rows(trained, predictor):
    evaluated = pl.read_parquet(trained.data_dir / "test_predictions.parquet")
    raw = samples.orders().filter(pl.col("objectId").is_in(evaluated["objectId"].to_list()))
    served = predictor.predict(raw)
    joined = evaluated.join(served, on="objectId", suffix="_served", validate="1:1")
    assert joined.height == evaluated.height
    assert np.abs(joined["score"] - joined["score_served"]).max() < 1e-6
    alone = [predictor.predict(raw[row])["score"][0] for row in range(5)]
    assert alone == pytest.approx(served["score"][:5].to_list(), abs=1e-6)


def test_pytorch_and_onnx_agree(trained, predictor):
    frame = samples.orders(60, seed=1)
    by_torch = Predictor.load(trained.model_dir, "torch").predict(frame)
    assert np.abs(by_torch["score"] - predictor.predict(frame)["score"]).max() < 1e-5
    assert by_torch["score"].n_unique() > 30


@pytest.mark.parametrize("backend", ["torch-tf32", "torch-bf16", "torch-fp16"])
def test_fewer_bits_of_pytorch_move_scores_little(trained, predictor, backend):
    frame = samples.orders(60, seed=1)
    moved = np.abs(
        Predictor.load(trained.model_dir, backend).predict(frame)["score"] - predictor.predict(frame)["score"]
    )
    assert moved.max() < 0.05
    exact = backend == "torch-tf32" and not torch.cuda.is_available()  # TF32 is arithmetic of GPUs
    assert (moved.max() < 1e-5) == exact


def test_eight_bits_and_threads_move_scores_little_or_not_at_all(trained, predictor):
    frame = samples.orders(60, seed=1)
    exact = predictor.predict(frame)["score"]
    one_thread = Predictor.load(trained.model_dir, threads=1).predict(frame)["score"]
    assert np.abs(one_thread - exact).max() < 1e-6
    coarse = Predictor.load(trained.model_dir, "onnx-int8").predict(frame)["score"]
    assert 0 < np.abs(coarse - exact).max() < 0.1


@pytest.mark.parametrize("field", samples.COLUMNS["text_source_fields"])
def test_a_changed_name_changes_the_score(predictor, field):
    frame = samples.orders(20, seed=1).with_columns(pl.lit("Anna Rossi").alias(field))
    changed = frame.with_columns(pl.lit("qxzkvj zzxqk").alias(field))
    assert (scores(predictor, frame) != scores(predictor, changed)).all()


def test_look_alike_characters_are_normalised_as_in_training(predictor):
    frame = samples.orders(20, seed=1).with_columns(customerName=pl.lit("Anna Rossi"))
    wide = frame.with_columns(customerName=pl.lit("Ａｎｎａ Ｒｏｓｓｉ"))
    assert scores(predictor, frame).tolist() == scores(predictor, wide).tolist()


def test_the_name_of_a_special_token_is_text_and_not_the_token(predictor):
    frame = samples.orders(20, seed=1).with_columns(customerName=pl.lit(None, dtype=pl.String))
    for name in ("[MISSING]", "[PAD]", "|"):
        changed = frame.with_columns(customerName=pl.lit(name))
        assert (scores(predictor, frame) != scores(predictor, changed)).all(), name


@pytest.mark.parametrize("field", samples.COLUMNS["tab_field_list"])
def test_a_changed_number_changes_the_score(predictor, field):
    frame = samples.orders(20, seed=1)
    changed = frame.with_columns(pl.lit(777).alias(field))
    assert (scores(predictor, frame) != scores(predictor, changed)).all()


def test_a_changed_category_changes_the_score(predictor):
    frame = samples.orders(20, seed=1).with_columns(paymentMethod=pl.lit("card"))
    changed = frame.with_columns(paymentMethod=pl.lit("invoice"))
    assert (scores(predictor, frame) != scores(predictor, changed)).all()


@settings(max_examples=10, deadline=None)
@given(order=st.permutations(range(13)), rows=st.permutations(range(30)))
def test_the_order_of_columns_and_rows_does_not_matter(predictor, order, rows):
    frame = samples.orders(30, seed=2)
    shuffled = frame.select([frame.columns[index] for index in order])[rows]
    expected, found = predictor.predict(frame), predictor.predict(shuffled)
    assert found["objectId"].to_list() == [expected["objectId"][row] for row in rows]
    assert np.abs(found["score"].to_numpy() - expected["score"].to_numpy()[rows]).max() < 1e-6


def test_every_row_comes_back_with_its_id_and_marketplace(predictor):
    frame = samples.orders(40, seed=3).with_columns(objectId=pl.int_range(40, 0, -1))
    found = predictor.predict(frame)
    assert found["objectId"].to_list() == list(range(40, 0, -1))
    assert found["marketplaceCountryCode"].to_list() == frame["marketplaceCountryCode"].to_list()
    assert found.columns == ["objectId", "marketplaceCountryCode", "prob_class_0", "prob_class_1", "score"]


def test_the_score_is_the_probability_of_class_1_and_class_1_is_fraud(predictor):
    frame = samples.orders()
    found = predictor.predict(frame)
    assert found["score"].to_list() == found["prob_class_1"].to_list()
    assert (found["prob_class_0"] + found["prob_class_1"]).to_numpy() == pytest.approx(np.ones(frame.height), abs=1e-6)
    fraud = frame["status"].is_in(["F", "I"])
    assert found.filter(fraud)["score"].mean() > found.filter(~fraud)["score"].mean()


def test_what_only_training_and_splitting_need_may_be_absent(predictor):
    frame = samples.orders(20, seed=1)
    unneeded = ["status", "customerId", "orderDate", "transactionDate", "marketplaceCountryCode"]
    found = predictor.predict(frame.drop(unneeded))
    assert found["score"].to_list() == scores(predictor, frame).tolist()
    assert "marketplaceCountryCode" not in found.columns


@pytest.mark.parametrize("name", ["billingAddressName", "amount", "paymentMethod", "objectId"])
def test_a_missing_column_is_named(predictor, name):
    with pytest.raises(DataError, match=rf"orders\.csv.*{name}"):
        predictor.predict(samples.orders(5).drop(name), "orders.csv")


def test_a_number_that_is_none_is_named_with_its_row(predictor):
    frame = samples.orders(5).with_columns(amount=pl.Series(["1", "2", "many", "4", "5"]))
    with pytest.raises(DataError, match=r"'amount' holds 'many' in row 3"):
        predictor.predict(frame)


def test_rows_without_any_value_have_a_finite_score(predictor):
    frame = samples.orders(3)
    empty = frame.with_columns(pl.lit(None).cast(frame[name].dtype).alias(name) for name in frame.columns[5:])
    found = scores(predictor, empty)
    assert np.isfinite(found).all()
    assert len(set(found.tolist())) == 1


def test_no_rows_give_no_rows(predictor):
    found = predictor.predict(samples.orders(5).head(0))
    assert found.height == 0
    assert "score" in found.columns


def test_csv_and_parquet_score_the_same(predictor, tmp_path):
    frame = samples.orders(30, seed=4)
    frame.write_csv(tmp_path / "orders.csv")
    frame.write_csv(tmp_path / "orders.tsv", separator="\t")
    expected = predictor.predict(frame)
    for name in ("orders.csv", "orders.tsv"):
        found = predictor.predict(read_table(tmp_path / name))
        assert found["score"].to_list() == expected["score"].to_list()
        assert found["objectId"].to_list() == expected["objectId"].to_list()


def test_class_numbers_are_passed_on_and_other_labels_are_not(predictor):
    frame = samples.orders(4)
    assert predictor.predict(frame.with_columns(label=pl.Series([0, 1, 1, 0])))["label"].to_list() == [0, 1, 1, 0]
    some = predictor.predict(frame.with_columns(label=pl.Series(["0", None, "1", None])))
    assert some["label"].to_list() == [0, None, 1, None]
    for other in (["ham", "spam", "0", "1"], ["0", "1", "2", "1"]):
        labels = pl.Series(other, dtype=pl.String)
        assert "label" not in predictor.predict(frame.with_columns(label=labels)).columns


def test_the_onnx_backend_needs_no_torch(trained):
    code = f"""
import sys
for name in ("torch", "lightning", "torchmetrics", "transformers", "onnx"):
    sys.modules[name] = None
import polars as pl
from names3risk.serving import Predictor
frame = pl.read_parquet({str(trained.model_dir.parent / "orders.parquet")!r})
print(Predictor.load({str(trained.model_dir)!r}).predict(frame).height)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "240", done.stderr


def test_progress_ends_with_all_rows(predictor):
    seen = []
    predictor.predict(samples.orders(600), on_progress=seen.append)
    assert seen == [*range(64, 600, 64), 600]


def test_a_long_table_is_scored_in_pieces_like_a_short_one(predictor, trained, monkeypatch):
    frame = samples.orders(50, seed=3)
    whole, seen = predictor.predict(frame), []
    monkeypatch.setattr("names3risk.serving.tables.PIECE", 21)
    pieces = predictor.predict(frame, on_progress=seen.append)
    assert pieces["objectId"].to_list() == whole["objectId"].to_list()
    assert np.abs(pieces["score"].to_numpy() - whole["score"].to_numpy()).max() < 1e-6
    assert seen == [21, 42, 50]
    artifacts = predictor.artifacts
    with pytest.raises(ArtifactError, match=r"no number for row 23 \(1 such rows\)"):
        Predictor(artifacts, FailsAt(2)).predict(frame)


class FailsAt:
    """Gives no number for one row of the second call."""

    batch_size = 64

    def __init__(self, row):
        self.row, self.calls = row, 0

    def __call__(self, tokens, tabular, on_progress):
        result = np.full((len(tokens), 2), 0.5, dtype=np.float32)
        self.calls += 1
        if self.calls == 2:
            result[self.row] = np.nan
        return result


def test_a_table_without_rows_has_no_scores(predictor):
    assert predictor.predict(samples.orders(3).clear()).height == 0


def test_an_unknown_backend_is_named(trained):
    with pytest.raises(ConfigError, match=r"unknown backend .tensorflow.(?s:.)*onnx, onnx-int8, torch"):
        Predictor.load(trained.model_dir, "tensorflow")


def test_a_score_that_is_no_number_is_an_error_that_names_the_row(predictor):
    def broken(input_ids, attention_mask, tabular):
        return np.full((len(input_ids), 2), np.nan, dtype=np.float32)

    broken.batch_size = 256
    with pytest.raises(ArtifactError, match="no number for row 0"):
        Predictor(predictor.artifacts, broken).predict(samples.orders(3))


def test_three_classes_have_three_probabilities_and_no_score(tmp_path):
    label = {"column": "paymentMethod", "classes": [["card"], ["wallet"], ["invoice"]]}
    splits = samples.write_splits(tmp_path, label=label, cat_field_list=[])
    result = samples.train(tmp_path, splits=splits, num_classes=3)
    found = Predictor.load(result.model_dir).predict(load_split(splits / "test").frame)
    assert [name for name in found.columns if name.startswith("prob")] == [f"prob_class_{k}" for k in range(3)]
    assert "score" not in found.columns
    assert result.evaluations["test"].overall.values["accuracy"] > 0


@settings(max_examples=50, deadline=None)
@given(lengths=st.lists(st.integers(0, 9), max_size=40), batch_size=st.integers(1, 7))
def test_padded_batches_hold_every_row_once_with_its_tokens(lengths, batch_size):
    rows = [list(range(1, length + 1)) for length in lengths]
    seen = []
    for positions, input_ids, mask in padded_batches(RaggedTokens.from_lists(rows), batch_size):
        assert len(positions) <= batch_size
        assert input_ids.shape == mask.shape
        assert mask.shape[1] == max(1, *(lengths[row] for row in positions), 1)
        for position, ids, valid in zip(positions, input_ids, mask, strict=True):
            assert ids[valid].tolist() == rows[position]
            seen.append(position)
    assert sorted(seen) == list(range(len(rows)))


@pytest.mark.parametrize("length", [1, 30, 512, 513, 2000])
def test_a_single_row_of_any_length_has_no_padding(length):
    input_ids, mask = single_row(RaggedTokens.from_lists([list(range(length))]))
    assert input_ids.tolist() == [list(range(length))]
    assert input_ids.dtype == np.int64
    assert mask.shape == (1, length)
    assert mask.all()
