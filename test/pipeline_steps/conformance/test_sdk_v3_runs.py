"""A pipeline as the SageMaker Python SDK v3 writes and uploads it, drivers and all, runs in the local runner."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

if importlib.util.find_spec("sagemaker") is None or importlib.util.find_spec("sagemaker.mlops") is None:
    pytest.skip("version 3 of the SageMaker SDK is not installed; see `make conformance`", allow_module_level=True)
sys.path.insert(0, str(Path(__file__).parent))

from sdk_kit import BUCKET, PREPARE, ROLE, amazon, download, run, why_no_sandbox

PYTHON = Path(__file__).parents[3] / ".venv" / "bin" / "python"
"""The project's interpreter, which has torch; the SDK's environment does not."""
TRAIN = """
import json, os, sys
from pathlib import Path
import torch
import torch.distributed as distributed
distributed.init_process_group("gloo")
total = torch.tensor([distributed.get_rank() + 1.0])
distributed.all_reduce(total)
print("rank", distributed.get_rank(), "of", distributed.get_world_size(), "total", total.item(), *sys.argv[1:])
if distributed.get_rank() == 0:
    rows = Path(os.environ["SM_CHANNEL_TRAIN"], "rows.csv").read_text()
    Path(os.environ["SM_MODEL_DIR"], "model.json").write_text(json.dumps(rows))
distributed.destroy_process_group()
"""


def definition_of(source: Path, machines: int) -> str:
    """A processing step with a local script, and a training step with local source, under torchrun."""
    from sagemaker.core.processing import ScriptProcessor
    from sagemaker.core.shapes import ProcessingInput, ProcessingOutput, ProcessingS3Input, ProcessingS3Output
    from sagemaker.core.workflow.parameters import ParameterString
    from sagemaker.core.workflow.pipeline_context import PipelineSession
    from sagemaker.mlops.workflow.pipeline import Pipeline
    from sagemaker.mlops.workflow.steps import ProcessingStep, TrainingStep
    from sagemaker.train import ModelTrainer
    from sagemaker.train.configs import Compute, InputData, SourceCode
    from sagemaker.train.distributed import Torchrun

    session = PipelineSession(default_bucket=BUCKET)
    raw = ParameterString("Raw", f"s3://{BUCKET}/raw")
    processor = ScriptProcessor(
        image_uri="image",
        command=["python3"],
        role=ROLE,
        instance_count=1,
        instance_type="ml.m5.large",
        sagemaker_session=session,
    )
    read = ProcessingS3Input(
        s3_uri=raw, local_path="/opt/ml/processing/input/raw", s3_data_type="S3Prefix", s3_input_mode="File"
    )
    written = ProcessingS3Output(
        s3_uri=f"s3://{BUCKET}/train", local_path="/opt/ml/processing/output/train", s3_upload_mode="EndOfJob"
    )
    prepared = processor.run(
        code=str(source / "prepare.py"),
        inputs=[ProcessingInput(input_name="raw", s3_input=read)],
        outputs=[ProcessingOutput(output_name="train", s3_output=written)],
    )
    prepare = ProcessingStep("Prepare", step_args=prepared)
    trainer = ModelTrainer(
        training_image="image",
        role=ROLE,
        sagemaker_session=session,
        source_code=SourceCode(source_dir=str(source), entry_script="train.py", requirements="requirements.txt"),
        distributed=Torchrun(),
        compute=Compute(instance_type="ml.m5.large", instance_count=machines),
        hyperparameters={"lr": 0.25, "epochs": 2},
        base_job_name="mine",
    )
    rows = prepare.properties.ProcessingOutputConfig.Outputs["train"].S3Output.S3Uri
    trained = trainer.train(input_data_config=[InputData(channel_name="train", data_source=rows)])
    steps = [prepare, TrainingStep("Train", step_args=trained)]
    return Pipeline("Mine", parameters=[raw], steps=steps, sagemaker_session=session).definition()


@pytest.mark.parametrize("machines", [1, 2])
def test_a_pipeline_of_the_sdk_runs_as_it_is(tmp_path, monkeypatch, machines):
    reason = why_no_sandbox()
    if reason:
        pytest.skip(reason)
    if not PYTHON.exists() or subprocess.run([PYTHON, "-c", "import torch"], capture_output=True).returncode:
        pytest.skip("the project's environment with torch is not there; run `make setup`")
    source = tmp_path / "source"
    source.mkdir()
    for name, text in {"prepare.py": PREPARE, "train.py": TRAIN, "requirements.txt": "torch\n"}.items():
        (source / name).write_text(text)
    from sagemaker.train import defaults

    monkeypatch.setattr(defaults, "resolve_and_validate_role", lambda **options: options["provided_role"])
    with amazon() as client:
        definition = definition_of(source, machines)
        download(client, tmp_path / "s3")
    record = run(definition, tmp_path, python=str(PYTHON))
    assert record.succeeded, record.failure_reason
    log = (record.run_dir / str(record.steps["Train"].log)).read_text()
    for rank in range(machines):
        assert f"rank {rank} of {machines} total {machines * (machines + 1) / 2} --lr 0.25 --epochs 2" in log
    assert any("pip install" in warning for warning in record.steps["Train"].warnings)
    assert (tmp_path / "s3" / BUCKET / "train" / "rows.csv").read_text() == "A,1\nB,2\n"
