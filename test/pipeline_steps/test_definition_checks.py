"""What is found in a definition from its JSON alone."""

from __future__ import annotations

import copy

import pytest

from pipeline_steps import check_definition
from pipeline_steps.step_graph import find_cycle


@pytest.fixture
def definition(load):
    return load().definition()


def told(definition):
    return "\n".join(str(problem) for problem in check_definition(definition))


def step(definition, name):
    return next(each for each in definition["Steps"] if each["Name"] == name)


def test_a_sound_definition_has_no_problems(definition):
    assert check_definition(definition) == []


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("Parameters.RawDataUri", "Parameters.RawDataUrl", "no parameter 'RawDataUrl'; did you mean 'RawDataUri'?"),
        ("Execution.PipelineExecutionId", "Execution.RunId", "no execution variable 'RunId'"),
        ("Steps.Tokenizer.", "Steps.Tokenizr.", "there is no step 'Tokenizr'; did you mean 'Tokenizer'?"),
        ("ModelArtifacts.S3ModelArtifacts", "ModelArtifact.S3", "there is no 'ModelArtifact'; did you mean"),
        (".Outputs['processed_data']", ".Outputs['data']", "has no output 'data'; known are: processed_data"),
        ("PropertyFiles.Evaluation", "PropertyFiles.Report", "has no property file 'Report'; known are: Evaluation"),
        ("Parameters.MinimumAuroc", "Nothing.MinimumAuroc", "expected Parameters.X, Execution.X or Steps.S.PROPERTY"),
    ],
)
def test_unknown_references_are_told(definition, old, new, message):
    assert message in told(replaced(definition, old, new))


def test_the_checkpoints_of_a_step_that_keeps_none_are_told(definition):
    place = {"Get": "Steps.Train.CheckpointConfig.S3Uri"}
    step(definition, "Evaluate")["Arguments"]["ProcessingInputs"][1]["S3Input"]["S3Uri"] = place
    assert told(definition) == ""
    del step(definition, "Train")["Arguments"]["CheckpointConfig"]
    assert told(definition) == "Evaluate: Steps.Train.CheckpointConfig.S3Uri: PP601 step 'Train' keeps no checkpoints"


def replaced(value, old, new):
    if isinstance(value, dict):
        return {key: replaced(inner, old, new) for key, inner in value.items()}
    if isinstance(value, list):
        return [replaced(inner, old, new) for inner in value]
    return value.replace(old, new) if isinstance(value, str) and value.startswith(("Steps", "Param", "Exec")) else value


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("ResourceConfig.InstanceCount", "two", "expected an integer, found str 'two'"),
        ("ResourceConfig.VolumeSizeInGB", -1, "expected at least 0, found -1"),
        ("ResourceConfig.InstanceCount", {"Get": "Parameters.RawDataUri"}, "found a reference to a string"),
        ("ResourceConfig.InstanceCount", True, "expected an integer, found bool True"),
        ("ResourceConfig.InstanceType", "ml.m5.xlrge", "'ml.m5.xlrge' is not among the values"),
        ("ResourceConfig.InstanceTyp", "x", "the service has no such field; did you mean 'InstanceType'?"),
        ("ResourceConfig", [], "expected an object, found list []"),
        ("InputDataConfig", {}, "expected a list, found dict {}"),
        ("HyperParameters", [1], "expected an object, found list [1]"),
        ("HyperParameters.lr", 0.1, "expected a string, found float 0.1"),
        ("HyperParameters.lr", {"Get": "Parameters.Count"}, "wrap it in a Std:Join to make it a string"),
        ("HyperParameters.lr", "a\nb", "does not match"),
        ("RoleArn", "me", "RoleArn: PP501 expected 20"),
        ("EnableNetworkIsolation", "yes", "expected a boolean"),
        ("Tags", {"Get": "Parameters.RawDataUri"}, "expected a list, found a reference to a single value"),
        ("TrainingJobName", "mine", "a Training step must not set TrainingJobName"),
        ("InputDataConfig", [{"ChannelName": "a"}], "InputDataConfig[0].DataSource: PP501 is required and missing"),
    ],
)
def test_arguments_are_measured_by_the_service(definition, path, value, message):
    target = step(definition, "Train")["Arguments"]
    *above, last = path.split(".")
    for name in above:
        target = target[name]
    target[last] = value
    assert message in told(definition)


def test_the_default_of_a_parameter_must_fit_where_it_is_used(definition):
    definition["Parameters"].append({"Name": "Type", "Type": "String", "DefaultValue": "ml.none"})
    step(definition, "Train")["Arguments"]["ResourceConfig"]["InstanceType"] = {"Get": "Parameters.Type"}
    assert "for the value 'ml.none' of Parameters.Type" in told(definition)
    definition["Parameters"][-1]["DefaultValue"] = "ml.m5.large"
    assert told(definition) == ""


def test_both_sides_of_a_comparison_have_one_type(definition):
    conditions = step(definition, "Check")["Arguments"]["Conditions"]
    conditions[0]["LeftValue"] = {"Get": "Parameters.RawDataUri"}
    assert "PP602 GreaterThanOrEqualTo compares a float with a string" in told(definition)


def test_steps_that_wait_for_each_other_are_told(definition):
    step(definition, "Preprocess")["DependsOn"] = ["Evaluate"]
    assert "PP603 these steps wait for each other: Preprocess -> Tokenizer -> Train -> Evaluate -> Preprocess" in told(
        definition
    )


def test_names_are_unique_and_what_is_depended_on_exists(definition):
    definition["Steps"].append(copy.deepcopy(definition["Steps"][0]))
    definition["Steps"][1]["DependsOn"] = ["Nowhere"]
    message = told(definition)
    assert "Preprocess: PP601 the name occurs twice" in message
    assert "there is no step 'Nowhere'" in message


def test_an_unknown_step_type_is_told(definition):
    definition["Steps"][0]["Type"] = "Procesing"
    assert "unknown step type 'Procesing'; did you mean 'Processing'?" in told(definition)


def test_find_cycle_gives_the_steps_along_it():
    assert find_cycle(["a", "b", "c"], {"a": ["b"], "b": ["c"], "c": ["b"]}) == ["b", "c", "b"]
    assert find_cycle(["a", "b"], {"a": ["b"]}) is None
    assert find_cycle([str(i) for i in range(5000)], {str(i): [str(i + 1)] for i in range(5000)}) is None
