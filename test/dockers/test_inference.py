"""The serving scripts of both images: their contract, and their handlers on a trained model."""

import importlib.util
import json
from pathlib import Path

import names3risk_samples as samples
import polars as pl
import pytest

from pipeline_script_contracts import PYTORCH_INFERENCE_CONTRACT

SCRIPTS = [
    Path(__file__).parents[2] / "dockers" / image / "inference.py" for image in ("names3risk_pytorch", "pytorch_bsm")
]


@pytest.fixture(params=SCRIPTS, ids=lambda path: path.parent.name)
def script(request):
    return request.param


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    return samples.train(tmp_path_factory.mktemp("inference"))


def test_the_contract_holds(script):
    result = PYTORCH_INFERENCE_CONTRACT.validate_implementation(script)
    assert result.is_valid, result.errors
    proven = [finding for finding in result.findings if finding.verdict.name == "PROVEN"]
    assert any("/opt/ml/model" in finding.message for finding in proven)


def test_the_handlers_give_the_scores_of_evaluation(script, trained):
    spec = importlib.util.spec_from_file_location(f"inference_{script.parent.name}", script)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    expected = pl.read_parquet(trained.data_dir / "test_predictions.parquet")
    raw = samples.orders().filter(pl.col("objectId").is_in(expected["objectId"].to_list()))
    model = module.model_fn(str(trained.model_dir))
    data = module.input_fn(raw.write_csv(), "text/csv")
    body, media_type = module.output_fn(module.predict_fn(data, model), "application/json")
    found = {row["objectId"]: row["legacy-score"] for row in json.loads(body)["predictions"]}
    assert media_type == "application/json"
    wanted = dict(zip(expected["objectId"], expected["score"], strict=True))
    assert found == pytest.approx(wanted, abs=1e-6)
