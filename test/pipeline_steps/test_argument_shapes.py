"""Our validation of requests finds whatever botocore's finds, on thousands of broken requests."""

from __future__ import annotations

import copy
import random

import botocore.session
import pytest
from botocore.validate import ParamValidator

from pipeline_step_specs import StepKind
from pipeline_steps.argument_shapes import CREATE_SHAPES, ArgumentValidator

S3 = "s3://bucket/key"
ROLE = "arn:aws:iam::123456789012:role/R"
REQUESTS = {
    StepKind.PROCESSING: {
        "ProcessingResources": {
            "ClusterConfig": {"InstanceType": "ml.m5.xlarge", "InstanceCount": 1, "VolumeSizeInGB": 30}
        },
        "AppSpecification": {"ImageUri": "image", "ContainerArguments": ["--a", "1"]},
        "RoleArn": ROLE,
        "ProcessingInputs": [{"InputName": "a", "S3Input": {"S3Uri": S3, "S3DataType": "S3Prefix"}}],
        "Environment": {"A": "b"},
        "NetworkConfig": {"EnableNetworkIsolation": True},
    },
    StepKind.TRAINING: {
        "AlgorithmSpecification": {"TrainingImage": "image", "TrainingInputMode": "File"},
        "RoleArn": ROLE,
        "OutputDataConfig": {"S3OutputPath": S3},
        "InputDataConfig": [
            {"ChannelName": "a", "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": S3}}}
        ],
        "ResourceConfig": {"InstanceType": "ml.m5.xlarge", "InstanceCount": 2, "VolumeSizeInGB": 30},
        "HyperParameters": {"lr": "0.1"},
        "Tags": [{"Key": "a", "Value": "b"}],
    },
    StepKind.REGISTER_MODEL: {
        "ModelPackageGroupName": "group",
        "InferenceSpecification": {
            "Containers": [{"Image": "image", "ModelDataUrl": S3}],
            "SupportedContentTypes": ["text/csv"],
        },
        "CustomerMetadataProperties": {"a": "b"},
    },
}
REPLACEMENTS = [None, 1, -1, 1.5, "text", "", True, [], {}, ["a"], {"a": "b"}, [{"a": 1}]]


@pytest.fixture(scope="module")
def service():
    return botocore.session.get_session().get_service_model("sagemaker")


def places(value, path=()):
    """The path of everything in a JSON value, itself included."""
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from places(inner, (*path, key))


def broken(request, chance):
    """A copy of a request with one entry removed, renamed or replaced."""
    request = copy.deepcopy(request)
    path = chance.choice([path for path in places(request) if path])
    target = request
    for key in path[:-1]:
        target = target[key]
    last, how = path[-1], chance.randrange(3)
    if how == 0:
        del target[last]
    elif how == 1 and isinstance(target, dict):
        target[f"{last}X"] = target.pop(last)
    else:
        target[last] = copy.deepcopy(chance.choice(REPLACEMENTS))
    return request


@pytest.mark.parametrize("kind", list(REQUESTS))
def test_what_botocore_rejects_is_rejected(service, kind):
    chance, shape_name = random.Random(7), CREATE_SHAPES[kind][0]
    shape, job_name = service.shape_for(shape_name), CREATE_SHAPES[kind][1]
    ours = ArgumentValidator(lambda _: "string")
    assert ours.validate(kind, REQUESTS[kind]) == []
    rejected = 0
    for _ in range(1500):
        request = broken(REQUESTS[kind], chance)
        named = {**request, job_name: "name"} if job_name in shape.required_members else request
        if ParamValidator().validate(named, shape).has_errors():
            rejected += 1
            assert ours.validate(kind, request), request
    assert rejected > 500
