"""A transform through the serving handlers of the containers: the scores are those of evaluation."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import names3risk_samples as samples
import polars as pl
import pytest
from runner_kit import Place, get, pipeline

from pipeline_steps.local.archives import pack

HANDLERS = Path(__file__).parents[3] / "dockers" / "names3risk_pytorch" / "inference.py"
LINES, PARQUET = "application/jsonlines", "application/x-parquet"


def scoring(content: str, split: str, **more: Any) -> dict[str, Any]:
    model = {
        "Name": "Model",
        "Type": "Model",
        "Arguments": {"PrimaryContainer": {"Image": "image", "ModelDataUrl": "s3://models/model.tar.gz"}},
    }
    source = {"DataSource": {"S3DataSource": {"S3Uri": "s3://data/in"}}, "ContentType": content, "SplitType": split}
    arguments = {
        "ModelName": get("Steps.Model.ModelName"),
        "TransformInput": source,
        "TransformOutput": {"S3OutputPath": "s3://out/scores", "AssembleWith": "Line", "Accept": LINES},
        **more,
    }
    return pipeline(model, {"Name": "Score", "Type": "Transform", "Arguments": arguments})


@pytest.mark.slow
def test_scores_of_a_batch_are_those_of_evaluation(place: Place) -> None:
    trained = samples.train(place.root / "training")
    files = {path.name: path for path in trained.model_dir.iterdir() if path.is_file()}
    pack({**files, "code/inference.py": HANDLERS}, place.s3 / "models" / "model.tar.gz")
    evaluated = pl.read_parquet(trained.data_dir / "test_predictions.parquet")
    raw = evaluated.select("objectId").join(samples.orders(), on="objectId", maintain_order="left")
    place.put("data/in/lines/rows.jsonl", raw.write_ndjson())
    join = {"JoinSource": "Input", "OutputFilter": "$['objectId','SageMakerOutput']"}
    definition = scoring(LINES, "Line", DataProcessing=join)
    record = place.run(definition)
    assert record.succeeded, record.failure_reason
    assert not record.steps["Model"].warnings
    rows = [json.loads(line) for line in place.read("s3://out/scores/lines/rows.jsonl.out").splitlines()]
    assert [row["objectId"] for row in rows] == evaluated["objectId"].to_list()
    scores = [row["SageMakerOutput"]["legacy-score"] for row in rows]
    assert scores == pytest.approx(evaluated["score"].to_list(), abs=1e-6)

    (place.s3 / "data/in/lines/rows.jsonl").unlink()
    raw.write_parquet(place.put("data/in/rows.parquet", b""))
    record = place.run(scoring(PARQUET, "None"))
    assert record.succeeded, record.failure_reason
    whole = [json.loads(line) for line in place.read("s3://out/scores/rows.parquet.out").splitlines()]
    assert [row["legacy-score"] for row in whole] == pytest.approx(scores, abs=1e-6)
