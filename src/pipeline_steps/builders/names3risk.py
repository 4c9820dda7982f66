"""The builders of the Names3Risk pipeline: each adds to its kind only what its step has of its own."""

from __future__ import annotations

import json
from typing import Any

from pydantic import Field

from pipeline_step_specs import (
    MODEL_EVALUATION_SPEC,
    NAMES3RISK_TRAINING_SPEC,
    PYTORCH_TRAINING_SPEC,
    TABULAR_PREPROCESSING_SPEC,
    TOKENIZER_TRAINING_SPEC,
)
from pipeline_step_specs.training_metrics import PYTORCH_TRAINING_METRICS
from pipeline_steps.builders.base import BuildContext
from pipeline_steps.builders.processing import ProcessingStepBuilder
from pipeline_steps.builders.training import TrainingStepBuilder
from pipeline_steps.references import Value
from pipeline_steps.settings import ProcessingSettings

COLUMNS_FILE = "columns.json"


class TabularPreprocessingSettings(ProcessingSettings):
    """The settings of tabular preprocessing.

    Args:
        columns: The column schema, written to columns.json as it is; the script checks it.
        field_lists: The files that the column schema names, by name, and their text.
    """

    columns: dict[str, Any] = Field(default_factory=dict)
    field_lists: dict[str, str] = Field(default_factory=dict)


class TabularPreprocessingStepBuilder(ProcessingStepBuilder):
    """Builds the step that labels, filters and splits the raw table."""

    specification = TABULAR_PREPROCESSING_SPEC
    settings_class = TabularPreprocessingSettings

    def own_inputs(self, context: BuildContext) -> dict[str, Value]:
        """Gives the folder of columns.json and the lists it names, when the column schema is among the settings."""
        settings = self.settings
        if not isinstance(settings, TabularPreprocessingSettings) or not settings.columns:
            return {}
        text = json.dumps(settings.columns, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"
        return {"config": context.assets.add_contents({COLUMNS_FILE: text, **settings.field_lists})}


class TokenizerTrainingStepBuilder(ProcessingStepBuilder):
    """Builds the step that trains the tokenizer."""

    specification = TOKENIZER_TRAINING_SPEC


class PyTorchTrainingStepBuilder(TrainingStepBuilder):
    """Builds the step that trains a multimodal PyTorch model."""

    specification = PYTORCH_TRAINING_SPEC
    printed_metrics = PYTORCH_TRAINING_METRICS


class Names3RiskTrainingStepBuilder(PyTorchTrainingStepBuilder):
    """Builds the step that trains LSTM2Risk or Transformer2Risk."""

    specification = NAMES3RISK_TRAINING_SPEC


class ModelEvaluationStepBuilder(ProcessingStepBuilder):
    """Builds the step that scores a split and computes metrics."""

    specification = MODEL_EVALUATION_SPEC
