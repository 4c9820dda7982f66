"""The parameters that are passed on to XGBoost, by XGBoost's own names.

None leaves a parameter to XGBoost's default. What a parameter means is told at
https://xgboost.readthedocs.io/en/stable/parameter.html.
"""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from names3risk.hyperparameters.base import only_with

TREES = only_with(booster=["gbtree", "dart"])
DART = only_with(booster=["dart"])
LINEAR = only_with(booster=["gblinear"])
NATIVE = only_with(booster=["gbtree", "dart"], categorical_encoding=["native"])
HISTOGRAM = only_with(booster=["gbtree", "dart"], tree_method=[None, "auto", "hist", "approx"])


class BoosterParameters(BaseModel):
    """XGBoost's parameters; each is passed on as it is."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, protected_namespaces=())

    ALIASES: ClassVar[dict[str, str]] = {
        "eta": "learning_rate",
        "min_split_loss": "gamma",
        "lambda": "reg_lambda",
        "alpha": "reg_alpha",
        "n_jobs": "nthread",
        "random_state": "seed",
        "num_class": "num_classes",
        "n_estimators": "num_round",
        "num_boost_round": "num_round",
    }
    """Other names that XGBoost knows the same parameter by."""

    NOT_OFFERED: ClassVar[dict[str, str]] = {
        "process_type": "every training starts from nothing, there is no earlier model to update",
        "refresh_leaf": "every training starts from nothing, there is no earlier model to refresh",
        "disable_default_eval_metric": "name the metrics in eval_metric, they take the place of the default",
        "validate_parameters": "parameters are always validated",
        **dict.fromkeys(
            ("tweedie_variance_power", "huber_slope", "quantile_alpha", "expectile_alpha", "max_delta_poisson"),
            "it is for regression",
        ),
        **dict.fromkeys(
            ("lambdarank_pair_method", "lambdarank_num_pair_per_sample", "ndcg_exp_gain"), "it is for ranking"
        ),
        **dict.fromkeys(("aft_loss_distribution", "aft_loss_distribution_scale"), "it is for survival times"),
    }
    """Parameters that XGBoost has and a classifier trained here cannot use, with the reason."""

    objective: Literal["binary:logistic", "multi:softprob"] | None = Field(
        None, description="Must agree with num_classes where set"
    )
    booster: Literal["gbtree", "dart", "gblinear"] = Field("gbtree", description="Trees, trees with dropout, or linear")
    device: str | None = Field(None, pattern=r"^(cpu|cuda(:\d+)?|gpu(:\d+)?)$", description="Where training runs")
    nthread: int | None = Field(None, ge=1, description="Threads of a process")
    verbosity: int | None = Field(None, ge=1, le=3, description="1 warnings, 2 information, 3 everything")
    base_score: float | None = Field(None, gt=0, lt=1, description="The score that boosting starts from")
    seed_per_iteration: bool | None = Field(None, description="Draw anew from the iteration's number")
    eval_metric: list[str] | None = Field(None, min_length=1, description="The last one decides early stopping")

    learning_rate: float | None = Field(None, gt=0, le=1, description="Shrinks the step of each round")
    gamma: float | None = Field(None, ge=0, description="Least gain of a split", json_schema_extra=TREES)
    max_depth: int | None = Field(None, ge=0, description="Depth of a tree; 0: no limit", json_schema_extra=TREES)
    min_child_weight: float | None = Field(None, ge=0, json_schema_extra=TREES)
    max_delta_step: float | None = Field(None, ge=0, json_schema_extra=TREES)
    subsample: float | None = Field(None, gt=0, le=1, description="Share of rows a tree", json_schema_extra=TREES)
    sampling_method: Literal["uniform", "gradient_based"] | None = Field(None, json_schema_extra=TREES)
    colsample_bytree: float | None = Field(None, gt=0, le=1, json_schema_extra=TREES)
    colsample_bylevel: float | None = Field(None, gt=0, le=1, json_schema_extra=TREES)
    colsample_bynode: float | None = Field(None, gt=0, le=1, json_schema_extra=TREES)
    reg_lambda: float | None = Field(None, ge=0, description="L2 of the leaves or weights")
    reg_alpha: float | None = Field(None, ge=0, description="L1 of the leaves or weights")
    tree_method: Literal["auto", "exact", "approx", "hist"] | None = Field(None, json_schema_extra=TREES)
    scale_pos_weight: float | None = Field(None, gt=0, description="Weight of the rows of class 1")
    grow_policy: Literal["depthwise", "lossguide"] | None = Field(None, json_schema_extra=HISTOGRAM)
    max_leaves: int | None = Field(None, ge=0, json_schema_extra=HISTOGRAM)
    max_bin: int | None = Field(None, ge=2, json_schema_extra=HISTOGRAM)
    max_cached_hist_node: int | None = Field(None, ge=1, json_schema_extra=HISTOGRAM)
    num_parallel_tree: int | None = Field(None, ge=1, description="Trees of a round", json_schema_extra=TREES)
    monotone_constraints: dict[str, Literal[-1, 0, 1]] | None = Field(
        None, description="By field: 1 rising, -1 falling", json_schema_extra=TREES
    )
    interaction_constraints: list[list[str]] | None = Field(
        None, description="Groups of fields that may meet in a branch", json_schema_extra=TREES
    )
    multi_strategy: Literal["one_output_per_tree", "multi_output_tree"] | None = Field(None, json_schema_extra=TREES)
    max_cat_to_onehot: int | None = Field(None, ge=1, json_schema_extra=NATIVE)
    max_cat_threshold: int | None = Field(None, ge=1, json_schema_extra=NATIVE)

    sample_type: Literal["uniform", "weighted"] | None = Field(None, json_schema_extra=DART)
    normalize_type: Literal["tree", "forest"] | None = Field(None, json_schema_extra=DART)
    rate_drop: float | None = Field(None, ge=0, le=1, description="Share of trees dropped", json_schema_extra=DART)
    one_drop: bool | None = Field(None, description="Drop at least one tree", json_schema_extra=DART)
    skip_drop: float | None = Field(None, ge=0, le=1, json_schema_extra=DART)

    updater: Literal["shotgun", "coord_descent"] | None = Field(None, json_schema_extra=LINEAR)
    feature_selector: Literal["cyclic", "shuffle", "random", "greedy", "thrifty"] | None = Field(
        None, json_schema_extra=LINEAR
    )
    top_k: int | None = Field(None, ge=0, json_schema_extra=LINEAR)

    def given(self) -> dict[str, Any]:
        """The parameters that are set, by XGBoost's names."""
        values = {
            "objective": self.objective,
            "booster": self.booster,
            "device": self.device,
            "nthread": self.nthread,
            "verbosity": self.verbosity,
            "base_score": self.base_score,
            "seed_per_iteration": self.seed_per_iteration,
            "eval_metric": self.eval_metric,
            "learning_rate": self.learning_rate,
            "gamma": self.gamma,
            "max_depth": self.max_depth,
            "min_child_weight": self.min_child_weight,
            "max_delta_step": self.max_delta_step,
            "subsample": self.subsample,
            "sampling_method": self.sampling_method,
            "colsample_bytree": self.colsample_bytree,
            "colsample_bylevel": self.colsample_bylevel,
            "colsample_bynode": self.colsample_bynode,
            "reg_lambda": self.reg_lambda,
            "reg_alpha": self.reg_alpha,
            "tree_method": self.tree_method,
            "scale_pos_weight": self.scale_pos_weight,
            "grow_policy": self.grow_policy,
            "max_leaves": self.max_leaves,
            "max_bin": self.max_bin,
            "max_cached_hist_node": self.max_cached_hist_node,
            "num_parallel_tree": self.num_parallel_tree,
            "monotone_constraints": self.monotone_constraints,
            "interaction_constraints": self.interaction_constraints,
            "multi_strategy": self.multi_strategy,
            "max_cat_to_onehot": self.max_cat_to_onehot,
            "max_cat_threshold": self.max_cat_threshold,
            "sample_type": self.sample_type,
            "normalize_type": self.normalize_type,
            "rate_drop": self.rate_drop,
            "one_drop": self.one_drop,
            "skip_drop": self.skip_drop,
            "updater": self.updater,
            "feature_selector": self.feature_selector,
            "top_k": self.top_k,
        }
        return {name: value for name, value in values.items() if value is not None}
