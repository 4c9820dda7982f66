"""The metrics that a training step promises are those that its script prints."""

from __future__ import annotations

import math
from pathlib import Path

import names3risk_samples as samples
import pytest
from runner_kit import Place

from pipeline_steps import PipelineBuilder, PyTorchTrainingStepBuilder, XGBoostTrainingStepBuilder, publish_local
from pipeline_steps.settings import PipelineSettings, TrainingSettings

ROOT = Path(__file__).parents[3]
XGBOOST = {"num_round": 3, "nthread": 1, "explained_rows": 0}
PYTORCH = {
    "model_class": "lstm2risk",
    "max_epochs": 1,
    "batch_size": 16,
    "max_sen_len": 16,
    **samples.MODELS["lstm2risk"],
}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("builder", "code", "hyperparameters"),
    [(PyTorchTrainingStepBuilder, "pytorch_bsm", PYTORCH), (XGBoostTrainingStepBuilder, "xgboost", XGBOOST)],
)
def test_every_metric_is_found_in_the_log(place: Place, builder: type, code: str, hyperparameters: dict) -> None:
    samples.write_splits(place.s3 / "bucket", samples.orders(200))
    settings = TrainingSettings(
        image="image", code=ROOT / "dockers" / code, instance_type="ml.m5.xlarge", hyperparameters=hyperparameters
    )
    pipeline = PipelineBuilder(
        PipelineSettings(name="P", role="arn:aws:iam::123456789012:role/R", storage="s3://bucket/p")
    )
    pipeline.add(builder("Train", settings)).connect("Train", "input_path", "s3://bucket/splits")
    publish_local(pipeline.assets(), place.s3)
    record = place.run(pipeline.definition())
    assert record.succeeded, record.failure_reason
    step = record.steps["Train"]
    assert step.warnings == []
    found = {item["MetricName"]: item["Value"] for item in step.properties["FinalMetricDataList"]}
    assert list(found) == list(builder.printed_metrics)
    assert found["val_loss"] > 0
    assert math.isfinite(found["val_loss"])
    assert str(found["val_loss"]) in place.log(record, "Train")
