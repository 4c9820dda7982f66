"""The calibration job: fitted and measured on different rows, and better on those that it did not see."""

import json

import numpy as np
import polars as pl
import pytest

from names3risk.calibration import run_calibration_job
from names3risk.data.reading import read_table
from names3risk.errors import ConfigError, DataError
from names3risk.evaluation.calibration import Calibration
from names3risk.evaluation.reliability import reliability

METHODS = ("isotonic", "platt", "beta", "temperature")


def overconfident(rows=3000, classes=2, seed=0):
    """Predictions whose log odds are three times too large."""
    random = np.random.default_rng(seed)
    logits = random.normal(size=(rows, classes))
    truth = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    labels = (truth.cumsum(axis=1) < random.random((rows, 1))).sum(axis=1)
    sharp = np.exp(3 * logits) / np.exp(3 * logits).sum(axis=1, keepdims=True)
    columns = {f"prob_class_{index}": sharp[:, index] for index in range(classes)}
    ids = [f"order-{index}" for index in range(rows)]
    return pl.DataFrame({"objectId": ids, "label": labels.clip(0, classes - 1), **columns})


def run(folder, frame, name="predictions.parquet", **settings):
    (folder / "in").mkdir(exist_ok=True)
    frame.write_parquet(folder / "in" / name) if name.endswith("parquet") else frame.write_csv(folder / "in" / name)
    return run_calibration_job(
        evaluation_data_dir=folder / "in",
        calibration_dir=folder / "calibration",
        calibrated_data_dir=folder / "data",
        metrics_dir=folder / "metrics",
        **settings,
    )


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("method", METHODS)
def test_scores_keep_their_promise_on_rows_that_were_not_fitted_on(tmp_path, method, classes):
    result = run(tmp_path, overconfident(classes=classes), method=method)
    assert result.before.ece > 0.1
    assert result.after.ece < 0.05
    assert result.after.brier < result.before.brier
    written = json.loads((tmp_path / "metrics" / "calibration_metrics.json").read_text())
    assert written["method"] == method
    assert sum(written["rows"].values()) == 3000
    assert written["rows"]["fitted"] == pytest.approx(1500, abs=classes)
    for name, measured in (("before", result.before), ("after", result.after)):
        assert written[name]["ece"] == measured.ece
        assert written[name]["mce"] == measured.mce
        assert written[name]["brier"] == measured.brier
    assert (tmp_path / "metrics" / "reliability.png").read_bytes().startswith(b"\x89PNG")


def test_the_parts_share_no_row_and_only_one_of_them_decides_the_map(tmp_path):
    frame = overconfident()
    result = run(tmp_path, frame)
    data = read_table(tmp_path / "data" / "predictions.parquet")
    assert data["objectId"].to_list() == frame["objectId"].to_list()
    fitted = data.filter(pl.col("calibration_part") == "fit")
    again = Calibration.fit(fitted["label"], fitted.select("^prob_class_.$").to_numpy(), "isotonic")
    assert again == result.calibration == Calibration.load(tmp_path / "calibration" / "calibration.json")
    scored = data.filter(pl.col("calibration_part") == "score")
    assert reliability(scored["label"], scored.select("^calibrated_prob_class_.$").to_numpy()) == result.after
    assert reliability(scored["label"], scored.select("^prob_class_.$").to_numpy()) == result.before
    is_scored = data["calibration_part"] == "score"
    columns = [pl.when(is_scored).then(0.5).otherwise(pl.col(name)).alias(name) for name in frame.columns[2:]]
    (tmp_path / "other").mkdir()
    assert run(tmp_path / "other", frame.with_columns(columns)).calibration == result.calibration


@pytest.mark.parametrize("fit_share", [0.01, 0.5, 0.99])
def test_each_class_is_in_both_parts(tmp_path, fit_share):
    frame = overconfident(200).with_columns(label=pl.Series([1, 1] + [0] * 198))
    run(tmp_path, frame, method="platt", fit_share=fit_share)
    data = read_table(tmp_path / "data" / "predictions.parquet")
    assert sorted(data.filter(pl.col("label") == 1)["calibration_part"]) == ["fit", "score"]


def test_percentiles_are_ranks_among_the_fitted_rows(tmp_path):
    run(tmp_path, overconfident(), fit_share=0.8)
    data = read_table(tmp_path / "data" / "predictions.parquet")
    assert (data["calibration_part"] == "fit").sum() == pytest.approx(2400, abs=1)
    fitted = data.filter(pl.col("calibration_part") == "fit")["prob_class_1"].to_numpy()
    others = data.filter(pl.col("calibration_part") == "score")
    ranks = [100 * (fitted <= score).mean() for score in others["prob_class_1"]]
    assert others["score_percentile"].to_list() == pytest.approx(ranks, abs=0.3)


def test_the_same_rows_give_the_same_bytes_and_another_seed_other_parts(tmp_path):
    for name in ("one", "two", "three"):
        (tmp_path / name).mkdir()
        run(tmp_path / name, overconfident(300), seed=3 if name == "three" else 0)
    one, two, three = (
        (tmp_path / name / "calibration" / "calibration.json").read_bytes() for name in ("one", "two", "three")
    )
    assert one == two != three


def test_csv_predictions_stay_csv(tmp_path):
    run(tmp_path, overconfident(200), "predictions.csv", method="beta")
    assert read_table(tmp_path / "data" / "predictions.csv").height == 200


@pytest.mark.parametrize(
    ("frame", "settings", "error", "message"),
    [
        (overconfident(50), {"method": "spline"}, ConfigError, "unknown calibration method 'spline'"),
        (overconfident(50), {"fit_share": 1.0}, ConfigError, "fit_share is 1; expected a number between 0 and 1"),
        (overconfident(50).drop("label"), {}, DataError, "expected 'label' and 'prob_class_0'"),
        (overconfident(50).drop("prob_class_0"), {}, DataError, "give the predictions of an evaluation"),
        (overconfident(50, 3).drop("prob_class_1"), {}, DataError, "expected prob_class_0, prob_class_1"),
        (
            overconfident(50).with_columns(label=pl.lit(2)),
            {},
            DataError,
            "holds 2 in row 1; expected a class from 0 to 1",
        ),
        (overconfident(50).with_columns(label=pl.lit(None)), {}, DataError, "'label' has rows without a number"),
        (overconfident(50).with_columns(label=pl.Series([1] + [0] * 49)), {}, DataError, "one row is of class 1"),
        (overconfident(50).with_columns(label=pl.lit(0)), {}, DataError, "rows per class are"),
    ],
)
def test_what_cannot_be_calibrated_is_named_and_earlier_outputs_stay(tmp_path, frame, settings, error, message):
    (tmp_path / "calibration").mkdir()
    (tmp_path / "calibration" / "calibration.json").write_text("earlier")
    with pytest.raises(error, match=message):
        run(tmp_path, frame, **settings)
    assert (tmp_path / "calibration" / "calibration.json").read_text() == "earlier"
    assert not (tmp_path / "metrics").exists()
