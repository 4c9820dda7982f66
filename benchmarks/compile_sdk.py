"""Writes the pipeline of compile.py with the SageMaker Python SDK v2, without a network: `compile_sdk.py STEPS`."""

from __future__ import annotations

import logging
import os
import sys
import warnings
from typing import Any

os.environ |= {
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "none",
    "AWS_SECRET_ACCESS_KEY": "none",
    "SAGEMAKER_SUPPRESS_V2_WARNING": "1",
}

from sagemaker.estimator import Estimator
from sagemaker.inputs import TrainingInput
from sagemaker.model import Model
from sagemaker.processing import ProcessingInput, ProcessingOutput, Processor
from sagemaker.telemetry import telemetry_logging
from sagemaker.workflow.functions import Join
from sagemaker.workflow.model_step import ModelStep
from sagemaker.workflow.parameters import ParameterString
from sagemaker.workflow.pipeline import Pipeline
from sagemaker.workflow.pipeline_context import PipelineSession
from sagemaker.workflow.steps import ProcessingStep, TrainingStep

ROLE = "arn:aws:iam::123456789012:role/Bench"
IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/bench:1"
CODE = "s3://bench/pipelines/code/0123456789abcdef"


def processing(
    session: PipelineSession, name: str, script: str, inputs: dict, outputs: dict, arguments: list
) -> ProcessingStep:
    """Gives a processing step that runs a script on some inputs."""
    folder = "/opt/ml/processing/input"
    processor = Processor(ROLE, IMAGE, 1, "ml.m5.xlarge", [f"{folder}/code/{script}"], sagemaker_session=session)
    sources = {"code": CODE, **inputs}
    given = [ProcessingInput(source, f"{folder}/{key}", key) for key, source in sources.items()]
    written = [ProcessingOutput(path, f"s3://bench/{name}/{key}", key) for key, path in outputs.items()]
    return ProcessingStep(name, step_args=processor.run(inputs=given, outputs=written, arguments=arguments or None))


def result(step: ProcessingStep, name: str) -> Any:
    """Gives the address of an output of a processing step."""
    return step.properties.ProcessingOutputConfig.Outputs[name].S3Output.S3Uri


def group(session: PipelineSession, raw: ParameterString, index: int) -> list:
    """Gives five steps that feed each other."""
    output, job_type = "/opt/ml/processing/output", ["--job_type", "training"]
    preprocess = processing(
        session,
        f"Preprocess{index}",
        "tabular_preprocessing.py",
        {"raw_data": raw, "config": CODE},
        {"processed_data": output},
        job_type,
    )
    data = result(preprocess, "processed_data")
    tokenizer = processing(
        session,
        f"Tokenizer{index}",
        "tokenizer_training.py",
        {"train_data": Join("/", [data, "train"])},
        {"model_artifacts_output": output},
        [],
    )
    estimator = Estimator(
        IMAGE,
        ROLE,
        1,
        "ml.m5.xlarge",
        output_path=f"s3://bench/Train{index}",
        hyperparameters={"model_class": "lstm2risk", "lr": 0.001, "batch_size": 256},
        container_entry_point=["python3", "/opt/ml/input/data/code/pytorch_training.py"],
        sagemaker_session=session,
    )
    channels = {split: TrainingInput(Join("/", [data, split])) for split in ("train", "val", "test")}
    channels["model_artifacts_input"] = TrainingInput(result(tokenizer, "model_artifacts_output"))
    train = TrainingStep(f"Train{index}", step_args=estimator.fit(channels))
    artifacts = train.properties.ModelArtifacts.S3ModelArtifacts
    evaluate = processing(
        session,
        f"Evaluate{index}",
        "model_evaluation.py",
        {"model_input": artifacts, "eval_data": Join("/", [data, "test"])},
        {"eval_output": f"{output}/eval", "metrics_output": f"{output}/metrics"},
        ["--job_type", "testing"],
    )
    model = Model(IMAGE, artifacts, ROLE, sagemaker_session=session)
    arguments = model.register(["text/csv"], ["application/json"], ["ml.m5.large"], ["ml.m5.large"], "bench")
    return [preprocess, tokenizer, train, evaluate, ModelStep(f"Register{index}", step_args=arguments)]


def main() -> None:
    """Writes the definition to standard output."""
    for name in ("sagemaker", "botocore"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    warnings.simplefilter("ignore")
    telemetry_logging._send_telemetry_request = lambda *_, **__: None  # it would wait for a network
    session = PipelineSession(default_bucket="bench")
    raw = ParameterString("RawDataUri", "s3://bench/raw")
    steps = [step for index in range(int(sys.argv[1]) // 5) for step in group(session, raw, index)]
    sys.stdout.write(Pipeline("Bench", [raw], steps=steps, sagemaker_session=session).definition())


if __name__ == "__main__":
    main()
