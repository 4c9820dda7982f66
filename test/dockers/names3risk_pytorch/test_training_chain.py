"""The four container scripts, run as containers run them: one after the other, each in its own folder."""

import argparse
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import names3risk_samples as samples
import polars as pl
import pytest

import names3risk
from names3risk.data.reading import read_table
from names3risk.errors import ArtifactError, ConfigError, DataError

SCRIPTS = Path(__file__).parents[3] / "dockers" / "names3risk_pytorch"
SETTINGS = {"model_class": "lstm2risk", **samples.TRAINING, **samples.MODELS["lstm2risk"]}


def run(script, base, *arguments, **environment):
    """Runs a script with its root in `base`, as a container has it in /opt/ml."""
    variables = {**os.environ, "SAGEMAKER_BASE_DIR": str(base), "OMP_NUM_THREADS": "1", **environment}
    command = [sys.executable, str(SCRIPTS / script), *arguments]
    return subprocess.run(command, env=variables, capture_output=True, text=True, check=False)


def write_json(path, value):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value))


def fails(done, *words):
    """One clear message on standard error, no traceback, exit code 1."""
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    message = done.stderr.strip().splitlines()[-1]
    assert message.startswith("error: ")
    for word in words:
        assert word in message
    return message


@pytest.fixture(scope="module")
def chain(tmp_path_factory):
    """Runs preprocessing, tokenizer training and training; gives their folders."""
    root = tmp_path_factory.mktemp("chain")
    raw = root / "preprocessing" / "processing" / "input"
    (raw / "data").mkdir(parents=True)
    samples.orders().write_csv(raw / "data" / "orders.csv")
    write_json(raw / "config" / "columns.json", samples.COLUMNS)
    done = run("tabular_preprocessing.py", root / "preprocessing")
    assert done.returncode == 0, done.stderr
    splits = root / "preprocessing" / "processing" / "output"

    shutil.copytree(splits / "train", root / "tokenizer" / "processing" / "input" / "train")
    done = run("tokenizer_training.py", root / "tokenizer", "--min_vocab_size", "60", "--max_vocab_size", "80")
    assert done.returncode == 0, done.stderr

    shutil.copytree(splits, root / "training" / "input" / "data")
    shutil.copytree(
        root / "tokenizer" / "processing" / "output", root / "training" / "input" / "data" / "model_artifacts_input"
    )
    strings = {name: json.dumps(value) if not isinstance(value, str) else value for name, value in SETTINGS.items()}
    write_json(root / "training" / "input" / "config" / "hyperparameters.json", strings)
    write_json(root / "training" / "input" / "config" / "hyperparameters_EU.json", {"max_epochs": "1"})
    done = run("pytorch_training.py", root / "training", "train", "--max_epochs", "2")
    assert done.returncode == 0, done.stderr
    return root


@pytest.fixture
def training(chain, tmp_path):
    """A copy of the training step's inputs."""
    shutil.copytree(chain / "training" / "input", tmp_path / "input")
    return tmp_path


@pytest.fixture
def evaluation(chain, tmp_path):
    """The inputs of the evaluation step: the packed model and the test split."""
    inputs = tmp_path / "processing" / "input"
    (inputs / "model").mkdir(parents=True)
    with tarfile.open(inputs / "model" / "model.tar.gz", "w:gz") as tar:
        tar.add(chain / "training" / "model", arcname=".")
    shutil.copytree(chain / "training" / "input" / "data" / "test", inputs / "eval_data")
    return tmp_path


def test_the_tokenizer_step_writes_tokenizer_vocabulary_and_report(chain):
    output = chain / "tokenizer" / "processing" / "output"
    assert {path.name for path in output.iterdir()} == {"tokenizer.json", "vocab.json", "tokenizer_report.json"}
    assert 60 <= len(json.loads((output / "vocab.json").read_text())) <= 80


def test_the_training_step_uses_the_given_tokenizer_and_the_hyperparameters_it_got_as_strings(chain):
    model = chain / "training" / "model"
    given = chain / "tokenizer" / "processing" / "output" / "tokenizer.json"
    assert (model / "tokenizer.json").read_text() == given.read_text()
    saved = json.loads((model / "hyperparameters.json").read_text())
    assert {name: saved[name] for name in SETTINGS} == SETTINGS
    assert (chain / "training" / "checkpoints" / "best.ckpt").exists()
    assert not (chain / "training" / "output" / "failure").exists()
    assert (chain / "training" / "output" / "data" / "test_predictions.csv").exists()


def test_the_evaluation_step_repeats_the_scores_of_training(chain, evaluation):
    done = run("model_evaluation.py", evaluation, "--job_type", "testing")
    assert done.returncode == 0, done.stderr
    output = evaluation / "processing" / "output"
    assert {path.name for path in (output / "eval").iterdir()} == {"predictions.csv", "roc_curve.png", "pr_curve.png"}
    found = read_table(output / "eval" / "predictions.csv")
    assert found.equals(read_table(chain / "training" / "output" / "data" / "test_predictions.csv"))
    metrics = json.loads((output / "metrics" / "evaluation.json").read_text())
    assert metrics == json.loads((chain / "training" / "output" / "data" / "test_metrics.json").read_text())
    raw = chain / "preprocessing" / "processing" / "input" / "data" / "orders.csv"
    served = names3risk.predict(chain / "training" / "model", raw)
    both = found.join(served, on="objectId", suffix="_served")
    assert both.height == found.height
    assert (both["score"].cast(pl.Float64) - both["score_served"]).abs().max() < 1e-6


def test_the_evaluation_step_finds_its_split_among_several(chain, evaluation):
    shutil.rmtree(evaluation / "processing" / "input" / "eval_data")
    shutil.copytree(
        chain / "preprocessing" / "processing" / "output", evaluation / "processing" / "input" / "eval_data"
    )
    done = run("model_evaluation.py", evaluation, "--job_type", "validation")
    assert done.returncode == 0, done.stderr
    metrics = json.loads((evaluation / "processing" / "output" / "metrics" / "evaluation.json").read_text())
    assert metrics == json.loads((chain / "training" / "output" / "data" / "val_metrics.json").read_text())


def test_a_region_overlays_the_hyperparameters_and_a_checkpoint_folder_can_be_chosen(training):
    done = run("pytorch_training.py", training, REGION="EU", SM_CHECKPOINT_DIR=str(training / "elsewhere"))
    assert done.returncode == 0, done.stderr
    assert json.loads((training / "model" / "hyperparameters.json").read_text())["max_epochs"] == 1
    assert (training / "elsewhere" / "best.ckpt").exists()
    assert not (training / "checkpoints").exists()


def test_an_unknown_hyperparameter_fails_with_the_nearest_name_in_the_failure_file(training):
    path = training / "input" / "config" / "hyperparameters.json"
    write_json(path, {**json.loads(path.read_text()), "hiden_size": "8"})
    message = fails(run("pytorch_training.py", training), "hyperparameters.json", "hiden_size", "hidden_size")
    assert (training / "output" / "failure").read_text() == message.removeprefix("error: ")
    assert not (training / "model").exists()


def test_an_empty_split_fails_and_leaves_earlier_outputs_as_they_were(training):
    (training / "model").mkdir()
    (training / "model" / "model.pth").write_text("earlier")
    path = training / "input" / "data" / "val" / "data.csv"
    path.write_text(path.read_text().splitlines()[0] + "\n")
    fails(run("pytorch_training.py", training), "val")
    assert [path.name for path in (training / "model").iterdir()] == ["model.pth"]
    assert (training / "model" / "model.pth").read_text() == "earlier"


def load(script):
    """Imports a script as a module, so that its `main` can be called without the cost of a process."""
    spec = importlib.util.spec_from_file_location(script, SCRIPTS / f"{script}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.main


def train(base, **environment):
    """Calls the training script's `main`."""
    load("pytorch_training")(
        input_paths={
            "input_path": base / "input" / "data",
            "model_artifacts_input": base / "input" / "data" / "model_artifacts_input",
            "config": base / "input" / "config" / "hyperparameters.json",
        },
        output_paths={
            "model_output": base / "model",
            "data_output": base / "output" / "data",
            "checkpoints": base / "checkpoints",
        },
        environ_vars={
            "REGION": "",
            "USE_PRECOMPUTED_IMPUTATION": "false",
            "USE_PRECOMPUTED_RISK_TABLES": "false",
            **environment,
        },
        job_args=None,
    )


def evaluate(base, job_type="testing"):
    """Calls the evaluation script's `main`."""
    load("model_evaluation")(
        input_paths={
            "model_input": base / "processing" / "input" / "model",
            "eval_data": base / "processing" / "input" / "eval_data",
        },
        output_paths={
            "eval_output": base / "processing" / "output" / "eval",
            "metrics_output": base / "processing" / "output" / "metrics",
        },
        environ_vars={},
        job_args=argparse.Namespace(job_type=job_type),
    )


def test_a_flag_that_is_neither_true_nor_false_is_named(training):
    with pytest.raises(ConfigError, match=r"USE_PRECOMPUTED_IMPUTATION: is 'yes'; expected true or false"):
        train(training, USE_PRECOMPUTED_IMPUTATION="yes")


def test_precomputed_tables_that_are_not_there_are_named(training):
    with pytest.raises(ArtifactError, match=r"model_artifacts_input/risk_table_map\.json"):
        train(training, USE_PRECOMPUTED_RISK_TABLES="True")


def test_an_unknown_region_is_named(training):
    with pytest.raises(ConfigError, match=r"REGION: unknown region 'MARS'"):
        train(training, REGION="MARS")


def test_evaluation_of_a_hostile_archive_fails_and_writes_nothing(evaluation):
    archive = evaluation / "processing" / "input" / "model" / "model.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        tar.add(__file__, arcname="../../../escaped.py")
    with pytest.raises(ArtifactError, match=r"model\.tar\.gz: member '.*escaped\.py' leads outside"):
        evaluate(evaluation)
    assert not list(evaluation.rglob("escaped.py"))
    assert not [path for path in (evaluation / "processing" / "output").rglob("*") if path.is_file()]


def test_evaluation_data_without_a_column_of_the_model_is_named(evaluation):
    path = evaluation / "processing" / "input" / "eval_data" / "data.csv"
    pl.read_csv(path, infer_schema=False).drop("customerName").write_csv(path)
    with pytest.raises(DataError, match=r"data\.csv: missing column 'customerName'"):
        evaluate(evaluation)


def test_an_unknown_job_type_is_named(evaluation):
    with pytest.raises(ConfigError, match="unknown job type 'guessing'"):
        evaluate(evaluation, "guessing")


def test_a_missing_model_is_named_in_one_message(evaluation):
    shutil.rmtree(evaluation / "processing" / "input" / "model")
    fails(run("model_evaluation.py", evaluation), "input/model", "no such model")


def test_an_empty_training_text_is_named(chain, tmp_path):
    train_folder = tmp_path / "processing" / "input" / "train"
    shutil.copytree(chain / "tokenizer" / "processing" / "input" / "train", train_folder)
    frame = pl.read_csv(train_folder / "data.csv", infer_schema=False)
    empty = frame.with_columns(pl.lit("").alias(name) for name in samples.COLUMNS["text_source_fields"])
    empty.write_csv(train_folder / "data.csv")
    fails(run("tokenizer_training.py", tmp_path), "no text to train the tokenizer on")
    assert not [path for path in (tmp_path / "processing" / "output").rglob("*") if path.is_file()]
