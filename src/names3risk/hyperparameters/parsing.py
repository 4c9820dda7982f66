"""Hyperparameters from mappings and JSON files, with SageMaker's strings cast and region overlays merged."""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

from pydantic import ValidationError

from names3risk.errors import ConfigError
from names3risk.hyperparameters.base import Hyperparameters
from names3risk.hyperparameters.bert import BertHyperparameters
from names3risk.hyperparameters.lstm import LstmHyperparameters
from names3risk.hyperparameters.lstm2risk import LSTM2RiskHyperparameters
from names3risk.hyperparameters.multimodal_bert import MultimodalBertHyperparameters
from names3risk.hyperparameters.multimodal_boosted import MultimodalBoostedHyperparameters
from names3risk.hyperparameters.multimodal_cnn import MultimodalCnnHyperparameters
from names3risk.hyperparameters.multimodal_cross_attn import MultimodalCrossAttnHyperparameters
from names3risk.hyperparameters.multimodal_gate_fusion import MultimodalGateFusionHyperparameters
from names3risk.hyperparameters.multimodal_moe import MultimodalMoeHyperparameters
from names3risk.hyperparameters.pointer import PointerHyperparameters
from names3risk.hyperparameters.recipes import load_recipe
from names3risk.hyperparameters.transformer2risk import Transformer2RiskHyperparameters

HYPERPARAMETER_CLASSES: dict[str, type[Hyperparameters]] = {
    "lstm2risk": LSTM2RiskHyperparameters,
    "transformer2risk": Transformer2RiskHyperparameters,
    "pointer": PointerHyperparameters,
    "multimodal_bert": MultimodalBertHyperparameters,
    "multimodal_cnn": MultimodalCnnHyperparameters,
    "multimodal_moe": MultimodalMoeHyperparameters,
    "multimodal_gate_fusion": MultimodalGateFusionHyperparameters,
    "multimodal_cross_attn": MultimodalCrossAttnHyperparameters,
    "multimodal_boosted": MultimodalBoostedHyperparameters,
    "bert": BertHyperparameters,
    "lstm": LstmHyperparameters,
}
REGIONS = ("NA", "EU", "FE")
FILE_NAME = "hyperparameters.json"


def parse_hyperparameters(values: Mapping[str, Any], where: str | Path | None = None) -> Hyperparameters:
    """Checks hyperparameters and casts those that came as strings.

    SageMaker delivers every value as a string; `"1e-3"`, `"true"`, `"[1, 2]"`, `"null"` and JSON-quoted strings are
    cast to the type of their field. Keys that SageMaker itself adds (`sagemaker_*`, `_tuning_*`) are left out. The key
    `recipe` names a recipe whose values lie under those given here.

    Args:
        values: Names and values; `model_class` is required.
        where: The file they came from, for error messages.

    Returns:
        The hyperparameters of the model class that `model_class` names.

    Raises:
        ConfigError: Names every wrong or unknown hyperparameter.
    """
    known = {key: value for key, value in values.items() if not key.startswith(("sagemaker_", "_tuning_"))}
    recipe = cast_text(known.pop("recipe", None), is_text=True)
    if recipe is not None:
        known = {**load_recipe(recipe), **known}
    cls = _class_of(cast_text(known.get("model_class"), is_text=False), where)
    cast = {key: cast_text(value, _is_text(cls, key)) for key, value in known.items() if key in cls.model_fields}
    problems = cls.unknown(known)
    try:
        parsed = cls.model_validate(cast)
    except ValidationError as error:
        problems += describe_problems(error)
    if problems:
        raise ConfigError("; ".join(problems), where=where or "hyperparameters")
    return parsed


def load_hyperparameters(path: str | Path, region: str = "") -> Hyperparameters:
    """Loads hyperparameters from a file or a folder and merges the overlay of a region over them.

    Args:
        path: A JSON file, or a folder that holds `hyperparameters.json` and possibly `hyperparameters_{REGION}.json`.
        region: NA, EU or FE; empty for none.

    Returns:
        The checked hyperparameters.

    Raises:
        ConfigError: A file is absent or not a JSON object, the region is unknown, or a hyperparameter is wrong.
    """
    values, where = read_hyperparameters(path, region)
    return parse_hyperparameters(values, where)


def read_hyperparameters(path: str | Path, region: str = "") -> tuple[dict[str, Any], Path]:
    """Reads what `load_hyperparameters` checks.

    Args:
        path: See `load_hyperparameters`.
        region: See `load_hyperparameters`.

    Returns:
        Names and values, and the file they come from.

    Raises:
        ConfigError: A file is absent or not a JSON object, or the region is unknown.
    """
    source = Path(path)
    base = source / FILE_NAME if source.is_dir() else source
    if region and region not in REGIONS:
        raise ConfigError(
            f"unknown region {region!r}", where="REGION", expected=f"one of {', '.join(REGIONS)}, or none"
        )
    overlay = base.with_name(f"{base.stem}_{region}.json") if region else None
    if overlay is not None and overlay.is_file():
        common = read_json_object(base) if base.is_file() else {}
        return {**common, **read_json_object(overlay)}, overlay
    return read_json_object(base), base


def _class_of(name: Any, where: str | Path | None) -> type[Hyperparameters]:
    known = ", ".join(HYPERPARAMETER_CLASSES)
    if name is None:
        raise ConfigError("model_class is missing", where=where or "hyperparameters", expected=f"one of {known}")
    if not isinstance(name, str) or name not in HYPERPARAMETER_CLASSES:
        nearest = difflib.get_close_matches(str(name), HYPERPARAMETER_CLASSES, n=1, cutoff=0.4)
        if name == "xgboost":
            raise ConfigError(
                "model class xgboost is no network",
                where=where or "hyperparameters",
                expected=f"one of {known}",
                mend="`names3risk train` and the step XGBoostTraining train it",
            )
        raise ConfigError(
            f"unknown model class {name!r}",
            where=where or "hyperparameters",
            expected=f"one of {known}",
            mend=f"did you mean {nearest[0]!r}?" if nearest else None,
        )
    return HYPERPARAMETER_CLASSES[name]


def _is_text(cls: type[Hyperparameters], key: str) -> bool:
    field = cls.model_fields.get(key)
    return field is not None and (field.annotation is str or str in get_args(field.annotation))


def cast_text(value: Any, is_text: bool) -> Any:
    """Undoes what SageMaker does to a value on its way: every value arrives as a string, structures as JSON.

    Args:
        value: As it was delivered.
        is_text: Whether the hyperparameter is text, which stays as it is unless it is quoted or `null`.
    """
    if not isinstance(value, str):
        return value
    text = value.strip()
    quoted = len(text) > 1 and text[0] == text[-1] == '"'
    if quoted or text == "null" or (not is_text and text[:1] in "[{"):
        try:
            return json.loads(text)
        except json.JSONDecodeError:
            return value
    return value if is_text else text


def read_json_object(path: Path) -> dict[str, Any]:
    """Reads names and values.

    Raises:
        ConfigError: The file is absent or not a JSON object.
    """
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ConfigError("the file does not exist", where=path, expected="a JSON object of hyperparameters") from error
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise ConfigError(
            f"cannot be read: {error}", where=path, expected="a JSON object of hyperparameters"
        ) from error
    if not isinstance(values, dict):
        raise ConfigError(f"holds a {type(values).__name__}", where=path, expected="a JSON object of hyperparameters")
    return values


def describe_problems(error: ValidationError) -> list[str]:
    """A message for each problem that pydantic found, with the hyperparameter and its value."""
    problems = []
    for problem in error.errors():
        name = ".".join(str(part) for part in problem["loc"])
        message = problem["msg"].removeprefix("Value error, ")
        problems.append(f"{name}: {message}, not {problem['input']!r}" if name else message)
    return problems
