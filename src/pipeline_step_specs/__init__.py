"""Step specifications: what each pipeline step needs and gives, and how needs find their sources."""

from pipeline_step_specs.alignment import AlignmentResult
from pipeline_step_specs.batch_transform_spec import BATCH_TRANSFORM_SPEC
from pipeline_step_specs.catalogue import ALL_SPECIFICATIONS, default_registry
from pipeline_step_specs.data_loading_spec import DATA_LOADING_SPEC
from pipeline_step_specs.declarations import DependencySpec, OutputSpec
from pipeline_step_specs.enums import DependencyType, NodeType, StepKind
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
from pipeline_step_specs.resolution import Resolution, Resolver, Source
from pipeline_step_specs.step_specification import StepSpecification
from pipeline_step_specs.tabular_preprocessing_spec import TABULAR_PREPROCESSING_SPEC
from pipeline_step_specs.tokenizer_training_spec import TOKENIZER_TRAINING_SPEC
from pipeline_step_specs.xgboost_evaluation_spec import XGBOOST_EVALUATION_SPEC
from pipeline_step_specs.xgboost_training_spec import XGBOOST_TRAINING_SPEC

__all__ = [
    "ALL_SPECIFICATIONS",
    "BATCH_TRANSFORM_SPEC",
    "DATA_LOADING_SPEC",
    "HYPERPARAMETER_PREP_SPEC",
    "MODEL_CALIBRATION_SPEC",
    "MODEL_EVALUATION_SPEC",
    "NAMES3RISK_TRAINING_SPEC",
    "NAMES3RISK_TUNING_SPEC",
    "PACKAGING_SPEC",
    "PAYLOAD_SPEC",
    "PYTORCH_MODEL_SPEC",
    "PYTORCH_TRAINING_SPEC",
    "REGISTRATION_SPEC",
    "TABULAR_PREPROCESSING_SPEC",
    "TOKENIZER_TRAINING_SPEC",
    "XGBOOST_EVALUATION_SPEC",
    "XGBOOST_TRAINING_SPEC",
    "AlignmentResult",
    "DependencySpec",
    "DependencyType",
    "NodeType",
    "OutputSpec",
    "Resolution",
    "Resolver",
    "Source",
    "SpecificationRegistry",
    "StepKind",
    "StepSpecification",
    "default_registry",
]
