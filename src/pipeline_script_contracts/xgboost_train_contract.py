"""The contract of dockers/xgboost/train_xgb.py."""

from .contract import TrainingScriptContract
from .image_requirements import XGBOOST_REQUIREMENTS

XGBOOST_TRAIN_CONTRACT = TrainingScriptContract(
    entry_point="train_xgb.py",
    expected_input_paths={
        "input_path": "/opt/ml/input/data",
        "config": "/opt/ml/input/config/hyperparameters.json",
        "resource_config": "/opt/ml/input/config/resourceconfig.json",
    },
    expected_output_paths={
        "model_output": "/opt/ml/model",
        "data_output": "/opt/ml/output/data",
    },
    optional_env_vars={"REGION": "", "TRAINING_JOB_NAME": ""},
    hyperparameters="names3risk.boosting.hyperparameters.XGBoostHyperparameters",
    framework_provided=("config", "resource_config"),
    framework_requirements=XGBOOST_REQUIREMENTS,
    description="Trains XGBoost on the tabular and categorical fields of the channels train, val and test and writes "
    "the model, what was fitted with it, feature importance, SHAP values, predictions, metrics and pictures.",
)
