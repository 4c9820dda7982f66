"""Mistakes in a pipeline's YAML, each told with its line and what was expected."""

import re

import pytest

from pipeline_steps import PipelineError
from pipeline_steps.configuration import find_problems
from pipeline_steps.yaml_document import read_yaml


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("  name: Small", "  nam: Small", ["pipeline.yaml:3: pipeline.nam", "unknown key 'nam'; did you mean 'name'?"]),
        ("storage: s3://bucket/small", "storage: /tmp", ["pipeline.yaml:5: pipeline.storage", "s3://"]),
        ("parameters:", "paramters:", ["unknown section 'paramters'; did you mean 'parameters'?"]),
        ("default: 0.7", "default: high", ["parameters.MinimumAuroc", "'high' is not a Float"]),
        ("type: Float,", "type: Flaot,", ["parameters.MinimumAuroc.type", "'Float'"]),
        ("type: TokenizerTraining", "type: TokeniserTraining", ["did you mean 'TokenizerTraining'?"]),
        ("Tokenizer: {type: TokenizerTraining}", "Tokenizer: {}", ["steps.Tokenizer", "`type` is missing"]),
        ("    hyperparameters:", "    hyperparametres:", ["did you mean 'hyperparameters'?"]),
        ("  image: ", "  imag: ", ["defaults.imag", "did you mean 'image'?"]),
        ("{raw_data: {", "{raw_dat: {", ["steps.Preprocess.inputs.raw_dat", "did you mean 'raw_data'?"]),
        ("raw_data: {parameter: RawDataUri}", "raw_data: 3", ["expected an s3:// address or a reference"]),
        ("{step: Evaluate,", "{step: Evaluat,", ["there is no step 'Evaluat'; did you mean 'Evaluate'?"]),
        ("if_steps: [Register]", "if_steps: Register", ["steps.Check.if_steps"]),
        ("error_message: too low", "message: too low", ["unknown key 'message'", "error_message: ", "missing"]),
        (
            "columns: {id_name: id, text_source_fields: [name]}",
            "columns: nowhere.yaml",
            ["nowhere.yaml", "No such file"],
        ),
        ("output: metrics_output", "output: metrics", ["property_files.Evaluation", "did you mean 'metrics_output'?"]),
        ("type: GreaterThanOrEqualTo", "type: GreaterOrEqual", ["steps.Check.conditions"]),
    ],
)
def test_each_mistake_is_told(load, old, new, told):
    with pytest.raises(PipelineError) as error:
        load((old, new)).definition()
    for text in told:
        assert text in str(error.value)


def test_a_processing_step_has_no_hyperparameters(load):
    with pytest.raises(PipelineError, match="unknown key 'hyperparameters'"):
        load(steps={"Tokenizer": {"hyperparameters": {"a": 1}}})


def test_all_mistakes_are_told_together(load):
    with pytest.raises(PipelineError) as error:
        load(("name: Small", "nam: Small"), ("type: Float,", "type: Real,"), ("error_message", "message"))
    assert len(error.value.problems) == 5


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a: [1", "pipeline.yaml:2: PP101 not valid YAML"),
        ("a: 1\na: 2\n", "pipeline.yaml:2: PP101 the key 'a' occurs twice"),
        ("- a\n", "expected a mapping of sections"),
        ("", "expected a mapping of sections"),
        ("? [a]\n: 1\n", "a key must be a single word"),
        ("a: &x {b: *x}\n", "an alias stands within what it stands for"),
        ("environments: 3\n", "pipeline.yaml:1: environments: PP101 expected a mapping, found int"),
    ],
)
def test_what_is_no_pipeline_is_told(project, load, text, told):
    (project / "pipeline.yaml").write_text(text)
    with pytest.raises(PipelineError) as error:
        load()
    assert told in str(error.value)


def test_files_that_cannot_be_read_are_told(project, load):
    (project / "pipeline.yaml").write_bytes(b"a: \xff\n")
    with pytest.raises(PipelineError, match="not UTF-8"):
        read_yaml(project / "pipeline.yaml")
    with pytest.raises(PipelineError, match="No such file"):
        read_yaml(project / "none.yaml")


def test_an_environment_that_is_no_mapping_is_told(load):
    with pytest.raises(PipelineError, match=r":\d+: environments\.prod: PP101 expected a mapping, found int"):
        load(("prod:\n    pipeline", "prod: 3\n  test:\n    pipeline"), environments=["prod"])


@pytest.mark.parametrize("section", ["pipeline", "steps", "parameters"])
def test_a_section_that_is_no_mapping_is_told_once(project, section):
    text = (project / "pipeline.yaml").read_text()
    begin = text.index(f"{section}:")
    end = begin + re.search(r"\n(?=\w)", text[begin:] + "\nx").start()
    (project / "pipeline.yaml").write_text(f"{text[:begin]}{section}: 3{text[end:]}")
    _, problems = find_problems(project / "pipeline.yaml")
    assert [(each.where, each.message) for each in problems] == [(section, "expected a mapping, found int")]


@pytest.mark.parametrize("parameters", ["", "parameters: {RawDataUri: {type: Strin}}\n"])
def test_a_parameter_that_nobody_declares_is_told_beside_a_wrong_one(project, parameters):
    text = (project / "pipeline.yaml").read_text()
    begin, end = text.index("parameters:"), text.index("columns:")
    (project / "pipeline.yaml").write_text(text[:begin] + parameters + text[end:])
    _, problems = find_problems(project / "pipeline.yaml")
    assert "Parameters.MinimumAuroc" in [each.where for each in problems]
    assert ("Parameters.RawDataUri" in [each.where for each in problems]) == (not parameters)


def test_an_unknown_environment_is_told(load):
    with pytest.raises(PipelineError, match="there is no environment 'prd'; did you mean 'prod'"):
        load(environments=["prd"])


def test_yaml_means_what_it_looks_like(project):
    path = project / "values.yaml"
    path.write_text("no: no\non: on\nsmall: 1e-3\nquoted: '1'\nyes: true\nnothing:\ninteger: -5\ntext: 1.2.3\n")
    assert read_yaml(path).value == {
        "no": "no",
        "on": "on",
        "small": 0.001,
        "quoted": "1",
        "yes": True,
        "nothing": None,
        "integer": -5,
        "text": "1.2.3",
    }


@pytest.mark.parametrize("name", ["Pre process", "a.b", "Préprocess", "x" * 65])
def test_a_name_that_sagemaker_does_not_take_is_told(load, name):
    with pytest.raises(PipelineError, match="cannot be the name of a step: expected at most 64 letters"):
        load(steps={name: {"type": "Fail", "error_message": "x"}}).definition()
    with pytest.raises(PipelineError, match="cannot be the name of a parameter"):
        load(parameters={name * 5: {"type": "String", "default": "x"}}).definition()


def test_settings_may_refer_to_outputs_that_other_settings_declare(load, steps):
    notify = {
        "type": "Lambda",
        "function_arn": "arn:aws:lambda:us-east-1:123456789012:function:notify",
        "outputs": {"status": {"type": "Integer"}},
    }
    conditions = [{"type": "Equals", "left": {"step": "Notify", "output": "status"}, "right": "200"}]
    found = steps(load(steps={"Notify": notify, "Check": {"conditions": conditions}}).definition())
    condition = found["Check"]["Arguments"]["Conditions"][0]
    assert condition["LeftValue"] == {"Get": "Steps.Notify.OutputParameters['status']"}


def test_settings_that_refer_to_each_other_are_told(load):
    arn = "arn:aws:lambda:us-east-1:123456789012:function:f"
    one = {"type": "Lambda", "function_arn": arn, "arguments": {"a": {"step": "Two", "output": "o"}}}
    two = {"type": "Lambda", "function_arn": arn, "arguments": {"a": {"step": "One", "output": "o"}}}
    with pytest.raises(PipelineError, match="step 'One' cannot be referred to: it is wrong itself, or refers back"):
        load(steps={"One": {**one, "outputs": {"o": {}}}, "Two": {**two, "outputs": {"o": {}}}})


def test_the_role_may_be_a_parameter(load, steps):
    role = ("role: arn:aws:iam::123456789012:role/Runner", "role: {parameter: Role}")
    found = steps(load(role, parameters={"Role": {"type": "String"}}).definition())
    assert found["Train"]["Arguments"]["RoleArn"] == {"Get": "Parameters.Role"}
