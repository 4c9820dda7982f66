"""A pipeline as the SageMaker Python SDK v2 writes and uploads it runs in the local runner, unchanged."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

os.environ["SAGEMAKER_SUPPRESS_V2_WARNING"] = "1"
sagemaker = pytest.importorskip("sagemaker", reason="the SageMaker SDK is not installed; see `make conformance`")
if not hasattr(sagemaker, "Session"):
    pytest.skip("this is not version 2 of the SageMaker SDK", allow_module_level=True)
sys.path.insert(0, str(Path(__file__).parent))

from sagemaker.inputs import TrainingInput  # noqa: E402 - only where the SDK is installed
from sagemaker.processing import FrameworkProcessor, ProcessingInput, ProcessingOutput  # noqa: E402
from sagemaker.pytorch import PyTorch, PyTorchModel  # noqa: E402
from sagemaker.transformer import Transformer  # noqa: E402
from sagemaker.tuner import ContinuousParameter, HyperparameterTuner  # noqa: E402
from sagemaker.workflow.model_step import ModelStep  # noqa: E402
from sagemaker.workflow.parameters import ParameterString  # noqa: E402
from sagemaker.workflow.pipeline import Pipeline  # noqa: E402
from sagemaker.workflow.pipeline_context import PipelineSession  # noqa: E402
from sagemaker.workflow.steps import ProcessingStep, TrainingStep, TransformStep, TuningStep  # noqa: E402
from sdk_kit import BUCKET, PREPARE, ROLE, amazon, download, run, why_no_sandbox  # noqa: E402

TRAIN = """
import argparse, json, os
from pathlib import Path
parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float)
parser.add_argument("--epochs", type=int)
values = parser.parse_args()
rows = Path(os.environ["SM_CHANNEL_TRAIN"], "rows.csv").read_text()
Path(os.environ["SM_MODEL_DIR"], "model.json").write_text(json.dumps({"lr": values.lr, "rows": rows}))
print(f"val_auroc={1 - values.lr};")
"""
INFERENCE = """
import json, os
def model_fn(model_dir):
    return json.load(open(os.path.join(model_dir, "model.json")))
def input_fn(body, content_type):
    return body.splitlines()
def predict_fn(rows, model):
    assert rows == model["rows"].splitlines()
    return [model["lr"] for _ in rows]
def output_fn(prediction, accept):
    return "\\n".join(map(str, prediction))
"""
FRAMEWORK = {"framework_version": "2.1", "py_version": "py310"}


def steps(source: Path, session: PipelineSession, raw: ParameterString) -> list:
    machine = {"instance_count": 1, "instance_type": "ml.m5.large", "sagemaker_session": session}
    processor = FrameworkProcessor(
        PyTorch, "2.1", ROLE, 1, "ml.m5.large", py_version="py310", sagemaker_session=session
    )
    prepared = processor.run(
        code="prepare.py",
        source_dir=str(source),
        inputs=[ProcessingInput(raw, "/opt/ml/processing/input/raw", input_name="raw")],
        outputs=[ProcessingOutput(source="/opt/ml/processing/output/train", output_name="train")],
    )
    prepare = ProcessingStep("Prepare", step_args=prepared)
    rows = prepare.properties.ProcessingOutputConfig.Outputs["train"].S3Output.S3Uri
    metrics = [{"Name": "val_auroc", "Regex": "val_auroc=([0-9.]+);"}]

    def estimator(**hyperparameters: float) -> PyTorch:
        common = {"source_dir": str(source), "role": ROLE, "metric_definitions": metrics, **FRAMEWORK, **machine}
        return PyTorch("train.py", hyperparameters=hyperparameters, **common)

    train = TrainingStep("Train", step_args=estimator(lr=0.25, epochs=2).fit({"train": TrainingInput(rows)}))
    tuner = HyperparameterTuner(
        estimator(epochs=2),
        "val_auroc",
        {"lr": ContinuousParameter(0.1, 0.9)},
        metric_definitions=metrics,
        max_jobs=3,
        max_parallel_jobs=2,
    )
    tune = TuningStep("Tune", step_args=tuner.fit({"train": TrainingInput(rows)}))
    model = PyTorchModel(
        model_data=tune.get_top_model_s3_uri(0, BUCKET),
        role=ROLE,
        entry_point="inference.py",
        source_dir=str(source),
        sagemaker_session=session,
        **FRAMEWORK,
    )
    create = ModelStep("Model", step_args=model.create(instance_type="ml.m5.large"))
    transformer = Transformer(
        create.properties.ModelName,
        assemble_with="Line",
        accept="text/csv",
        output_path=f"s3://{BUCKET}/scores",
        **machine,
    )
    scored = transformer.transform(rows, content_type="text/csv", split_type="Line")
    return [prepare, train, tune, create, TransformStep("Score", step_args=scored)]


def test_a_pipeline_of_the_sdk_runs_as_it_is(tmp_path):
    reason = why_no_sandbox()
    if reason:
        pytest.skip(reason)
    source = tmp_path / "source"
    source.mkdir()
    for name, text in {"prepare.py": PREPARE, "train.py": TRAIN, "inference.py": INFERENCE}.items():
        (source / name).write_text(text)
    with amazon() as client:
        session = PipelineSession(default_bucket=BUCKET)
        raw = ParameterString("Raw", f"s3://{BUCKET}/raw")
        pipeline = Pipeline("Mine", parameters=[raw], steps=steps(source, session, raw), sagemaker_session=session)
        definition = pipeline.definition()
        download(client, tmp_path / "s3")
    record = run(definition, tmp_path)
    assert record.succeeded, record.failure_reason
    assert {step.type for step in record.steps.values()} == {"Processing", "Training", "Tuning", "Model", "Transform"}
    assert record.contract_check is True
    tried = [job["TunedHyperParameters"]["lr"] for job in record.steps["Tune"].properties["TrainingJobSummaries"]]
    scores = (tmp_path / "s3" / BUCKET / "scores" / "rows.csv.out").read_text().split()
    assert scores == [min(tried, key=float)] * 2
