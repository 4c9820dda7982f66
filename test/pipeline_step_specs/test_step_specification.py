"""Rules of a single specification."""

import pytest
from pydantic import ValidationError

from pipeline_script_contracts import ProcessingScriptContract
from pipeline_step_specs import (
    ALL_SPECIFICATIONS,
    DependencySpec,
    DependencyType,
    NodeType,
    OutputSpec,
    SpecificationRegistry,
    StepKind,
    StepSpecification,
    default_registry,
)

CONTRACT = ProcessingScriptContract(
    entry_point="clean.py",
    expected_input_paths={"raw": "/opt/ml/processing/input/raw"},
    expected_output_paths={"clean": "/opt/ml/processing/output"},
)
PATH = "properties.ProcessingOutputConfig.Outputs['clean'].S3Output.S3Uri"


def dependency(name="raw", **fields):
    return DependencySpec(logical_name=name, dependency_type=DependencyType.PROCESSING_OUTPUT, **fields)


def output(name="clean", path=PATH, **fields):
    return OutputSpec(logical_name=name, output_type=DependencyType.PROCESSING_OUTPUT, property_path=path, **fields)


def spec(**fields):
    given = {
        "step_type": "Clean",
        "node_type": NodeType.INTERNAL,
        "script_contract": CONTRACT,
        "dependencies": [dependency()],
        "outputs": [output()],
    }
    return StepSpecification(**{**given, **fields})


@pytest.mark.parametrize(
    ("step_type", "step_name"),
    [
        ("PyTorchTraining", "pytorch_training"),
        ("XGBoostTraining", "xgboost_training"),
        ("Names3RiskTraining", "names3risk_training"),
        ("TabularPreprocessing", "tabular_preprocessing"),
        ("EMRProcessing", "emr_processing"),
        ("PyTorchModel", "pytorch_model"),
    ],
)
def test_step_name_is_the_snake_case_of_the_step_type(step_type, step_name):
    assert spec(step_type=step_type).step_name == step_name


@pytest.mark.parametrize(
    ("node_type", "dependencies", "outputs", "told"),
    [
        (NodeType.SOURCE, [dependency()], [output()], "must not have dependencies, this one has 1"),
        (NodeType.SOURCE, [], [], "must have outputs"),
        (NodeType.INTERNAL, [], [output()], "must have dependencies"),
        (NodeType.INTERNAL, [dependency()], [], "must have outputs"),
        (NodeType.SINK, [dependency()], [output()], "must not have outputs"),
        (NodeType.SINGULAR, [dependency()], [], "must not have dependencies"),
    ],
)
def test_node_type_is_enforced(node_type, dependencies, outputs, told):
    with pytest.raises(ValidationError, match=told):
        spec(node_type=node_type, dependencies=dependencies, outputs=outputs)


def test_names_and_aliases_are_unique_whatever_their_case():
    with pytest.raises(ValidationError, match="the name 'RAW' occurs twice in the dependencies: 'raw' and 'other'"):
        spec(dependencies=[dependency(), dependency("other", aliases=["RAW"])])
    with pytest.raises(ValidationError, match="occurs twice in the outputs"):
        spec(outputs=[output(), output("Clean")])


def test_a_name_goes_before_an_alias():
    both = spec(dependencies=[dependency("first", aliases=["x"]), dependency("raw", aliases=["data"])])
    assert both.get_dependency("RAW").logical_name == "raw"
    assert both.get_dependency("Data").logical_name == "raw"
    assert both.get_dependency("nothing") is None


def test_unknown_fields_are_rejected_and_specifications_do_not_change():
    with pytest.raises(ValidationError, match="extra"):
        dependency(requird=True)
    with pytest.raises(ValidationError, match="frozen"):
        spec().step_type = "Other"


def test_alignment_finds_what_is_missing_on_either_side():
    result = spec(
        dependencies=[dependency("raw_data")], outputs=[output(), output("extra", PATH)]
    ).validate_contract_alignment()
    assert not result.is_valid
    assert [error.split(";")[0] for error in result.errors] == [
        "Clean: input 'raw' of the contract of clean.py has no dependency in the specification",
        "Clean: dependency 'raw_data' of the specification is no input of the contract of clean.py",
        "Clean: output 'extra' of the specification is no output of the contract of clean.py",
    ]


def test_alignment_counts_aliases_and_what_the_framework_provides():
    aliased = spec(dependencies=[dependency("table", aliases=["raw"]), dependency("job", framework_provided=True)])
    assert aliased.validate_contract_alignment().is_valid


def test_a_property_that_the_service_does_not_have_is_an_error():
    errors = spec(outputs=[output(path="properties.ProcesingOutputConfig.Outputs['clean']")]).validate()
    assert len(errors) == 1
    assert "there is no 'ProcesingOutputConfig'; did you mean 'ProcessingOutputConfig'?" in errors[0]


@pytest.mark.parametrize(
    "path", ["properties.TrainingMetrics", "properties.TrainingJobDefinition.OutputDataConfig.S3OutputPath"]
)
def test_training_jobs_have_no_such_properties(path):
    errors = spec(script_contract=None, step_kind=StepKind.TRAINING, outputs=[output(path=path)]).validate()
    assert len(errors) == 1
    assert "is not a property of DescribeTrainingJobResponse" in errors[0]


def test_a_property_must_be_a_single_value():
    errors = spec(outputs=[output(path="properties.ProcessingOutputConfig.Outputs")]).validate()
    assert "is a list; expected the path of a single value" in errors[0]


def test_the_kind_must_fit_the_contract():
    assert spec().kind is StepKind.PROCESSING
    with pytest.raises(ValidationError, match="a ProcessingScriptContract runs in a Processing step"):
        spec(step_kind=StepKind.TRAINING)


def test_variants_share_everything_but_the_job_type():
    variant = spec().for_job_type("calibration")
    assert variant.step_name == "clean_calibration"
    assert variant.dependencies == spec().dependencies
    with pytest.raises(ValueError, match="job type 'tests' is unknown; expected one of training, validation, testing"):
        spec().for_job_type("tests")


@pytest.mark.parametrize("each", ALL_SPECIFICATIONS, ids=lambda each: each.step_type)
def test_our_specifications_are_valid_and_aligned(each):
    assert each.validate() == []
    assert each.validate_contract_alignment().errors == []


def test_registry_keeps_order_and_refuses_what_does_not_fit():
    registry = SpecificationRegistry([spec()])
    registry.register("cleaning", spec())
    assert registry.list_specifications() == ["clean", "cleaning"]
    assert registry.get_specification("CLEAN") == spec()
    assert registry.get_specification("nothing") is None
    with pytest.raises(ValueError, match="the name 'clean' is taken by the specification of Clean"):
        registry.register("clean", spec(description="another"))
    with pytest.raises(ValueError, match="not a property"):
        registry.register("broken", spec(outputs=[output(path="properties.Nothing")]))
    with pytest.raises(KeyError, match="no step type 'Claen'; did you mean 'Clean'"):
        registry.require_specification("Claen")


def test_each_default_registry_is_its_own():
    default_registry().register("more", spec())
    assert "more" not in default_registry().list_specifications()
