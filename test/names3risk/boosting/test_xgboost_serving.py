"""The handlers with an XGBoost model: every media type gives the scores of evaluation, calibrated where wanted."""

import io
import json

import names3risk_samples as samples
import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

from names3risk.boosting.hyperparameters import parse_xgboost_hyperparameters
from names3risk.boosting.job import run_xgboost_training_job
from names3risk.boosting.loading import load_served
from names3risk.boosting.serving import model_fn
from names3risk.cli.app import app
from names3risk.data.reading import read_table
from names3risk.data.splits import load_split
from names3risk.errors import ArtifactError, ConfigError, DataError
from names3risk.evaluation.calibration import Calibration
from names3risk.serving.handlers import input_fn, output_fn, predict_fn


@pytest.fixture(scope="module", params=["risk_tables", "native"])
def trained(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp(request.param)
    splits = samples.write_splits(folder, samples.orders(400), format="csv")
    return run_xgboost_training_job(
        train_dir=splits / "train",
        val_dir=splits / "val",
        test_dir=splits / "test",
        hyperparameters=parse_xgboost_hyperparameters(
            {"nthread": 1, "num_round": 8, "explained_rows": 0, "categorical_encoding": request.param}
        ),
        model_dir=folder / "model",
        data_dir=folder / "data",
    )


@pytest.fixture(scope="module")
def rows(trained):
    frame = load_split(trained.model_dir.parent / "splits" / "test").frame
    return frame.select("objectId", "amount", "ageInDays", "itemCount", "paymentMethod")


@pytest.fixture(scope="module")
def expected(trained):
    return read_table(trained.data_dir / "test_predictions.csv")["score"].cast(pl.Float64).to_list()


def parquet(frame):
    buffer = io.BytesIO()
    frame.write_parquet(buffer)
    return buffer.getvalue()


BODIES = {
    "text/csv": lambda frame: frame.write_csv(),
    "text/csv; header=absent": lambda frame: frame.write_csv(include_header=False),
    "application/json": lambda frame: json.dumps(frame.to_dicts()),
    "application/jsonlines": lambda frame: "".join(json.dumps(row) + "\n" for row in frame.to_dicts()),
    "application/x-parquet": parquet,
}


@pytest.mark.parametrize("content_type", BODIES)
def test_every_media_type_gives_the_scores_of_evaluation(trained, rows, expected, content_type):
    model = model_fn(str(trained.model_dir))
    scored = predict_fn(input_fn(BODIES[content_type](rows), content_type), model)
    assert list(scored["objectId"]) == rows["objectId"].to_list()
    assert scored["legacy-score"] == pytest.approx(expected, abs=1e-6)
    assert set(scored["calibrated-score"]) == {None}
    body, media_type = output_fn(scored, "application/json")
    assert media_type == "application/json"
    assert len(json.loads(body)["predictions"]) == rows.height


def test_a_calibrated_model_tells_both_scores_and_the_percentile(trained, rows, expected, tmp_path):
    labels = read_table(trained.data_dir / "val_predictions.csv")
    probabilities = labels.select(pl.col("^prob_class_.$").cast(pl.Float64)).to_numpy()
    calibration = Calibration.fit(labels["label"].cast(pl.Int64).to_numpy(), probabilities, "platt")
    path = calibration.save(trained.model_dir)
    try:
        scored = predict_fn(rows.to_dicts(), model_fn(trained.model_dir))
    finally:
        path.unlink()
    scores = np.array(expected)
    assert scored["legacy-score"] == pytest.approx(expected, abs=1e-6)
    wanted = calibration.apply(np.stack([1 - scores, scores], axis=1))[:, 1]
    assert scored["calibrated-score"] == pytest.approx(wanted.tolist(), abs=1e-5)
    assert scored["score-percentile"] == pytest.approx(calibration.percentile(scores).tolist(), abs=1e-2)


def test_a_calibration_of_another_number_of_classes_is_named(trained):
    path = Calibration.fit([0, 1, 2] * 4, np.full((12, 3), 1 / 3), "temperature").save(trained.model_dir)
    try:
        with pytest.raises(ArtifactError, match="is of 3 classes; expected 2"):
            model_fn(trained.model_dir)
    finally:
        path.unlink()


def test_values_mean_what_they_mean_in_a_table(trained, rows):
    model = model_fn(trained.model_dir)
    row = rows.row(0, named=True)
    variants = [
        {**row, "amount": None},
        {**row, "amount": ""},
        {**row, "amount": "NaN"},
        {**row, "amount": float("nan")},
    ]
    scores = predict_fn(variants, model)["legacy-score"]
    assert len(set(scores)) == 1
    whole = predict_fn([{**row, "itemCount": 3}, {**row, "itemCount": "3.0"}, {**row, "itemCount": 3.0}], model)
    assert len(set(whole["legacy-score"])) == 1
    assert predict_fn([], model)["legacy-score"] == []


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"amount": "much"}, "column 'amount' holds 'much' in row 1"),
        ({"paymentMethod": ["card"]}, "column 'paymentMethod' is a list in row 1"),
        ({"amount": ...}, "row 1: missing column 'amount'"),
    ],
)
def test_what_cannot_be_scored_is_named(trained, rows, change, message):
    row = {name: value for name, value in {**rows.row(0, named=True), **change}.items() if value is not ...}
    with pytest.raises(DataError, match=message):
        predict_fn([row], model_fn(trained.model_dir))


def test_the_commands_take_the_model_folder_as_that_of_a_network(trained, expected, tmp_path):
    rows = trained.model_dir.parent / "splits" / "test" / "data.csv"
    options = ["--model", str(trained.model_dir), "--in", str(rows), "--out", str(tmp_path / "scores.csv")]
    done = CliRunner().invoke(app, ["predict", *options])
    assert done.exit_code == 0, done.output
    found = read_table(tmp_path / "scores.csv")
    assert found["score"].cast(pl.Float64).to_list() == pytest.approx(expected, abs=1e-6)
    assert found.columns[:3] == ["objectId", "label", "marketplaceCountryCode"]
    labelled = ["--model", str(trained.model_dir), "--data", str(rows.parent), "--json", str(tmp_path / "metrics.json")]
    done = CliRunner().invoke(app, ["evaluate", *labelled])
    assert done.exit_code == 0, done.output
    assert json.loads((tmp_path / "metrics.json").read_text()) == json.loads(
        (trained.data_dir / "test_metrics.json").read_text()
    )
    refused = CliRunner().invoke(app, ["predict", *options, "--backend", "torch"])
    assert isinstance(refused.exception, ConfigError)
    assert "this is an XGBoost model" in str(refused.exception)


def test_the_served_model_is_found_by_its_files(trained, rows, expected):
    model = load_served(trained.model_dir, threads=1)
    assert predict_fn(rows.to_dicts(), model)["legacy-score"] == pytest.approx(expected, abs=1e-6)
    with pytest.raises(ConfigError, match="backend 'torch' is for networks"):
        load_served(trained.model_dir, backend="torch")
