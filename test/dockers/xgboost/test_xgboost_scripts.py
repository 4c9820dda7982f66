"""The XGBoost scripts, run as containers run them: each in its own folder, and on two machines as on one."""

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

from names3risk.data.reading import read_table
from names3risk.errors import ArtifactError, ConfigError, DataError

SCRIPTS = Path(__file__).parents[3] / "dockers" / "xgboost"
SETTINGS = {"num_round": "40", "eta": "0.2", "early_stopping_rounds": "5", "nthread": "1", "explained_rows": "0"}


def start(script, base, *arguments, **environment):
    """Starts a script with its root in `base`, as a container has it in /opt/ml."""
    variables = {**os.environ, "SAGEMAKER_BASE_DIR": str(base), "OMP_NUM_THREADS": "1", **environment}
    command = [sys.executable, str(SCRIPTS / script), *arguments]
    return subprocess.Popen(command, env=variables, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def finish(process):
    """Waits for a script; gives its exit code and what it said on standard error."""
    _, errors = process.communicate(timeout=120)
    return process.returncode, errors


def load(script):
    """Imports a script as a module, so that its `main` can be called without the cost of a process."""
    spec = importlib.util.spec_from_file_location(script, SCRIPTS / f"{script}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.main


def machine(base, splits, settings=SETTINGS, resources=None):
    """The inputs of a training job."""
    shutil.copytree(splits, base / "input" / "data")
    (base / "input" / "config").mkdir()
    (base / "input" / "config" / "hyperparameters.json").write_text(json.dumps(settings))
    if resources:
        (base / "input" / "config" / "resourceconfig.json").write_text(json.dumps(resources))
    return base


def train(base, **environment):
    """Calls the training script's `main`."""
    return load("train_xgb")(
        input_paths={
            "input_path": base / "input" / "data",
            "config": base / "input" / "config" / "hyperparameters.json",
            "resource_config": base / "input" / "config" / "resourceconfig.json",
        },
        output_paths={"model_output": base / "model", "data_output": base / "output" / "data"},
        environ_vars={"REGION": "", "TRAINING_JOB_NAME": "", **environment},
        job_args=None,
    )


def evaluate(base):
    """Calls the evaluation script's `main`."""
    inputs, outputs = base / "processing" / "input", base / "processing" / "output"
    load("model_evaluation_xgb")(
        input_paths={"model_input": inputs / "model", "eval_data": inputs / "eval_data"},
        output_paths={"eval_output": outputs / "eval", "metrics_output": outputs / "metrics"},
        environ_vars={},
        job_args=type("Arguments", (), {"job_type": "testing"}),
    )


@pytest.fixture(scope="module")
def splits(tmp_path_factory):
    return samples.write_splits(tmp_path_factory.mktemp("orders"), samples.orders(600), format="csv")


@pytest.fixture(scope="module")
def trained(splits, tmp_path_factory):
    base = machine(tmp_path_factory.mktemp("training"), splits)
    train(base)
    return base


@pytest.fixture
def evaluation(trained, splits, tmp_path):
    """The inputs of the evaluation step: the packed model and the test split."""
    inputs = tmp_path / "processing" / "input"
    (inputs / "model").mkdir(parents=True)
    with tarfile.open(inputs / "model" / "model.tar.gz", "w:gz") as tar:
        tar.add(trained / "model", arcname=".")
    shutil.copytree(splits / "test", inputs / "eval_data")
    return tmp_path


def test_training_takes_the_hyperparameters_that_came_as_strings(trained):
    saved = json.loads((trained / "model" / "hyperparameters.json").read_text())
    assert (saved["num_round"], saved["learning_rate"], saved["nthread"]) == (40, 0.2, 1)
    assert (trained / "model" / "xgboost_model.bst").is_file()
    assert (trained / "output" / "data" / "test_predictions.csv").is_file()


def test_the_evaluation_script_repeats_the_scores_of_training(trained, evaluation):
    evaluate(evaluation)
    output = evaluation / "processing" / "output"
    found = read_table(output / "eval" / "predictions.csv")
    assert found.equals(read_table(trained / "output" / "data" / "test_predictions.csv"))
    metrics = json.loads((output / "metrics" / "evaluation.json").read_text())
    assert metrics == json.loads((trained / "output" / "data" / "test_metrics.json").read_text())


def test_two_machines_train_what_one_does(trained, splits, tmp_path):
    hosts = ["algo-1", "algo-2"]
    config = {"hosts": hosts, "network_interface_name": "lo"}
    bases = [machine(tmp_path / host, splits, resources={**config, "current_host": host}) for host in hosts]
    job = {"TRAINING_JOB_NAME": f"job-{os.getpid()}"}
    processes = [start("train_xgb.py", base, "--num_round", "40", **job) for base in bases]
    for process in processes:
        code, errors = finish(process)
        assert code == 0, errors
    assert not (bases[1] / "model" / "xgboost_model.bst").exists()
    assert not (bases[0] / "output" / "failure").exists()
    name = "output/data/test_predictions.csv"
    one, two = (read_table(base / name)["score"].cast(pl.Float64) for base in (trained, bases[0]))
    assert (one - two).abs().max() < 0.02
    first, second = (json.loads((base / "output/data/test_metrics.json").read_text()) for base in (trained, bases[0]))
    assert second["metrics"]["auroc"] == pytest.approx(first["metrics"]["auroc"], abs=0.005)
    history = json.loads((bases[0] / "output/data/training_history.json").read_text())
    alone = json.loads((trained / "output/data/training_history.json").read_text())
    assert history["train"]["logloss"][:5] == pytest.approx(alone["train"]["logloss"][:5], abs=0.01)


def test_an_unknown_hyperparameter_fails_with_the_nearest_name_in_the_failure_file(splits, tmp_path):
    base = machine(tmp_path / "ml", splits, {"max_dpth": "3"})
    code, errors = finish(start("train_xgb.py", base))
    assert code == 1
    assert "Traceback" not in errors
    message = errors.strip().splitlines()[-1]
    assert "hyperparameters.json: unknown hyperparameter 'max_dpth' of XGBoost; did you mean 'max_depth'?" in message
    assert (base / "output" / "failure").read_text() == message.removeprefix("error: ")
    assert not (base / "model").exists()


def test_a_region_overlays_the_hyperparameters(splits, tmp_path):
    base = machine(tmp_path / "ml", splits)
    (base / "input/config/hyperparameters_EU.json").write_text('{"num_round": "3", "early_stopping_rounds": 0}')
    assert train(base, REGION="EU").rounds == 3


@pytest.mark.parametrize(
    "resources", [{"hosts": ["algo-1"]}, {"hosts": 3, "current_host": "a"}, {"hosts": ["a"], "current_host": "b"}, []]
)
def test_a_resource_configuration_that_names_no_machines_is_refused(splits, tmp_path, resources):
    base = machine(tmp_path / "ml", splits)
    (base / "input/config/resourceconfig.json").write_text(json.dumps(resources))
    with pytest.raises(ConfigError, match=r"resourceconfig\.json: .*expected current_host and hosts"):
        train(base)


def test_evaluation_of_a_hostile_archive_fails_and_writes_nothing(evaluation):
    with tarfile.open(evaluation / "processing/input/model/model.tar.gz", "w:gz") as tar:
        tar.add(__file__, arcname="../escaped.py")
    with pytest.raises(ArtifactError, match="leads outside"):
        evaluate(evaluation)
    assert not [path for path in (evaluation / "processing/output").rglob("*") if path.is_file()]


def test_evaluation_data_without_a_field_of_the_model_is_named(evaluation):
    path = evaluation / "processing/input/eval_data/data.csv"
    pl.read_csv(path, infer_schema=False).drop("amount").write_csv(path)
    with pytest.raises(DataError, match="missing column 'amount'"):
        evaluate(evaluation)
