"""What a pipeline compiles to."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline_step_specs import Source
from pipeline_steps import (
    FailStepBuilder,
    PipelineBuilder,
    PipelineError,
    PyTorchTrainingStepBuilder,
    StepBuilderBase,
    publish_local,
)
from pipeline_steps.builders.control import FailSettings
from pipeline_steps.references import gets, parameter
from pipeline_steps.settings import PipelineSettings, TrainingSettings

PREPROCESSED = "Steps.Preprocess.ProcessingOutputConfig.Outputs['processed_data'].S3Output.S3Uri"


def uris(step):
    arguments = step["Arguments"]
    if step["Type"] == "Training":
        return {
            each["ChannelName"]: each["DataSource"]["S3DataSource"]["S3Uri"] for each in arguments["InputDataConfig"]
        }
    return {each["InputName"]: each["S3Input"]["S3Uri"] for each in arguments["ProcessingInputs"]}


def part(name):
    return {"Std:Join": {"On": "/", "Values": [{"Get": PREPROCESSED}, name]}}


def test_each_step_has_its_kind_and_branches_hold_their_steps(load):
    definition = load().definition()
    assert definition["Version"] == "2020-12-01"
    assert [(step["Name"], step["Type"]) for step in definition["Steps"]] == [
        ("Preprocess", "Processing"),
        ("Tokenizer", "Processing"),
        ("Train", "Training"),
        ("Evaluate", "Processing"),
        ("Check", "Condition"),
    ]
    check = definition["Steps"][-1]["Arguments"]
    assert [step["Name"] for step in check["IfSteps"]] == ["Register"]
    assert [step["Name"] for step in check["ElseSteps"]] == ["Stop"]
    assert check["Conditions"] == [
        {
            "Type": "GreaterThanOrEqualTo",
            "LeftValue": {
                "Std:JsonGet": {
                    "PropertyFile": {"Get": "Steps.Evaluate.PropertyFiles.Evaluation"},
                    "Path": "metrics.auroc",
                }
            },
            "RightValue": {"Get": "Parameters.MinimumAuroc"},
        }
    ]


def test_the_tokenizer_sees_the_training_split_only(load, steps):
    assert uris(steps(load().definition())["Tokenizer"])["train_data"] == part("train")


def test_training_gets_a_channel_a_split_and_the_tokenizer(load, steps):
    found = uris(steps(load().definition())["Train"])
    assert list(found) == ["code", "train", "val", "test", "model_artifacts_input"]
    assert found["train"] == part("train")
    assert found["val"] == part("val")
    assert found["test"] == part("test")
    assert found["model_artifacts_input"]["Get"].startswith("Steps.Tokenizer.")


def test_a_pretrained_encoder_is_a_channel_where_one_is_named(load, steps):
    found = uris(steps(load(steps={"Train": {"inputs": {"pretrained": "s3://bucket/encoders"}}}).definition())["Train"])
    assert list(found)[-1] == "pretrained"
    assert found["pretrained"] == "s3://bucket/encoders"


def test_evaluation_gets_the_model_and_the_test_split(load, steps):
    found = uris(steps(load().definition())["Evaluate"])
    assert found["model_input"] == {"Get": "Steps.Train.ModelArtifacts.S3ModelArtifacts"}
    assert found["eval_data"] == part("test")


def test_hyperparameters_are_strings(load, steps):
    assert steps(load().definition())["Train"]["Arguments"]["HyperParameters"] == {
        "model_class": "lstm2risk",
        "lr": "0.001",
        "class_weights": "[1.0,2.0]",
        "load_ckpt": "true",
    }


def test_a_parameter_in_a_string_sink_is_wrapped(load, steps):
    pipeline = load(("lr: 0.001", "lr: 0.001, batch_size: {parameter: Count}"))
    wrapped = {"Std:Join": {"On": "", "Values": [{"Get": "Parameters.Count"}]}}
    assert steps(pipeline.definition())["Train"]["Arguments"]["HyperParameters"]["batch_size"] == wrapped


def test_a_long_hyperparameter_is_told_before_compile_ends(load):
    pipeline = load(("lr: 0.001", f"lr: 0.001, names: {['x' * 9] * 300}"))
    with pytest.raises(PipelineError, match=r"Train: hyperparameters.names: PP501 SageMaker takes at most 2500 char"):
        pipeline.definition()


def test_too_many_hyperparameters_are_told(load):
    pipeline = load(steps={"Train": {"hyperparameters": {f"h{index}": index for index in range(100)}}})
    with pytest.raises(PipelineError, match="takes at most 100 hyperparameters, these are 104"):
        pipeline.definition()


def test_code_and_columns_are_assets_by_content(load, project):
    pipeline = load()
    assert len(pipeline.assets()) == 2
    publish_local(pipeline.assets(), project / "s3")
    inputs = uris(pipeline.definition()["Steps"][0])
    code = project / "s3" / inputs["code"].removeprefix("s3://")
    assert sorted(path.name for path in code.iterdir()) == sorted(path.name for path in (project / "code").iterdir())
    columns = project / "s3" / inputs["config"].removeprefix("s3://") / "columns.json"
    assert json.loads(columns.read_text()) == {"id_name": "id", "text_source_fields": ["name"]}


def test_field_lists_travel_with_the_column_schema_that_names_them(load, project):
    lists = {"na.txt": "amount\nvisits\n", "eu.txt": "visits\n"}
    (project / "schema").mkdir()
    (project / "schema" / "columns.yaml").write_text("id_name: id\ntab_field_list: {files: [na.txt, eu.txt]}\n")
    for name, text in lists.items():
        (project / "schema" / name).write_text(text)
    pipeline = load(("columns: {id_name: id, text_source_fields: [name]}", "columns: schema/columns.yaml"))
    publish_local(pipeline.assets(), project / "s3")
    config = project / "s3" / uris(pipeline.definition()["Steps"][0])["config"].removeprefix("s3://")
    assert {path.name: path.read_text() for path in config.glob("*.txt")} == lists
    before = pipeline.definition_json()
    (project / "schema" / "eu.txt").write_text("amount\n")
    assert load().definition_json() != before
    (project / "schema" / "eu.txt").unlink()
    with pytest.raises(PipelineError, match=r"cannot read the field list '.*schema/eu\.txt'"):
        load()


def test_other_code_has_another_address_and_caches_and_hidden_files_do_not_count(load, project):
    before = load().definition_json()
    (project / "code" / "__pycache__").mkdir()
    (project / "code" / "__pycache__" / "a.pyc").write_bytes(b"x")
    (project / "code" / ".editor").mkdir()
    (project / "code" / ".editor" / "open.json").write_text("{}")
    (project / "code" / ".train.py.swo").write_text("x")
    os.utime(project / "code" / "pytorch_training.py", (1, 1))
    assert load().definition_json() == before
    (project / "code" / "helper.py").write_text("x = 1\n")
    assert load().definition_json() != before


def test_same_input_same_bytes_on_any_machine(project, load):
    program = (
        "import sys, time; time.time = lambda: float(sys.argv[2])\n"
        "from pipeline_steps.configuration import load_pipeline\n"
        "sys.stdout.write(load_pipeline(sys.argv[1]).definition_json())\n"
    )
    outputs = []
    for seed, folder, clock in (("1", project, "1"), ("2", Path("/"), "2000000000")):
        source = project / "pipeline.yaml"
        given = source.relative_to(folder) if folder == project else source
        environment = {**os.environ, "PYTHONHASHSEED": seed, "TZ": "Asia/Tokyo" if seed == "2" else "UTC"}
        command = [sys.executable, "-c", program, str(given), clock]
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=True)
        outputs.append(done.stdout)
    assert outputs[0] == outputs[1] == load().definition_json()


def test_nothing_is_sent_while_compiling(load, monkeypatch):
    def refuse(*_args, **_kwargs):
        raise AssertionError("compile must not open a connection")

    monkeypatch.setattr("socket.socket.connect", refuse)
    monkeypatch.setattr("socket.getaddrinfo", refuse)
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    assert load().definition()


def test_no_job_is_named_and_results_of_executions_lie_apart(load, steps):
    pipeline = load()
    assert "JobName" not in pipeline.definition_json()
    for step in steps(pipeline.definition()).values():
        for each in step["Arguments"].get("ProcessingOutputConfig", {}).get("Outputs", []):
            assert "Execution.PipelineExecutionId" in list(gets(each))


def test_an_environment_is_laid_over(load, steps):
    definition = load(environments=["prod"]).definition()
    train = steps(definition)["Train"]["Arguments"]
    assert train["ResourceConfig"]["InstanceType"] == "ml.p4d.24xlarge"
    assert train["HyperParameters"]["lr"] == "0.001"
    assert uris(steps(definition)["Train"])["code"].startswith("s3://prod/small/code/")


def test_job_type_cache_retry_and_network_are_in_the_definition(load, steps):
    train = {
        "cache_days": 7,
        "spot": True,
        "max_wait_seconds": 90000,
        "retry": [{"exception_types": ["SageMaker.CAPACITY_ERROR"], "max_attempts": 3}],
        "vpc": {"subnets": ["subnet-1"], "security_group_ids": ["sg-1"]},
        "kms_key": "alias/key",
        "network_isolation": True,
        "metrics": [{"name": "val_loss", "regex": "val_loss=([0-9.]+)"}],
        "tags": {"team": "risk"},
    }
    pipeline = load(steps={"Train": train, "Evaluate": {"job_type": "calibration", "depends_on": ["Tokenizer"]}})
    found = steps(pipeline.definition())
    assert found["Train"]["CacheConfig"] == {"Enabled": True, "ExpireAfter": "P7D"}
    assert found["Train"]["RetryPolicies"] == [
        {"ExceptionType": ["SageMaker.CAPACITY_ERROR"], "IntervalSeconds": 1, "BackoffRate": 2.0, "MaxAttempts": 3}
    ]
    arguments = found["Train"]["Arguments"]
    assert arguments["EnableManagedSpotTraining"] is True
    assert arguments["StoppingCondition"]["MaxWaitTimeInSeconds"] == 90000
    assert arguments["CheckpointConfig"]["LocalPath"] == "/opt/ml/checkpoints"
    assert arguments["VpcConfig"] == {"SecurityGroupIds": ["sg-1"], "Subnets": ["subnet-1"]}
    assert arguments["Tags"] == [{"Key": "team", "Value": "risk"}]
    assert found["Evaluate"]["Arguments"]["AppSpecification"]["ContainerArguments"] == ["--job_type", "calibration"]
    assert found["Evaluate"]["DependsOn"] == ["Tokenizer"]


def test_explicit_wiring_may_name_another_part(load, steps):
    wired = {"inputs": {"eval_data": {"step": "Preprocess", "output": "eval_data", "subfolder": "val"}}}
    assert uris(steps(load(steps={"Evaluate": wired}).definition())["Evaluate"])["eval_data"] == part("val")


def test_two_models_must_be_wired(load):
    again = {"type": "Names3RiskTraining", "hyperparameters": {"model_class": "transformer2risk"}}
    with pytest.raises(PipelineError) as error:
        load(steps={"Train2": again}).definition()
    assert {problem.step for problem in error.value.problems} == {"Evaluate", "Register"}
    assert "Train.model_output and Train2.model_output are equally good" in str(error.value)
    wired = {"inputs": {"model_input": {"step": "Train2", "output": "model_output"}}}
    assert load(steps={"Train2": again, "Evaluate": wired, "Register": wired}).definition()


def test_every_error_is_told_in_one_go(load):
    broken = load(
        ("image: 123456789012.dkr.ecr.us-east-1.amazonaws.com/small:1", "volume_size_gb: 0"),
        ("right: {parameter: MinimumAuroc}", "right: {parameter: MinimumAurox}"),
        steps={"Train": {"environment": {"REGIO": "NA"}}, "Evaluate": {"arguments": {"jobtype": "x"}}},
    )
    with pytest.raises(PipelineError) as error:
        broken.definition()
    told = str(error.value)
    assert "Train: environment.REGIO" in told
    assert "did you mean 'REGION'" in told
    assert "did you mean 'job_type'" in told
    assert told.count("the container image is missing") == 5
    assert "no parameter 'MinimumAurox'; did you mean 'MinimumAuroc'" in told


def test_validate_script_contracts_names_each_step(load):
    results = load().validate_script_contracts()
    assert set(results) == {"Preprocess", "Tokenizer", "Train", "Evaluate"}
    assert not results["Train"].is_valid


def test_a_subclass_may_refuse_a_configuration(project):
    class Careful(PyTorchTrainingStepBuilder):
        def validate_configuration(self) -> None:
            self.logger.debug("looking at %s", self.name)
            if "lr" not in self.settings.hyperparameters:
                raise ValueError("set lr")

    settings = PipelineSettings(name="P", role="arn:aws:iam::123456789012:role/R", storage="s3://bucket/p")
    (project / "code" / "train.py").write_text("")
    pipeline = PipelineBuilder(settings).add(Careful("T", TrainingSettings(image="x", code=project / "code")))
    pipeline.connect("T", "input_path", "s3://bucket/data")
    assert [str(problem) for problem in pipeline.check()] == ["T: PP101 set lr"]


def test_the_python_interface_wires_by_source_and_address(project, steps):
    settings = PipelineSettings(name="P", role="arn:aws:iam::123456789012:role/R", storage="s3://bucket/p")
    (project / "code" / "train.py").write_text("")
    train = PyTorchTrainingStepBuilder("T", TrainingSettings(image="i", code=project / "code"))
    pipeline = PipelineBuilder(settings).add(train)
    pipeline.connect("T", "INPUT_PATH", {"Get": "Execution.PipelineName"})
    assert uris(steps(pipeline.definition())["T"])["val"]["Std:Join"]["Values"][1] == "val"
    with pytest.raises(PipelineError, match="there is no step 'X'"):
        pipeline.connect("X", "input_path", Source("T", "model_output"))
    with pytest.raises(PipelineError, match="no dependency 'input'; did you mean 'input_path'"):
        pipeline.connect("T", "input", parameter("X"))
    with pytest.raises(PipelineError, match="a step of this name was added before"):
        pipeline.add(FailStepBuilder("T", FailSettings(error_message="x")))
    with pytest.raises(TypeError, match="has no specification"):
        StepBuilderBase("S")
