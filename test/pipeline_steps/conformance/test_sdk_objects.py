"""The same pipeline as objects of the SageMaker Python SDK v3, where that is installed."""

from __future__ import annotations

import importlib.util
import json
import sys

import pytest

from pipeline_steps import PipelineError
from pipeline_steps.sagemaker_sdk import to_sdk_pipeline


@pytest.fixture
def session(monkeypatch):
    if importlib.util.find_spec("sagemaker") is None or importlib.util.find_spec("sagemaker.mlops") is None:
        pytest.skip("version 3 of the SageMaker SDK is not installed; see `make conformance`")
    from sagemaker.core.workflow.pipeline_context import PipelineSession

    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    return PipelineSession(default_bucket="bucket")


def test_the_sdk_writes_our_definition(load, session):
    pipeline = load()
    theirs, ours = json.loads(to_sdk_pipeline(pipeline, session).definition()), pipeline.definition()
    assert theirs["Steps"] == ours["Steps"]
    assert theirs["Parameters"] == ours["Parameters"]
    assert theirs["Version"] == ours["Version"]


def test_steps_of_the_sdk_can_refer_to_ours(load, session):
    from sagemaker.mlops.workflow.fail_step import FailStep

    pipeline = to_sdk_pipeline(load(), session)
    train = next(step for step in pipeline.steps if step.name == "Train")
    pipeline.steps = [*pipeline.steps, FailStep("More", error_message=train.properties.TrainingJobName)]
    steps = {step["Name"]: step for step in json.loads(pipeline.definition())["Steps"]}
    assert steps["More"]["Arguments"]["ErrorMessage"] == {"Get": "Steps.Train.TrainingJobName"}


def test_without_the_sdk_it_is_told_what_to_install(load, monkeypatch):
    monkeypatch.setitem(sys.modules, "sagemaker.mlops.workflow.pipeline", None)
    with pytest.raises(PipelineError, match=r"SDK v3 is not installed .* pip install 'names3risk\[sagemaker\]'"):
        to_sdk_pipeline(load())
