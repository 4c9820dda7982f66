"""Script contracts and the analyser that proves them.

Everything public is loaded when it is first used, so that importing this package costs next to nothing and using the
analyser alone does not need pydantic.
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .contract import InferenceScriptContract, ProcessingScriptContract, ScriptContract, TrainingScriptContract
    from .findings import ChainStep, Finding, Location, ValidationReport, ValidationResult, Verdict
    from .model_calibration_contract import MODEL_CALIBRATION_CONTRACT
    from .model_evaluation_contract import MODEL_EVALUATION_CONTRACT
    from .names3risk_training_contract import NAMES3RISK_TRAINING_CONTRACT
    from .packaging_contract import PACKAGING_CONTRACT
    from .payload_contract import PAYLOAD_CONTRACT
    from .pytorch_inference_contract import PYTORCH_INFERENCE_CONTRACT
    from .pytorch_train_contract import PYTORCH_TRAIN_CONTRACT
    from .tabular_preprocess_contract import TABULAR_PREPROCESS_CONTRACT
    from .tokenizer_training_contract import TOKENIZER_TRAINING_CONTRACT
    from .validator import ScriptContractValidator
    from .xgboost_evaluation_contract import XGBOOST_EVALUATION_CONTRACT
    from .xgboost_inference_contract import XGBOOST_INFERENCE_CONTRACT
    from .xgboost_train_contract import XGBOOST_TRAIN_CONTRACT

    ALL_CONTRACTS: tuple[ScriptContract, ...]

_CONTRACTS = {
    "TABULAR_PREPROCESS_CONTRACT": "tabular_preprocess_contract",
    "TOKENIZER_TRAINING_CONTRACT": "tokenizer_training_contract",
    "NAMES3RISK_TRAINING_CONTRACT": "names3risk_training_contract",
    "MODEL_EVALUATION_CONTRACT": "model_evaluation_contract",
    "PYTORCH_TRAIN_CONTRACT": "pytorch_train_contract",
    "PYTORCH_INFERENCE_CONTRACT": "pytorch_inference_contract",
    "XGBOOST_TRAIN_CONTRACT": "xgboost_train_contract",
    "XGBOOST_EVALUATION_CONTRACT": "xgboost_evaluation_contract",
    "XGBOOST_INFERENCE_CONTRACT": "xgboost_inference_contract",
    "MODEL_CALIBRATION_CONTRACT": "model_calibration_contract",
    "PACKAGING_CONTRACT": "packaging_contract",
    "PAYLOAD_CONTRACT": "payload_contract",
}
_PUBLIC = {
    "ScriptContract": "contract",
    "ProcessingScriptContract": "contract",
    "TrainingScriptContract": "contract",
    "InferenceScriptContract": "contract",
    "ScriptContractValidator": "validator",
    "ValidationReport": "findings",
    "ValidationResult": "findings",
    "Finding": "findings",
    "Verdict": "findings",
    "Location": "findings",
    "ChainStep": "findings",
    **_CONTRACTS,
}

__all__ = [
    "ALL_CONTRACTS",
    "MODEL_CALIBRATION_CONTRACT",
    "MODEL_EVALUATION_CONTRACT",
    "NAMES3RISK_TRAINING_CONTRACT",
    "PACKAGING_CONTRACT",
    "PAYLOAD_CONTRACT",
    "PYTORCH_INFERENCE_CONTRACT",
    "PYTORCH_TRAIN_CONTRACT",
    "TABULAR_PREPROCESS_CONTRACT",
    "TOKENIZER_TRAINING_CONTRACT",
    "XGBOOST_EVALUATION_CONTRACT",
    "XGBOOST_INFERENCE_CONTRACT",
    "XGBOOST_TRAIN_CONTRACT",
    "ChainStep",
    "Finding",
    "InferenceScriptContract",
    "Location",
    "ProcessingScriptContract",
    "ScriptContract",
    "ScriptContractValidator",
    "TrainingScriptContract",
    "ValidationReport",
    "ValidationResult",
    "Verdict",
]


def __getattr__(name: str) -> Any:
    if name == "ALL_CONTRACTS":
        return tuple(getattr(import_module(f".{module}", _home()), each) for each, module in _CONTRACTS.items())
    if name in _PUBLIC:
        return getattr(import_module(f".{_PUBLIC[name]}", _home()), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def _home() -> str:
    """The package to load from: `src.pipeline_script_contracts`, as seen from a checkout, gives the same objects."""
    plain = __name__.removeprefix("src.")
    found = find_spec(plain)
    return plain if found is not None and found.origin == __file__ else __name__
