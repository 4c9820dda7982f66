"""The training script of the multimodal container: its paths, its results, and how it fails."""

import json
import os
import subprocess
import sys
from pathlib import Path

import names3risk_samples as samples
import polars as pl
import pytest
from names3risk_pretrained import write_pretrained

SCRIPT = Path(__file__).parents[3] / "dockers" / "pytorch_bsm" / "train.py"
SETTINGS = {
    "model_class": "lstm2risk",
    "id_name": "objectId",
    "label_name": "target",
    "text_name": "customerName",
    "tab_field_list": ["amount", "ageInDays"],
    "cat_field_list": ["paymentMethod"],
    "max_epochs": 1,
    "batch_size": 16,
    "max_sen_len": 16,
    **samples.MODELS["lstm2risk"],
}


@pytest.fixture
def base(tmp_path):
    """A container's root with raw splits and hyperparameters, and no column schema."""
    frame = samples.orders().with_columns(target=pl.col("status").is_in(["F", "I"]).cast(pl.Int64))
    for name, part in {"train": frame[:140], "val": frame[140:190], "test": frame[190:]}.items():
        folder = tmp_path / "input" / "data" / name
        folder.mkdir(parents=True)
        part.write_parquet(folder / "part.parquet")
    (tmp_path / "input" / "config").mkdir()
    (tmp_path / "input" / "config" / "hyperparameters.json").write_text(json.dumps(SETTINGS))
    return tmp_path


def run(base, **environment):
    variables = {**os.environ, "SAGEMAKER_BASE_DIR": str(base), "OMP_NUM_THREADS": "1", **environment}
    return subprocess.run([sys.executable, str(SCRIPT)], env=variables, capture_output=True, text=True, check=False)


def test_raw_splits_are_trained_on_and_every_output_is_written(base):
    done = run(base)
    assert done.returncode == 0, done.stderr
    assert {"model.pth", "model_artifacts.pth", "model.onnx"} <= {path.name for path in (base / "model").iterdir()}
    results = {path.name for path in (base / "output" / "data").iterdir()}
    assert {"predict_results.pth", "tensorboard_eval", "test_predictions.parquet"} <= results
    assert (base / "checkpoints" / "best.ckpt").exists()
    found = pl.read_parquet(base / "output" / "data" / "test_predictions.parquet")
    assert found["objectId"].to_list() == samples.orders()["objectId"][190:].to_list()


def test_a_multimodal_class_reads_dialogues_and_tables(base):
    names = {name: value for name, value in SETTINGS.items() if name not in samples.MODELS["lstm2risk"]}
    own = {"model_class": "multimodal_cnn", "embedding_size": 4, "n_filters": 4, "hidden_common_dim": 4}
    settings = {name: json.dumps(value) for name, value in {**names, **own, "max_total_chunks": 2}.items()}
    (base / "input" / "config" / "hyperparameters.json").write_text(json.dumps(settings))
    done = run(base)
    assert done.returncode == 0, done.stderr
    saved = json.loads((base / "model" / "hyperparameters.json").read_text())
    assert (saved["model_class"], saved["max_total_chunks"]) == ("multimodal_cnn", 2)
    assert pl.read_parquet(base / "output" / "data" / "test_predictions.parquet")["score"].is_between(0, 1).all()


def test_a_pretrained_encoder_comes_in_through_its_channel(base):
    channel = base / "input" / "data" / "pretrained"
    (channel / "tiny").mkdir(parents=True)
    write_pretrained(channel / "tiny")
    roles = {name: SETTINGS[name] for name in ("id_name", "label_name", "text_name", "max_epochs", "batch_size")}
    own = {"model_class": "bert", "tab_field_list": [], "cat_field_list": [], "max_sen_len": 16, "freeze_encoder": True}
    settings = json.dumps({**roles, **own, "pretrained": "tiny"})
    (base / "input" / "config" / "hyperparameters.json").write_text(settings)
    done = run(base)
    assert done.returncode == 0, done.stderr
    assert "refund" in json.loads((base / "model" / "vocab.json").read_text())
    assert json.loads((base / "model" / "hyperparameters.json").read_text())["bert_hidden_size"] == 8


def test_a_missing_channel_fails_with_the_reason_in_the_failure_file(base):
    (base / "input" / "data" / "val" / "part.parquet").unlink()
    (base / "input" / "data" / "val").rmdir()
    done = run(base)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "val" in (base / "output" / "failure").read_text()
    assert not (base / "model").exists() or not list((base / "model").iterdir())
