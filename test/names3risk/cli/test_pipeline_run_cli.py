"""`names3risk pipeline run`: the whole example on this machine, with scripts that only pass files on."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from names3risk.cli.pipeline import app

ROOT = Path(__file__).parents[3]
HEAD = """
import json, os, pathlib
base = pathlib.Path(os.environ.get("SAGEMAKER_BASE_DIR", "/opt/ml"))
"""
SCRIPTS = {
    "tabular_preprocessing.py": """
rows = (base / "processing/input/data/rows.txt").read_text()
json.loads((base / "processing/input/config/columns.json").read_text())
for split in ("train", "val", "test"):
    folder = base / "processing/output" / split
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "rows.txt").write_text(f"{split} of {rows}")
""",
    "tokenizer_training.py": """
seen = sorted(path.name for path in (base / "processing/input/train").iterdir())
(base / "processing/output/tokenizer.json").write_text(json.dumps(seen))
""",
    "pytorch_training.py": """
data = base / "input/data"
splits = [(data / split / "rows.txt").read_text() for split in ("train", "val", "test")]
tokenizer = json.loads((data / "model_artifacts_input/tokenizer.json").read_text())
hyperparameters = json.loads((base / "input/config/hyperparameters.json").read_text())
model = {"splits": splits, "tokenizer": tokenizer, "hyperparameters": hyperparameters}
(base / "model/model.json").write_text(json.dumps(model))
""",
    "model_evaluation.py": """
import tarfile
archive = next((base / "processing/input/model").glob("*.tar.gz"))
with tarfile.open(archive) as opened:
    model = json.load(opened.extractfile("model.json"))
assert (base / "processing/input/eval_data/rows.txt").read_text() == model["splits"][2]
(base / "processing/output/eval").mkdir(parents=True, exist_ok=True)
(base / "processing/output/eval/predictions.csv").write_text("score")
(base / "processing/output/metrics").mkdir(parents=True, exist_ok=True)
evaluation = {"metrics": {"auroc": 0.9}, "model": model}
(base / "processing/output/metrics/evaluation.json").write_text(json.dumps(evaluation))
""",
}


@pytest.fixture
def config(tmp_path):
    """The example with these scripts."""
    (tmp_path / "code").mkdir()
    for name, text in SCRIPTS.items():
        (tmp_path / "code" / name).write_text(HEAD + text)
    (tmp_path / "rows.txt").write_text("raw rows")
    shutil.copytree(ROOT / "examples", tmp_path, dirs_exist_ok=True)
    path = tmp_path / "names3risk.yaml"
    text = path.read_text().replace("code: ../dockers/names3risk_pytorch", "code: code")
    path.write_text(text.replace("../", f"{ROOT}/"))
    return path


def run(config, *more):
    folder = config.parent
    data = ["--parameter", f"RawDataUri=file:{folder / 'rows.txt'}"]
    return CliRunner().invoke(app, ["run", str(config), *data, *(str(each) for each in more)])


def test_a_good_model_is_registered_and_a_second_run_reuses_everything(config):
    runs = config.parent / "runs"
    done = run(config, "--run-dir", runs / "one")
    assert done.exit_code == 0, done.output
    record = json.loads((runs / "one" / "run.json").read_text())
    statuses = {name: step["status"] for name, step in _steps(record).items()}
    assert statuses == {
        "Preprocess": "Succeeded",
        "TrainTokenizer": "Succeeded",
        "TrainModel": "Succeeded",
        "Evaluate": "Succeeded",
        "CheckAuroc": "Succeeded",
        "Register": "Succeeded",
        "Reject": "Skipped",
    }
    evaluation = json.loads(next(Path(runs / "s3").rglob("evaluation.json")).read_text())
    assert evaluation["model"]["splits"] == [f"{split} of raw rows" for split in ("train", "val", "test")]
    assert evaluation["model"]["tokenizer"] == ["rows.txt"]
    assert evaluation["model"]["hyperparameters"]["model_class"] == "lstm2risk"
    assert any((runs / "registry").rglob("*.json"))
    again = run(config, "--run-dir", runs / "two")
    assert again.exit_code == 0, again.output
    steps = _steps(json.loads((runs / "two" / "run.json").read_text()))
    assert all(steps[name]["cached"] for name in ("Preprocess", "TrainTokenizer", "TrainModel", "Evaluate"))


def test_a_bad_model_is_rejected_with_the_reason(config):
    runs = config.parent / "runs"
    done = run(config, "--run-dir", runs / "one", "--parameter", "MinimumAuroc=0.95")
    assert done.exit_code == 1
    assert "Failed in" in done.output
    record = json.loads((runs / "one" / "run.json").read_text())
    reject = _steps(record)["Reject"]
    assert reject["status"] == "Failed"
    assert "The AUROC on the test split is below MinimumAuroc, which is 0.95" in reject["failure_reason"]
    assert _steps(record)["Register"]["status"] == "Skipped"


def _steps(record):
    steps = record["steps"]
    return steps if isinstance(steps, dict) else {step["name"]: step for step in steps}
