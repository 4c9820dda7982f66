"""Every kind of step, and the service's own opinion of its request."""

from __future__ import annotations

import botocore.session
import pytest
from botocore.validate import ParamValidator

from pipeline_step_specs import StepKind
from pipeline_steps import PipelineError
from pipeline_steps.argument_shapes import CREATE_SHAPES
from pipeline_steps.references import is_reference
from pipeline_steps.step_graph import iter_steps, own_arguments

MORE_STEPS = {
    "Load": {
        "type": "DataLoading",
        "queue_url": "https://sqs.us-east-1.amazonaws.com/123456789012/loader",
        "arguments": {"region": "NA", "count": {"parameter": "Count"}},
    },
    "Preprocess": {"inputs": {"raw_data": {"step": "Load", "output": "DATA"}}, "launcher": "smspark-submit"},
    "Tune": {
        "type": "Names3RiskTuning",
        "hyperparameters": {"model_class": "lstm2risk"},
        "ranges": {
            "lr": {"type": "Continuous", "min": 0.0001, "max": 0.1, "scaling": "Logarithmic"},
            "hidden_size": {"type": "Integer", "min": 16, "max": 256},
            "optimizer": {"type": "Categorical", "values": ["adamw", "sgd"]},
        },
        "objective": "val_auroc",
        "goal": "Maximize",
        "metrics": [{"name": "val_auroc", "regex": "val_auroc=([0-9.]+)"}],
        "max_jobs": 6,
        "max_parallel_jobs": 3,
    },
    "Evaluate": {"inputs": {"model_input": {"step": "Train", "output": "model_output"}}},
    "EvaluateTuned": {"type": "ModelEvaluation", "inputs": {"model_input": {"step": "Tune", "output": "model_output"}}},
    "Model": {
        "type": "PyTorchModel",
        "environment": {"WORKERS": 2},
        "inputs": {"model_input": {"step": "Train", "output": "model_output"}},
    },
    "Transform": {
        "type": "BatchTransform",
        "max_payload_mb": 6,
        "input_filter": "$[1:]",
        "join_source": "Input",
        "output_filter": "$[0,-1]",
    },
    "Register": {"inputs": {"model_input": {"step": "Train", "output": "model_output"}}},
    "Notify": {
        "type": "Lambda",
        "function_arn": "arn:aws:lambda:us-east-1:123456789012:function:notify",
        "arguments": {"model": {"step": "Train", "output": "model_output"}},
        "outputs": {"status": {"type": "Integer"}},
    },
    "Spark": {
        "type": "EMR",
        "cluster_id": "j-123",
        "args": ["spark-submit", "s3://bucket/job.py", {"parameter": "Count"}],
        "outputs": {"joined": "s3://bucket/joined"},
    },
    "PreprocessJoined": {
        "type": "TabularPreprocessing",
        "inputs": {"raw_data": {"step": "Spark", "output": "joined"}},
    },
    "Tokenizer": {"inputs": {"train_data": {"step": "Preprocess", "output": "processed_data"}}},
}
TO_PREPROCESS = {"inputs": {"input_path": {"step": "Preprocess", "output": "processed_data"}}}
EVAL_DATA = {"step": "Preprocess", "output": "processed_data", "subfolder": "test"}


@pytest.fixture
def everything(load):
    """A pipeline with a step of every kind."""
    steps = {name: dict(step) for name, step in MORE_STEPS.items()}
    steps["Train"] = TO_PREPROCESS
    steps["Tune"] |= TO_PREPROCESS
    for name in ("Evaluate", "EvaluateTuned"):
        steps[name] = {**steps[name], "inputs": {**steps[name]["inputs"], "eval_data": EVAL_DATA}}
    steps["Transform"]["inputs"] = {"processed_data": EVAL_DATA}
    return load(steps=steps)


def test_every_kind_is_there(everything):
    kinds = {step["Type"] for step, _ in iter_steps(everything.definition()["Steps"])}
    assert kinds == {str(kind) for kind in StepKind}


@pytest.mark.parametrize("kind", list(CREATE_SHAPES))
def test_botocore_accepts_the_arguments(everything, kind):
    shape_name, job_name = CREATE_SHAPES[kind]
    model = botocore.session.get_session().get_service_model("sagemaker")
    shape = model.shape_for(shape_name)
    for step, _ in iter_steps(everything.definition()["Steps"]):
        if step["Type"] == kind:
            request = placeholders(own_arguments(step), shape)
            if job_name in shape.required_members:
                request[job_name] = "name"
            report = ParamValidator().validate(request, shape)
            assert not report.has_errors(), report.generate_report()


def placeholders(value, shape):
    """The value with a constant of the right type in the place of every reference."""
    if is_reference(value):
        return {"integer": 1, "long": 1, "float": 1.0, "double": 1.0, "boolean": True}.get(shape.type_name, "text")
    if shape.type_name == "structure":
        return {key: placeholders(inner, shape.members[key]) for key, inner in value.items()}
    if shape.type_name == "list":
        return [placeholders(inner, shape.member) for inner in value]
    if shape.type_name == "map":
        return {key: placeholders(inner, shape.value) for key, inner in value.items()}
    return value


def test_outputs_of_external_steps_reach_others(everything, steps):
    found = steps(everything.definition())
    inputs = {
        each["InputName"]: each["S3Input"]["S3Uri"] for each in found["Preprocess"]["Arguments"]["ProcessingInputs"]
    }
    assert inputs["raw_data"] == {"Get": "Steps.Load.OutputParameters['raw_data']"}
    assert found["Load"]["OutputParameters"] == [{"OutputName": "raw_data", "OutputType": "String"}]
    assert found["Notify"]["OutputParameters"] == [{"OutputName": "status", "OutputType": "Integer"}]
    assert found["Notify"]["FunctionArn"].endswith(":notify")
    assert found["Load"]["Arguments"] == {"region": "NA", "count": {"Get": "Parameters.Count"}}


def test_an_address_without_reference_becomes_depends_on(everything, steps):
    found = steps(everything.definition())
    assert found["PreprocessJoined"]["DependsOn"] == ["Spark"]
    assert "DependsOn" not in found["Preprocess"]


def test_the_best_model_of_a_tuning_has_the_name_of_its_job_in_its_address(everything, steps):
    found = steps(everything.definition())
    tuning = found["Tune"]["Arguments"]
    assert tuning["TrainingJobDefinition"]["StaticHyperParameters"] == {
        "model_class": "lstm2risk",
        "sagemaker_program": '"pytorch_training.py"',
        "sagemaker_submit_directory": '"/opt/ml/input/data/code"',
    }
    assert tuning["HyperParameterTuningJobConfig"]["ParameterRanges"] == {
        "ContinuousParameterRanges": [
            {"Name": "lr", "MinValue": "0.0001", "MaxValue": "0.1", "ScalingType": "Logarithmic"}
        ],
        "IntegerParameterRanges": [{"Name": "hidden_size", "MinValue": "16", "MaxValue": "256", "ScalingType": "Auto"}],
        "CategoricalParameterRanges": [{"Name": "optimizer", "Values": ["adamw", "sgd"]}],
    }
    evaluate = found["EvaluateTuned"]["Arguments"]["ProcessingInputs"][1]["S3Input"]["S3Uri"]["Std:Join"]
    output = tuning["TrainingJobDefinition"]["OutputDataConfig"]["S3OutputPath"]["Std:Join"]["Values"]
    assert evaluate["Values"][:2] == output[:2]
    assert evaluate["Values"][2:] == [
        "Tune/output",
        {"Get": "Steps.Tune.BestTrainingJob.TrainingJobName"},
        "output/model.tar.gz",
    ]


def test_a_transform_filters_and_joins(everything, steps):
    assert steps(everything.definition())["Transform"]["Arguments"]["DataProcessing"] == {
        "InputFilter": "$[1:]",
        "OutputFilter": "$[0,-1]",
        "JoinSource": "Input",
    }


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            {"objective": "val_aurok"},
            "the objective 'val_aurok' is not among the metrics: train_loss, val_loss, val_auroc",
        ),
        ({"distribution": "torchrun"}, "a tuning job cannot start torchrun"),
        ({"hyperparameters": {"lr": 1}}, "lr: both under hyperparameters and under ranges; keep one"),
    ],
)
def test_a_tuning_that_cannot_work_is_told(load, change, told):
    tune = {**MORE_STEPS["Tune"], **change}
    with pytest.raises(PipelineError, match=told):
        load(steps={"Tune": tune}).definition()


@pytest.mark.parametrize(
    ("count", "entrypoint"),
    [
        (1, ["torchrun", "--standalone", "--nproc_per_node=4"]),
        (
            2,
            [
                "torchrun",
                "--nnodes=2",
                "--nproc_per_node=4",
                "--rdzv_backend=c10d",
                "--rdzv_endpoint=algo-1:29400",
                "--rdzv_id=Train",
            ],
        ),
    ],
)
def test_torchrun_starts_the_script_on_every_instance(load, steps, count, entrypoint):
    train = {"distribution": "torchrun", "processes_per_instance": 4, "instance_count": count}
    found = steps(load(steps={"Train": train}).definition())["Train"]["Arguments"]
    assert found["AlgorithmSpecification"]["ContainerEntrypoint"] == [
        *entrypoint,
        "/opt/ml/input/data/code/pytorch_training.py",
    ]


def test_the_number_of_instances_may_be_a_parameter(load, steps):
    train = {"distribution": "torchrun", "instance_count": {"parameter": "Count"}}
    found = steps(load(steps={"Train": train}).definition())["Train"]["Arguments"]
    assert found["ResourceConfig"]["InstanceCount"] == {"Get": "Parameters.Count"}
    nodes = found["AlgorithmSpecification"]["ContainerEntrypoint"][1]
    assert nodes == {"Std:Join": {"On": "", "Values": ["--nnodes=", {"Get": "Parameters.Count"}]}}


def test_conditions_of_every_type_nest(load, steps):
    auroc = {"step": "Evaluate", "property_file": "Evaluation", "path": "metrics.auroc"}
    kinds = ("Equals", "GreaterThan", "GreaterThanOrEqualTo", "LessThan", "LessThanOrEqualTo")
    conditions = [{"type": kind, "left": auroc, "right": 0.5} for kind in kinds]
    conditions.append(
        {
            "type": "Or",
            "conditions": [
                {"type": "In", "value": {"parameter": "RawDataUri"}, "values": ["s3://a/b", "s3://c/d"]},
                {"type": "Not", "condition": {"type": "Equals", "left": {"parameter": "Count"}, "right": 1}},
            ],
        }
    )
    found = steps(load(steps={"Check": {"conditions": conditions}}).definition())["Check"]["Arguments"]["Conditions"]
    assert [each["Type"] for each in found] == [*kinds, "Or"]
    assert found[-1]["Conditions"] == [
        {"Type": "In", "QueryValue": {"Get": "Parameters.RawDataUri"}, "Values": ["s3://a/b", "s3://c/d"]},
        {
            "Type": "Not",
            "Condition": {"Type": "Equals", "LeftValue": {"Get": "Parameters.Count"}, "RightValue": 1},
        },
    ]


def test_conditions_may_lie_in_branches(load, steps):
    inner = {
        "type": "Condition",
        "conditions": [{"type": "Equals", "left": {"parameter": "Count"}, "right": 1}],
        "if_steps": ["Register"],
    }
    definition = load(steps={"Inner": inner, "Check": {"if_steps": ["Inner"]}}).definition()
    check = next(step for step in definition["Steps"] if step["Name"] == "Check")
    assert check["Arguments"]["IfSteps"][0]["Arguments"]["IfSteps"][0]["Name"] == "Register"
    assert set(steps(definition)) >= {"Check", "Inner", "Register", "Stop"}
