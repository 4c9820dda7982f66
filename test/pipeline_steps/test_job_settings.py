"""Settings of a job, measured by the contract of its script."""

from __future__ import annotations

import pytest

from pipeline_script_contracts import ProcessingScriptContract
from pipeline_step_specs import DependencySpec, DependencyType, NodeType, StepSpecification
from pipeline_steps import PipelineBuilder, PipelineError
from pipeline_steps.builders.processing import ProcessingStepBuilder
from pipeline_steps.settings import PipelineSettings, ProcessingSettings

CONTRACT = ProcessingScriptContract(
    entry_point="score.py",
    expected_input_paths={"rows": "/opt/ml/processing/input/rows"},
    expected_arguments={"level": None, "verbose": False, "limit": 10},
    required_env_vars=["TEAM"],
    optional_env_vars={"MODE": "fast", "CACHE": "/opt/ml/cache", "REGION": ""},
)
SPEC = StepSpecification(
    step_type="Score",
    node_type=NodeType.SINK,
    script_contract=CONTRACT,
    dependencies=[DependencySpec(logical_name="rows", dependency_type=DependencyType.PROCESSING_OUTPUT)],
)


@pytest.fixture
def build(tmp_path):
    """Builds a pipeline of one step that runs score.py."""
    (tmp_path / "score.py").write_text("")

    def built(spec=SPEC, **settings):
        given = {"image": "image", "code": tmp_path, **settings}
        pipeline = PipelineBuilder(
            PipelineSettings(name="P", role="arn:aws:iam::123456789012:role/R", storage="s3://bucket")
        )
        pipeline.add(ProcessingStepBuilder("Score", ProcessingSettings(**given), spec))
        return pipeline.connect("Score", "rows", "s3://bucket/rows")

    return built


def arguments(pipeline):
    return pipeline.definition()["Steps"][0]["Arguments"]


def test_defaults_of_the_contract_and_what_is_set(build):
    found = arguments(build(environment={"TEAM": "risk"}, arguments={"level": 3, "verbose": True}))
    assert found["AppSpecification"]["ContainerArguments"] == ["--level", "3", "--verbose", "--limit", "10"]
    assert found["Environment"] == {"MODE": "fast", "TEAM": "risk"}


def test_a_flag_that_is_off_and_an_argument_without_value_are_left_out(build):
    found = arguments(build(environment={"TEAM": "risk"}, arguments={"level": "x", "limit": None}))
    assert found["AppSpecification"]["ContainerArguments"] == ["--level", "x"]


def test_what_the_script_requires_must_be_set(build):
    assert [str(problem) for problem in build().check()] == [
        "Score: environment.TEAM: PP101 score.py requires this variable; set it",
        "Score: arguments.level: PP101 score.py requires this argument; set it",
    ]


def test_a_script_without_job_type_has_no_variants(build):
    problems = build(environment={"TEAM": "a"}, arguments={"level": 1}, job_type="calibration").check()
    assert [str(problem) for problem in problems] == [
        "Score: job_type: PP101 score.py has no argument --job_type, so it has no variants"
    ]


def test_missing_code_is_told(build, tmp_path):
    wanted = {"environment": {"TEAM": "a"}, "arguments": {"level": 1}}
    assert "the folder with score.py is missing; set `code`" in str(build(**wanted, code=None).check()[0])
    assert "there is no 'score.py' in the folder" in str(build(**wanted, code=tmp_path / "no").check()[0])


def test_a_step_without_contract_is_no_job(build):
    spec = SPEC.model_copy(update={"script_contract": None})
    assert "Score has no script contract, so no job can be built for it" in str(build(spec).check()[0])


def test_a_specification_that_disagrees_with_its_contract_does_not_compile(build):
    more = DependencySpec(logical_name="more", dependency_type=DependencyType.PROCESSING_OUTPUT, required=False)
    spec = StepSpecification(**{**dict(SPEC), "dependencies": [*SPEC.dependencies, more]})
    with pytest.raises(PipelineError, match="dependency 'more' of the specification is no input of the contract"):
        build(spec, environment={"TEAM": "a"}, arguments={"level": 1}).assets()


@pytest.mark.parametrize(
    ("steps", "told"),
    [
        ({"Check": {"if_steps": ["Registre"]}}, "there is no step 'Registre'; did you mean 'Register'?"),
        ({"Check": {"if_steps": [], "else_steps": []}}, "neither branch has a step"),
        ({"Check": {"else_steps": ["Register"]}}, "'Register' is in both branches"),
        ({"Check": {"if_steps": ["Check"]}}, "condition steps contain each other: Check -> Check"),
        ({"Check2": {"else_steps": ["Stop"]}}, "'Stop' is in a branch of 'Check' already"),
    ],
)
def test_branches_that_cannot_be_are_told(load, steps, told):
    other = {
        "type": "Condition",
        "conditions": [{"type": "Equals", "left": {"parameter": "Count"}, "right": 1}],
        "if_steps": ["Stop2"],
    }
    more = {"Check2": {**other, **steps.pop("Check2", {})}, "Stop2": {"type": "Fail", "error_message": "x"}}
    with pytest.raises(PipelineError) as error:
        load(steps={**more, **steps}).definition()
    assert told in str(error.value)
