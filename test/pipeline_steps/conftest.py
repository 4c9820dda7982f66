"""A pipeline with scripts of its own, small enough to read."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline_steps.configuration import load_pipeline

PIPELINE = """
pipeline:
  name: Small
  role: arn:aws:iam::123456789012:role/Runner
  storage: s3://bucket/small
parameters:
  RawDataUri: {type: String, default: s3://bucket/raw}
  MinimumAuroc: {type: Float, default: 0.7}
  Count: {type: Integer, default: 1}
columns: {id_name: id, text_source_fields: [name]}
defaults:
  image: 123456789012.dkr.ecr.us-east-1.amazonaws.com/small:1
  code: code
steps:
  Preprocess:
    type: TabularPreprocessing
    inputs: {raw_data: {parameter: RawDataUri}}
  Tokenizer: {type: TokenizerTraining}
  Train:
    type: Names3RiskTraining
    hyperparameters: {model_class: lstm2risk, lr: 0.001, class_weights: [1.0, 2.0], load_ckpt: true}
  Evaluate:
    type: ModelEvaluation
    property_files: {Evaluation: {output: metrics_output, path: evaluation.json}}
  Check:
    type: Condition
    conditions:
      - {type: GreaterThanOrEqualTo, left: {step: Evaluate, property_file: Evaluation, path: metrics.auroc},
         right: {parameter: MinimumAuroc}}
    if_steps: [Register]
    else_steps: [Stop]
  Register: {type: Registration, model_package_group: small}
  Stop: {type: Fail, error_message: too low}
environments:
  prod:
    pipeline: {storage: s3://prod/small}
    steps: {Train: {instance_type: ml.p4d.24xlarge}}
"""
SCRIPTS = ("tabular_preprocessing.py", "tokenizer_training.py", "pytorch_training.py", "model_evaluation.py")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with pipeline.yaml and the code that it names."""
    code = tmp_path / "code"
    code.mkdir()
    for script in SCRIPTS:
        (code / script).write_text(f"print({script!r})\n")
    (tmp_path / "pipeline.yaml").write_text(PIPELINE)
    return tmp_path


@pytest.fixture
def load(project: Path):
    """Loads pipeline.yaml, after replacing texts in it, with overrides laid over it."""

    def loaded(*replacements: tuple[str, str], environments=(), **overrides):
        text = (project / "pipeline.yaml").read_text()
        for old, new in replacements:
            assert old in text
            text = text.replace(old, new)
        (project / "pipeline.yaml").write_text(text)
        return load_pipeline(project / "pipeline.yaml", environments, overrides)

    return loaded


def by_name(definition: dict) -> dict:
    """The steps of a definition by name, those in branches included."""
    from pipeline_steps.step_graph import iter_steps

    return {step["Name"]: step for step, _ in iter_steps(definition["Steps"])}


@pytest.fixture
def steps():
    """Gives the steps of a definition by name, those in branches included."""
    return by_name
