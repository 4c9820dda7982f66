"""The XGBoost example, checked and run: from generated orders to a registered package that answers sample requests."""

import json
import tarfile
from pathlib import Path

import pytest
from typer.testing import CliRunner

from names3risk.boosting.serving import model_fn
from names3risk.cli.pipeline import app
from names3risk.data.synthetic import write_synthetic
from names3risk.serving.handlers import input_fn, predict_fn

ROOT = Path(__file__).parents[3]


def test_the_example_compiles_and_its_contracts_are_proven():
    done = CliRunner().invoke(app, ["check", str(ROOT / "examples" / "xgboost.yaml")])
    assert done.exit_code == 0, done.output
    assert "no problems" in done.output
    assert "0 violated, 0 unresolved" in done.output


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Runs the example on two training machines; gives the folder of runs."""
    folder = tmp_path_factory.mktemp("xgboost")
    write_synthetic(folder / "orders.parquet", 3000)
    text = (ROOT / "examples" / "xgboost.yaml").read_text().replace("../", f"{ROOT}/")
    (folder / "xgboost.yaml").write_text(text.replace("instance_count: 1 ", "instance_count: 2 "))
    data = f"RawDataUri=file:{folder / 'orders.parquet'}"
    options = ["--parameter", data, "--parameter", "MinimumAuroc=0.5", "--run-dir", str(folder / "runs" / "one")]
    done = CliRunner().invoke(app, ["run", str(folder / "xgboost.yaml"), *options])
    assert done.exit_code == 0, done.output
    return folder / "runs"


@pytest.mark.slow
def test_the_pipeline_ends_with_a_registered_package(run):
    steps = json.loads((run / "one" / "run.json").read_text())["steps"]
    steps = steps if isinstance(steps, dict) else {step["name"]: step for step in steps}
    assert {name for name, step in steps.items() if step["status"] != "Succeeded"} == {"Reject"}
    registered = next((run / "registry").rglob("model.tar.gz"))
    with tarfile.open(registered) as tar:
        names = tar.getnames()
    assert {"xgboost_model.bst", "calibration.json", "code/inference_xgb.py"} <= set(names)
    measured = json.loads(next((run / "s3").rglob("calibration_metrics.json")).read_text())
    assert set(measured) == {"method", "rows", "before", "after"}
    assert measured["method"] == "platt"


@pytest.mark.slow
def test_the_package_answers_the_sample_requests(run, tmp_path):
    with tarfile.open(next((run / "registry").rglob("model.tar.gz"))) as tar:
        tar.extractall(tmp_path, filter="data")
    model = model_fn(tmp_path)
    requests = sorted((run / "s3").rglob("payload_*.*"))
    assert len(requests) == 10
    types = {".csv": "text/csv", ".json": "application/json"}
    scores = [predict_fn(input_fn(path.read_bytes(), types[path.suffix]), model) for path in requests]
    for columns in scores:
        assert 0 < columns["legacy-score"][0] < 1
        assert 0 < columns["calibrated-score"][0] < 1
        assert 0 <= columns["score-percentile"][0] <= 100
    by_kind = {kind: [] for kind in types}
    for path, columns in zip(requests, scores, strict=True):
        by_kind[path.suffix] += columns["legacy-score"]
    assert by_kind[".csv"] == pytest.approx(by_kind[".json"], abs=1e-6)
