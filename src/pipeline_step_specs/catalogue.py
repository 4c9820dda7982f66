"""Every specification, in one list: a new one is its own module, its test and a line here."""

from __future__ import annotations

from pipeline_step_specs.batch_transform_spec import BATCH_TRANSFORM_SPEC
from pipeline_step_specs.data_loading_spec import DATA_LOADING_SPEC
from pipeline_step_specs.hyperparameter_prep_spec import HYPERPARAMETER_PREP_SPEC
from pipeline_step_specs.model_calibration_spec import MODEL_CALIBRATION_SPEC
from pipeline_step_specs.model_evaluation_spec import MODEL_EVALUATION_SPEC
from pipeline_step_specs.names3risk_training_spec import NAMES3RISK_TRAINING_SPEC
from pipeline_step_specs.names3risk_tuning_spec import NAMES3RISK_TUNING_SPEC
from pipeline_step_specs.packaging_spec import PACKAGING_SPEC
from pipeline_step_specs.payload_spec import PAYLOAD_SPEC
from pipeline_step_specs.pytorch_model_spec import PYTORCH_MODEL_SPEC
from pipeline_step_specs.pytorch_training_spec import PYTORCH_TRAINING_SPEC
from pipeline_step_specs.registration_spec import REGISTRATION_SPEC
from pipeline_step_specs.registry import SpecificationRegistry
from pipeline_step_specs.step_specification import StepSpecification
from pipeline_step_specs.tabular_preprocessing_spec import TABULAR_PREPROCESSING_SPEC
from pipeline_step_specs.tokenizer_training_spec import TOKENIZER_TRAINING_SPEC
from pipeline_step_specs.xgboost_evaluation_spec import XGBOOST_EVALUATION_SPEC
from pipeline_step_specs.xgboost_training_spec import XGBOOST_TRAINING_SPEC

ALL_SPECIFICATIONS: tuple[StepSpecification, ...] = (
    DATA_LOADING_SPEC,
    HYPERPARAMETER_PREP_SPEC,
    TABULAR_PREPROCESSING_SPEC,
    TOKENIZER_TRAINING_SPEC,
    NAMES3RISK_TRAINING_SPEC,
    NAMES3RISK_TUNING_SPEC,
    PYTORCH_TRAINING_SPEC,
    XGBOOST_TRAINING_SPEC,
    MODEL_EVALUATION_SPEC,
    XGBOOST_EVALUATION_SPEC,
    MODEL_CALIBRATION_SPEC,
    PACKAGING_SPEC,
    PAYLOAD_SPEC,
    PYTORCH_MODEL_SPEC,
    BATCH_TRANSFORM_SPEC,
    REGISTRATION_SPEC,
)


def default_registry() -> SpecificationRegistry:
    """Gives a new registry of all specifications of this package."""
    return SpecificationRegistry(ALL_SPECIFICATIONS)
