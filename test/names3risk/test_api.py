"""The verbs train, evaluate and predict from Python and on the command line."""

import json
import subprocess
import sys

import names3risk_samples as samples
import polars as pl
import pytest
import typer
import yaml
from typer.testing import CliRunner

import names3risk
from names3risk.cli import models
from names3risk.data.reading import read_table
from names3risk.errors import ArtifactError, ConfigError, DataError, OutputError

SETTINGS = {
    "model_class": "lstm2risk",
    "max_epochs": 2,
    "batch_size": 16,
    "max_sen_len": 40,
    **samples.MODELS["lstm2risk"],
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with raw orders, a column schema, a configuration, and what training made of them."""
    folder = tmp_path_factory.mktemp("api")
    samples.orders().write_csv(folder / "orders.csv")
    (folder / "columns.json").write_text(json.dumps(samples.COLUMNS))
    config = {"data": "orders.csv", "columns": "columns.json", "hyperparameters": SETTINGS, "output": "out"}
    (folder / "train.yaml").write_text(yaml.safe_dump(config))
    names3risk.train(folder / "train.yaml")
    return folder


@pytest.fixture(scope="module")
def cli():
    app = typer.Typer()
    for command in (models.train, models.evaluate, models.predict):
        app.command(command.__name__)(command)
    return lambda *arguments: CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_importing_the_package_loads_nothing_heavy():
    code = "import sys, names3risk; print([m for m in ('torch', 'polars', 'numpy', 'typer') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    with pytest.raises(AttributeError, match="tarin"):
        names3risk.tarin  # noqa: B018 - the access is what is tested


def test_training_from_a_raw_table_prepares_splits_and_writes_below_the_output(folder):
    assert {path.name for path in (folder / "out").iterdir()} == {"splits", "model", "data", "checkpoints"}
    assert read_table(folder / "out" / "data" / "test_predictions.csv").height == 48


def test_training_from_prepared_splits_gives_the_same_model(folder, tmp_path):
    result = names3risk.train({"data": folder / "out" / "splits", "hyperparameters": SETTINGS, "output": tmp_path})
    assert not (tmp_path / "splits").exists()
    expected = (folder / "out" / "data" / "test_metrics.json").read_text()
    assert result.evaluations["test"].to_json() == json.loads(expected)


def test_evaluation_of_a_split_equals_that_of_training(folder):
    found = names3risk.evaluate(folder / "out" / "model", folder / "out" / "splits" / "test")
    assert found.to_json() == json.loads((folder / "out" / "data" / "test_metrics.json").read_text())


def test_evaluation_of_a_raw_table_prepares_it_first(folder, tmp_path):
    raw = samples.orders().with_columns(
        status=pl.when(pl.int_range(pl.len()) < 5).then(pl.lit("?")).otherwise("status")
    )
    raw.write_parquet(tmp_path / "raw.parquet")
    found = names3risk.evaluate(folder / "out" / "model", tmp_path / "raw.parquet", columns=samples.COLUMNS)
    assert sum(found.overall.rows_per_class) == 235
    assert found.overall.rows_per_class[1] == raw["status"].is_in(["F", "I"]).sum()


def test_what_is_no_prepared_split_or_no_model_is_told(folder):
    with pytest.raises(DataError, match=r"missing column 'label'; expected a prepared split folder; .*--columns"):
        names3risk.evaluate(folder / "out" / "model", folder / "orders.csv")
    with pytest.raises(DataError, match=r"there is no such file or folder$"):
        names3risk.evaluate(folder / "out" / "model", folder / "nothing")
    results = folder / "out"
    with pytest.raises(ArtifactError, match=f"expected the model alone; to mend it: name {results / 'model'}"):
        names3risk.predict(results, folder / "orders.csv")


def test_prediction_takes_files_polars_pandas_and_arrow(folder):
    frame = samples.orders(20, seed=5)
    expected = names3risk.predict(folder / "out" / "model", frame)
    frame.write_parquet(folder / "some.parquet")
    for data in (folder / "some.parquet", str(folder / "some.parquet"), frame.to_pandas(), frame.to_arrow()):
        found = names3risk.predict(folder / "out" / "model", data)
        assert found["score"].to_list() == expected["score"].to_list()
        assert found["objectId"].to_list() == frame["objectId"].to_list()


def test_command_line_training_prints_metrics_and_folders(folder, cli):
    done = cli("train", folder / "train.yaml")
    assert done.exit_code == 0, done.output
    assert "auroc" in done.output
    assert f"model: {folder / 'out' / 'model'}" in done.output


def test_command_line_evaluation_prints_and_writes_the_metrics(folder, cli, tmp_path):
    done = cli(
        "evaluate", "--model", folder / "out" / "model", "--data", folder / "out" / "splits" / "test",
        "--json", tmp_path / "metrics.json",
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    assert "JP" in done.output
    expected = json.loads((folder / "out" / "data" / "test_metrics.json").read_text())
    assert json.loads((tmp_path / "metrics.json").read_text()) == expected


@pytest.mark.parametrize("suffix", ["csv", "tsv", "parquet"])
def test_command_line_scores_equal_evaluated_scores(folder, cli, tmp_path, suffix):
    out = tmp_path / f"scores.{suffix}"
    done = cli("predict", "--model", folder / "out" / "model", "--in", folder / "orders.csv", "--out", out)
    assert done.exit_code == 0, done.output
    assert "240 rows" in done.output
    found = read_table(out)
    assert found["objectId"].to_list() == samples.orders()["objectId"].to_list()
    evaluated = read_table(folder / "out" / "data" / "test_predictions.csv")
    both = evaluated.join(found, on="objectId", suffix="_served")
    difference = both["score"].cast(pl.Float64) - both["score_served"].cast(pl.Float64)
    assert both.height == evaluated.height
    assert difference.abs().max() < 1e-6


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"data": "nowhere.csv"}, DataError, "nowhere.csv"),
        ({"columns": None}, ConfigError, "columns is missing"),
        ({"columns": {"id_name": "objectId", "labell": {}}}, ConfigError, "labell"),
        ({"outptu": "x"}, ConfigError, "outptu.*expected the fields data"),
        ({"hyperparameters": {**SETTINGS, "hiden_size": 4}}, ConfigError, "hiden_size.*hidden_size"),
        ({"hyperparameters": {**SETTINGS, "model_class": "lstm3risk"}}, ConfigError, "lstm3risk.*lstm2risk"),
        ({"hyperparameters": "nowhere.json"}, ConfigError, "nowhere.json"),
        ({"output": "orders.csv"}, OutputError, "orders.csv.*cannot write"),
        ({"tokenizer": "nowhere"}, ArtifactError, "nowhere.*tokenizer.json"),
        ({"hyperparameters": {"model_class": "xgboost"}, "tokenizer": "x"}, ConfigError, "tokenizer has no effect"),
        ({"hyperparameters": {"model_class": "xgboost", "max_dept": 2}}, ConfigError, "max_dept.*max_depth"),
    ],
)
def test_wrong_configurations_are_named_and_change_nothing(folder, tmp_path, change, error, message):
    samples.orders().write_csv(tmp_path / "orders.csv")
    config = {"data": "orders.csv", "columns": samples.COLUMNS, "hyperparameters": SETTINGS, "output": "out", **change}
    (tmp_path / "train.yaml").write_text(yaml.safe_dump(config))
    with pytest.raises(error, match=message):
        names3risk.train(tmp_path / "train.yaml")
    assert not (tmp_path / "out" / "model" / "model.pth").exists()


def broken(frame, case):
    values = {
        "missing column": lambda: frame.drop("customerName"),
        "unknown label": lambda: frame.with_columns(status=pl.lit("maybe")),
        "one class": lambda: frame.with_columns(status=pl.lit("N")),
        "wrong type": lambda: frame.with_columns(amount=pl.lit("much")),
        "duplicate ids": lambda: frame.with_columns(objectId=pl.lit("same")),
        "no rows": lambda: frame.head(0),
    }
    return values[case]()


@pytest.mark.parametrize(
    ("case", "message"),
    [
        ("missing column", "customerName"),
        ("unknown label", "'maybe'"),
        ("one class", "class 1"),
        ("wrong type", "'amount' holds 'much' in row 1"),
        ("duplicate ids", "'objectId'.*more than once"),
        ("no rows", "no row|empty|no rows"),
    ],
)
def test_bad_tables_are_named_and_leave_nothing_half_written(tmp_path, case, message):
    broken(samples.orders(), case).write_csv(tmp_path / "orders.csv")
    columns = {**samples.COLUMNS, "label": {**samples.COLUMNS["label"], "other": "error"}}
    with pytest.raises(DataError, match=f"orders.csv.*({message})"):
        names3risk.train(
            {
                "data": tmp_path / "orders.csv",
                "columns": columns,
                "hyperparameters": SETTINGS,
                "output": tmp_path / "out",
            }
        )
    assert not [path for path in (tmp_path / "out").rglob("*") if path.is_file()]


@pytest.mark.parametrize("name", ["orders.parquet", "orders.csv"])
def test_files_that_cannot_be_read_are_named(folder, tmp_path, name):
    path = tmp_path / name
    samples.orders().write_parquet(path) if name.endswith("parquet") else samples.orders().write_csv(path)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2] if name.endswith("parquet") else "Müller,x\n".encode("latin-1"))
    with pytest.raises(DataError, match=name):
        names3risk.predict(folder / "out" / "model", path)


def test_an_unwritable_output_of_prediction_is_named(folder, cli, tmp_path):
    (tmp_path / "file").write_text("in the way")
    out = tmp_path / "file" / "scores.csv"
    done = cli("predict", "--model", folder / "out" / "model", "--in", folder / "orders.csv", "--out", out)
    assert isinstance(done.exception, OutputError)
    assert (tmp_path / "file").read_text() == "in the way"


def test_a_model_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ArtifactError, match="nowhere: there is no such model"):
        names3risk.predict(tmp_path / "nowhere", samples.orders(3))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["predict", "--model", "out/model", "--in", "fewer.csv", "--out", "new.csv"], ["fewer.csv", "customerName"]),
        (["predict", "--model", "nowhere", "--in", "orders.csv", "--out", "new.csv"], ["nowhere", "no such model"]),
        (["predict", "--model", "out/model", "--in", "orders.csv", "--out", "new.xlsx"], ["new.xlsx"]),
        (
            ["evaluate", "--model", "out/model", "--data", "out/splits"],
            ["out/splits", "train, val, test", "one of them"],
        ),
        (["train", "missing.yaml"], ["missing.yaml", "YAML"]),
    ],
)
def test_the_command_line_ends_bad_input_with_one_message(folder, arguments, words):
    samples.orders().drop("customerName").write_csv(folder / "fewer.csv")
    command = [sys.executable, "-c", "from names3risk.cli import main; main()", *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("error: ")
    assert len(done.stderr.strip().splitlines()) == 1
    for word in words:
        assert word in done.stderr
    assert not list(folder.glob("new.*"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- a list", "train.yaml: not a training configuration; expected the fields data, columns"),
        ("data: [", "train.yaml: not YAML"),
        (
            "data: orders.csv",
            "train.yaml: not a training configuration: hyperparameters is missing; output is missing",
        ),
    ],
)
def test_a_file_that_is_no_configuration_is_named(tmp_path, text, message):
    (tmp_path / "train.yaml").write_text(text)
    with pytest.raises(ConfigError, match=message):
        names3risk.train(tmp_path / "train.yaml")
