"""Reports: from predictions to metrics, pictures, TensorBoard logs and tensors."""

import numpy as np
import polars as pl
import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from names3risk.errors import DataError
from names3risk.evaluation.curves import groups
from names3risk.evaluation.report import Report

PNG = b"\x89PNG\r\n\x1a\n"


def predictions(rows=60, classes=2, seed=0):
    random = np.random.default_rng(seed)
    labels = random.integers(0, classes, rows)
    probabilities = random.dirichlet(np.ones(classes), rows) * 0.5 + 0.5 * np.eye(classes)[labels]
    frame = pl.DataFrame(
        {"id": [f"r{row}" for row in range(rows)], "label": labels, "country": ["US", "DE", "US"] * (rows // 3)}
    )
    return frame.with_columns(
        pl.Series(f"prob_class_{k}", probabilities[:, k].astype(np.float32)) for k in range(classes)
    )


@pytest.mark.parametrize("classes", [2, 3])
def test_a_report_writes_two_pictures(tmp_path, classes):
    report = Report.of("test", predictions(classes=classes), "country")
    report.save_pictures(tmp_path / "roc.png", tmp_path / "pr.png")
    assert (tmp_path / "roc.png").read_bytes().startswith(PNG)
    assert (tmp_path / "pr.png").read_bytes().startswith(PNG)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["pr.png", "roc.png"]


def test_pictures_are_drawn_where_there_is_one_class_only(tmp_path):
    frame = predictions().with_columns(label=pl.lit(0))
    report = Report.of("test", frame, "country")
    report.save_pictures(tmp_path / "roc.png", tmp_path / "pr.png")
    assert (tmp_path / "roc.png").stat().st_size > 0


def test_curves_are_drawn_for_marketplaces_with_both_classes_only():
    labels = np.array([0, 1, 0, 1, 0, 0])
    probabilities = np.stack([1 - np.linspace(0.1, 0.9, 6), np.linspace(0.1, 0.9, 6)], axis=1)
    found = groups(labels, probabilities, ["US", "US", "DE", "DE", "JP", "JP"])
    assert [group.name for group in found] == ["all", "US (2)", "DE (2)"]
    assert [group.name for group in groups(labels, probabilities, ["US"] * 6)] == ["all"]
    assert [group.name for group in groups(labels, probabilities, None)] == ["all"]


def test_tensorboard_holds_the_metrics_of_all_rows_and_of_each_marketplace(tmp_path):
    report = Report.of("test", predictions(), "country")
    report.log(tmp_path / "logs")
    events = EventAccumulator(str(tmp_path / "logs")).Reload()
    assert events.Scalars("test/auroc")[0].value == pytest.approx(report.evaluation.overall.values["auroc"])
    germany = report.evaluation.by_marketplace["DE"].values["auroc"]
    assert events.Scalars("test_by_marketplace/DE/auroc")[0].value == pytest.approx(germany)
    assert {"test/roc_curve", "test/precision_recall_curve"} <= set(events.Tags()["images"])


@pytest.mark.parametrize("classes", [2, 3])
def test_tensors_hold_labels_and_scores(tmp_path, classes):
    frame = predictions(classes=classes)
    Report.of("test", frame, None).save_tensors(tmp_path / "predict_results.pth")
    found = torch.load(tmp_path / "predict_results.pth", weights_only=True)
    assert found["y_true"].tolist() == frame["label"].to_list()
    expected = frame["prob_class_1"] if classes == 2 else frame.select(pl.col("^prob_class_.*$"))
    assert np.array_equal(found["y_pred"].numpy(), expected.to_numpy())


def test_a_marketplace_column_of_numbers_is_reported_by_its_text():
    frame = predictions().with_columns(country=pl.Series([1, 3, 1] * 20))
    assert list(Report.of("test", frame, "country").evaluation.by_marketplace) == ["1", "3"]


def test_unlabelled_predictions_cannot_be_evaluated():
    with pytest.raises(DataError, match="column 'label' is missing"):
        Report.of("test", predictions().drop("label"), None)
    frame = predictions().with_columns(label=pl.when(pl.int_range(pl.len()) > 1).then("label"))
    with pytest.raises(DataError, match="2 rows have no label"):
        Report.of("test", frame, None)
