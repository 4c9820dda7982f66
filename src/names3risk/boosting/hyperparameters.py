"""Hyperparameters of XGBoost training: what the job decides, and every parameter of XGBoost beside it."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, Self, get_args

from pydantic import Field, ValidationError, model_validator

from names3risk.boosting.parameters import BoosterParameters
from names3risk.errors import ConfigError
from names3risk.hyperparameters.base import check_class_weights, only_with, reject_without_effect
from names3risk.hyperparameters.parsing import cast_text, describe_problems, read_hyperparameters

RISK_TABLES = only_with(categorical_encoding=["risk_tables"])
OBJECTIVES = {True: "binary:logistic", False: "multi:softprob"}


class XGBoostHyperparameters(BoosterParameters):
    """XGBoost on the numbers and categories of a table.

    Everything that its training can be told; a value without effect is refused.

    Raises:
        ValidationError: A value is out of bounds or would have no effect.
    """

    model_class: Literal["xgboost"] = Field("xgboost", description="Name of the model class")
    id_name: str | None = Field(None, description="Column that identifies a row")
    label_name: str | None = Field(None, description="Column that holds the class, 0 to num_classes - 1")
    tab_field_list: list[str] | None = Field(None, description="Numeric columns, in order")
    cat_field_list: list[str] | None = Field(None, description="Categorical columns, in order")
    num_classes: int = Field(2, ge=2, le=1000, description="Number of classes")
    imputation: Literal["mean", "median", "mode", "constant"] = Field("mean", description="Fill of missing numbers")
    imputation_constant: float = Field(0.0, json_schema_extra=only_with(imputation=["constant"]))
    categorical_encoding: Literal["risk_tables", "native"] = Field(
        "risk_tables", description="Categories as risks, or as categories that XGBoost splits itself"
    )
    smooth_factor: float = Field(
        0.0, ge=0, le=1, description="Share of rows that the prior weighs", json_schema_extra=RISK_TABLES
    )
    count_threshold: int = Field(0, ge=0, description="Fewer rows take the prior", json_schema_extra=RISK_TABLES)
    class_weights: list[float] | None = Field(None, description="One weight a class; ones where not set")
    num_round: int = Field(200, ge=1, le=100_000, description="Boosting rounds")
    early_stopping_rounds: int = Field(
        20, ge=0, description="Rounds without improvement on val before training stops; 0: never, keep all rounds"
    )
    explained_rows: int = Field(2000, ge=0, description="Validation rows whose scores are explained; 0: none")
    seed: int = Field(0, ge=0, lt=2**31, description="Of sampled rows and columns, dropped trees and folds")

    @model_validator(mode="after")
    def _has_effect(self) -> Self:
        reject_without_effect(self)
        return self

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.objective is not None and self.objective != OBJECTIVES[self.num_classes == 2]:
            raise ValueError(
                f"objective {self.objective} disagrees with num_classes {self.num_classes}: "
                f"use {OBJECTIVES[self.num_classes == 2]}"
            )
        check_class_weights(self.class_weights, self.num_classes)
        if self.class_weights is not None and self.scale_pos_weight is not None:
            raise ValueError("class_weights and scale_pos_weight both weigh the classes: keep one")
        if self.num_classes > 2:
            for name in ("scale_pos_weight", "base_score"):
                if getattr(self, name) is not None:
                    raise ValueError(f"{name} is for 2 classes, num_classes is {self.num_classes}")
        elif self.multi_strategy is not None:
            raise ValueError("multi_strategy has no effect with 2 classes")
        if self.booster == "gblinear" and self.early_stopping_rounds:
            raise ValueError(
                "a linear booster keeps no earlier round to go back to: set early_stopping_rounds 0 and choose "
                "num_round, or use booster gbtree"
            )
        if self.booster == "gblinear" and self.categorical_encoding == "native":
            raise ValueError("a linear booster cannot split categories: use categorical_encoding risk_tables")
        if self.sampling_method == "gradient_based" and (self.device or "cpu") == "cpu":
            raise ValueError("sampling_method gradient_based has no effect on a CPU: set device cuda")
        return self

    def booster_parameters(self) -> dict[str, Any]:
        """What `xgboost.train` is given."""
        classes = {"num_class": self.num_classes} if self.num_classes > 2 else {}
        return {"objective": OBJECTIVES[self.num_classes == 2], **self.given(), **classes, "seed": self.seed}


def parse_xgboost_hyperparameters(values: Mapping[str, Any], where: str | Path | None = None) -> XGBoostHyperparameters:
    """Checks hyperparameters and casts those that came as strings, as SageMaker delivers them.

    XGBoost's other names of a parameter (`eta`, `lambda`, `num_class`, ...) are understood. Keys that SageMaker itself
    adds are left out.

    Args:
        values: Names and values.
        where: The file they came from, for error messages.

    Raises:
        ConfigError: Names every wrong or unknown hyperparameter, with the nearest known name.
    """
    known, problems = {}, []
    for given, value in values.items():
        if given.startswith(("sagemaker_", "_tuning_")):
            continue
        name = XGBoostHyperparameters.ALIASES.get(given, given)
        if name not in XGBoostHyperparameters.model_fields:
            problems.append(_unknown(given))
        elif name in known:
            problems.append(f"{name} is given twice, by two of its names: keep one")
        else:
            known[name] = _cast(name, value)
    try:
        parsed = XGBoostHyperparameters.model_validate(known)
    except ValidationError as error:
        problems += describe_problems(error)
    if problems:
        raise ConfigError("; ".join(problems), where=where or "hyperparameters")
    return parsed


def load_xgboost_hyperparameters(path: str | Path, region: str = "") -> XGBoostHyperparameters:
    """Loads hyperparameters from a file or a folder, with the overlay of a region where it has one.

    Args:
        path: A JSON file, or a folder that holds `hyperparameters.json` and possibly `hyperparameters_{REGION}.json`.
        region: NA, EU or FE; empty for none.

    Raises:
        ConfigError: A file is absent or not a JSON object, the region is unknown, or a hyperparameter is wrong.
    """
    values, where = read_hyperparameters(path, region)
    return parse_xgboost_hyperparameters(values, where)


def _unknown(name: str) -> str:
    cls = XGBoostHyperparameters
    if name in cls.NOT_OFFERED:
        return f"hyperparameter {name!r} is not offered: {cls.NOT_OFFERED[name]}"
    near = difflib.get_close_matches(name, [*cls.model_fields, *cls.ALIASES], n=1, cutoff=0.5)
    return f"unknown hyperparameter {name!r} of XGBoost" + (f"; did you mean {near[0]!r}?" if near else "")


def _cast(name: str, value: Any) -> Any:
    annotation = XGBoostHyperparameters.model_fields[name].annotation
    is_text = annotation is str or str in get_args(annotation)
    cast = cast_text(value, is_text)
    return [cast] if name == "eval_metric" and isinstance(cast, str) else cast
