"""`names3risk pipeline` as it is called."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from names3risk.cli.pipeline import app
from names3risk.errors import Names3RiskError

EXAMPLE = Path(__file__).parents[3] / "examples" / "names3risk.yaml"


def call(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_compile_writes_a_definition(tmp_path):
    done = call("compile", EXAMPLE, "--out", tmp_path / "definition.json")
    assert done.exit_code == 0, done.output
    definition = json.loads((tmp_path / "definition.json").read_text())
    assert [step["Name"] for step in definition["Steps"]] == [
        "Preprocess",
        "TrainTokenizer",
        "TrainModel",
        "Evaluate",
        "CheckAuroc",
    ]
    assert json.loads(call("compile", EXAMPLE).output) == definition


@pytest.mark.parametrize("environment", ["synthetic", "transformer2risk"])
def test_every_environment_of_the_example_compiles(environment):
    assert call("compile", EXAMPLE, "-e", environment).exit_code == 0


def test_the_tuning_example_compiles_and_scores_with_the_best_model():
    done = call("compile", EXAMPLE.with_name("tuning.yaml"))
    assert done.exit_code == 0, done.output
    steps = {step["Name"]: step for step in json.loads(done.output)["Steps"]}
    packed = {each["InputName"]: each for each in steps["Package"]["Arguments"]["ProcessingInputs"]}
    best = packed["model_input"]["S3Input"]["S3Uri"]["Std:Join"]["Values"]
    assert {"Get": "Steps.Tune.BestTrainingJob.TrainingJobName"} in best
    assert steps["Score"]["Arguments"]["ModelName"] == {"Get": "Steps.Model.ModelName"}


def test_explain_says_why():
    lines = call("explain", EXAMPLE).output.splitlines()
    assert (
        "Evaluate.model_input <- TrainModel.model_output: TrainModel.model_output has the same name or alias" in lines
    )


@pytest.fixture
def small(tmp_path):
    """The example with scripts that do nothing, which are quick to analyse."""
    for script in ("tabular_preprocessing", "tokenizer_training", "pytorch_training", "model_evaluation"):
        (tmp_path / f"{script}.py").write_text("")
    shutil.copytree(EXAMPLE.parent, tmp_path, dirs_exist_ok=True)
    path = tmp_path / EXAMPLE.name
    text = path.read_text().replace("code: ../dockers/names3risk_pytorch", "code: .")
    path.write_text(text.replace("../", f"{EXAMPLE.parents[1]}/"))
    return path


def test_check_tells_everything_with_its_line(small):
    text = small.read_text().replace("property_files:", "property_file:").replace("min_frequency:", "min_frequnecy:")
    small.write_text(text)
    done = call("check", small, "--output-format", "json")
    assert done.exit_code == 1
    findings = json.loads(done.output)["findings"]
    told = {each["message"]: each["location"]["row"] for each in findings if each["code"].startswith("PP")}
    for mistake, nearest in (("property_file:", "property_files"), ("min_frequnecy:", "min_frequency")):
        message = next(message for message in told if f"did you mean '{nearest}'?" in message)
        assert mistake in text.splitlines()[told[message] - 1]
    scripts = {Path(each["filename"]).name for each in findings if each["code"].startswith("SC")}
    assert scripts >= {"tabular_preprocessing.py", "pytorch_training.py"}


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("default: 0.8", "default: high", "parameters.MinimumAuroc: 'high' is not a Float"),
        ("{step: Evaluate, property_file", "{step: Evaluat, property_file", "there is no step 'Evaluat'"),
        ("raw_data: {parameter", "raw_dat: {parameter", "there is no dependency 'raw_dat'; did you mean 'raw_data'?"),
        ("    inputs:\n      raw_data: {parameter: RawDataUri}\n", "", "no step gives training_data (S3Uri) from"),
        ("role/Names3RiskPipeline", "Names3RiskPipeline", "cannot be the role of a pipeline; expected arn:aws:iam::"),
        ("samples/spam_assassin.yaml", "samples/spam.yaml", "spam.yaml: cannot read it: No such file"),
        ("s3://names3risk-example/pipelines", "/tmp", "cannot be the storage of a pipeline; expected s3://"),
    ],
)
def test_check_tells_one_mistake_once(small, old, new, told):
    assert old in small.read_text()
    small.write_text(small.read_text().replace(old, new))
    findings = json.loads(call("check", small, "--output-format", "json").output)["findings"]
    (problem,) = [each["message"] for each in findings if each["code"].startswith("PP")]
    assert told in problem


def test_what_is_wrong_behind_the_pipeline_section_is_told_too(small):
    text = small.read_text().replace("s3://names3risk-example/pipelines", "/tmp").replace("min_freq", "min_fraq")
    small.write_text(text)
    told = call("check", small).output
    assert "pipeline.storage" in told
    assert "did you mean 'min_frequency'?" in told


@pytest.mark.parametrize("command", ["compile", "graph", "run", "upsert"])
def test_every_command_tells_the_line(small, command):
    text = small.read_text().replace("if_steps: [Register]", "if_steps: [Registr]")
    small.write_text(text)
    line = 1 + [each.strip() for each in text.splitlines()].index("CheckAuroc:")
    done = call(command, small)
    assert isinstance(done.exception, Names3RiskError)
    assert str(done.exception).startswith(f"{small}:{line}: CheckAuroc: if_steps/else_steps: PP101 there is no step")


@pytest.mark.parametrize(("output_format", "start"), [("concise", "/"), ("full", ""), ("sarif", "{"), ("github", "::")])
def test_check_speaks_the_formats_of_validate_contracts(small, output_format, start):
    done = call("check", small, "--output-format", output_format)
    assert done.exit_code == 1
    assert done.output.startswith(start)
    assert "SC" in done.output


def test_a_compiled_definition_runs_where_its_code_was_published(small, tmp_path_factory):
    tmp_path = tmp_path_factory.mktemp("elsewhere")
    definition, data, run_dir = tmp_path / "definition.json", tmp_path / "mails.csv", tmp_path / "runs" / "first"
    data.write_text("id\n1\n")
    call("compile", small, "--out", definition)
    words = ["run", definition, "-p", f"RawDataUri=file:{data}", "--run-dir", run_dir]
    assert "there is nothing at s3://names3risk-example/pipelines" in str(call(*words).exception)
    published = call("publish", small, "--to", tmp_path / "runs" / "s3").output.splitlines()
    assert [Path(folder).parent.name for folder in published] == ["code", "files"]
    assert (Path(published[0]) / "tabular_preprocessing.py").is_file()
    done = call(*words)
    assert "Preprocess: started" in done.output, done.output
    refused = call("publish", small, "--to", tmp_path, "--dry-run")
    assert str(refused.exception) == "--dry-run has no effect with --to; expected one of them"


def test_diff_of_a_definition_and_its_pipeline(tmp_path):
    call("compile", EXAMPLE, "--out", tmp_path / "old.json")
    assert call("diff", tmp_path / "old.json", EXAMPLE).output == "nothing changed\n"
    changed = call("diff", tmp_path / "old.json", EXAMPLE, "-e", "transformer2risk").output
    assert "~ step TrainModel" in changed
    assert "keeps its cache: Preprocess, TrainTokenizer" in changed


@pytest.mark.parametrize("output_format", ["mermaid", "svg", "html"])
def test_graph_draws_pipelines_and_definitions(tmp_path, output_format):
    call("compile", EXAMPLE, "--out", tmp_path / "old.json")
    for source in (EXAMPLE, tmp_path / "old.json"):
        done = call("graph", source, "--format", output_format, "--out", tmp_path / "picture")
        assert done.exit_code == 0, done.output
        assert "CheckAuroc" in (tmp_path / "picture").read_text()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["compile", "nowhere.yaml"], "nowhere.yaml: PP101 cannot read it"),
        (["graph", EXAMPLE, "--format", "png"], "there is no format 'png'; expected one of mermaid, svg, html"),
        (["check", EXAMPLE, "--output-format", "xml"], "there is no format 'xml'"),
        (["run", EXAMPLE, "--parameter", "RawData"], "'RawData' is not a parameter; expected Name=value"),
        (["run", EXAMPLE, "--parameter", "RawDataUrl=x"], "there is no parameter 'RawDataUrl'; did you mean"),
        (
            ["run", EXAMPLE, "--parameter", "RawDataUri=file:none"],
            "parameter RawDataUri: there is no file or folder 'none'",
        ),
        (["run", EXAMPLE, "--parameter", "RawDataUri=mails.csv"], "'mails.csv' is not an S3 URI; expected s3://"),
        (["run", EXAMPLE, "--parameter", "RawDataUri=mails.csv"], "give the parameter as file:PATH"),
    ],
)
def test_mistakes_are_one_message(arguments, told, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = call(*arguments)
    assert isinstance(done.exception, Names3RiskError)
    assert told in str(done.exception)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{}", "Steps is missing or empty"),
        ("[", "is not JSON"),
        ('{"Version": "2020-12-01", "Steps": [{"Type": "Fail"}]}', "the step has no Name"),
    ],
)
def test_what_is_no_definition_is_told(tmp_path, text, told):
    (tmp_path / "broken.json").write_text(text)
    for command in (["diff", tmp_path / "broken.json", EXAMPLE], ["check", tmp_path / "broken.json"]):
        assert told in str(call(*command).exception)


def test_check_takes_definitions_of_other_tools(tmp_path):
    call("compile", EXAMPLE, "--out", tmp_path / "definition.json")
    assert call("check", tmp_path / "definition.json").exit_code == 0
    text = (tmp_path / "definition.json").read_text().replace("Steps.TrainModel.", "Steps.TrainModle.")
    (tmp_path / "definition.json").write_text(text)
    done = call("check", tmp_path / "definition.json")
    assert done.exit_code == 1
    assert "there is no step 'TrainModle'; did you mean 'TrainModel'?" in done.output
