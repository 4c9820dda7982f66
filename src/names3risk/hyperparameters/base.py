"""What every model class can be told: data roles, optimisation, stopping and regularisation.

A field that only matters together with another one says so in `only_with`; setting it elsewhere is rejected by name,
so that no configured value is ever without effect.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

RENAMED = {"block_size": "max_sen_len", "learning_rate": "lr", "epochs": "max_epochs", "dropout": "dropout_rate"}


def only_with(**settings: list[Any]) -> dict[str, Any]:
    """Says that a field has an effect only when each named field has one of the listed values."""
    return {"only_with": settings}


def reject_without_effect(values: BaseModel) -> None:
    """Checks that each value that is set has an effect; see `only_with`.

    Raises:
        ValueError: One has none; the message names it and what it needs.
    """
    for name, field in type(values).model_fields.items():
        extra = field.json_schema_extra
        conditions = extra.get("only_with", {}) if isinstance(extra, dict) else {}
        if getattr(values, name) == field.default or not isinstance(conditions, dict):
            continue
        for other, allowed in conditions.items():
            if isinstance(allowed, list) and getattr(values, other) not in allowed:
                wanted = " or ".join(str(value) for value in allowed if value is not None)
                raise ValueError(
                    f"{name} has no effect with {other} {getattr(values, other)}: it needs {other} {wanted}"
                )


def check_class_weights(weights: list[float] | None, num_classes: int) -> None:
    """Checks that each class has a weight above 0, where weights are set.

    Raises:
        ValueError: It has not.
    """
    if weights is None:
        return
    if len(weights) != num_classes:
        raise ValueError(f"class_weights has {len(weights)} values for {num_classes} classes")
    if min(weights) <= 0:
        raise ValueError("class_weights must all be greater than 0")


class Hyperparameters(BaseModel):
    """Hyperparameters shared by all model classes; each class adds its own in a subclass.

    Raises:
        ValidationError: A value is out of bounds, a key is unknown, or a value would have no effect.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, protected_namespaces=())

    DATA_FIELDS: ClassVar[tuple[str, ...]] = (
        "id_name",
        "label_name",
        "text_name",
        "text_source_fields",
        "tab_field_list",
        "cat_field_list",
        "full_field_list",
    )
    """Column roles. Where set, they replace those of the schema beside the data; the training job applies them."""

    FEATURE_FIELDS: ClassVar[tuple[str, ...]] = (
        "imputation",
        "imputation_constant",
        "numeric_transform",
        "smooth_factor",
        "count_threshold",
    )
    """How the features are fitted; the training job hands them to the feature encoder."""

    EXECUTION_FIELDS: ClassVar[tuple[str, ...]] = ("compile", "cuda_graphs", "strategy", "memory_budget_gib")
    """How training is run on the hardware at hand, which does not change what can be learned."""

    model_class: str = Field(description="Name of the model class")

    # Column roles
    id_name: str | None = Field(None, description="Column that identifies a row")
    label_name: str | None = Field(None, description="Column that holds the class, 0 to num_classes - 1")
    text_name: str | None = Field(None, description="The single text column; or use text_source_fields")
    text_source_fields: list[str] | None = Field(None, description="Text columns, joined by a separator, in order")
    tab_field_list: list[str] | None = Field(None, description="Numeric columns, in order")
    cat_field_list: list[str] | None = Field(None, description="Categorical columns, in order")
    full_field_list: list[str] | None = Field(None, description="All columns that may be read; must hold the others")

    # Task
    num_classes: int = Field(2, ge=2, le=1000, description="Number of classes")
    is_binary: bool | None = Field(None, description="Must agree with num_classes where set")
    max_sen_len: int = Field(100, ge=1, le=8192, description="Tokens kept of a row's text")

    # Feature fitting
    imputation: Literal["mean", "median", "mode", "constant"] = Field("mean", description="Fill of missing numbers")
    imputation_constant: float = Field(0.0, json_schema_extra=only_with(imputation=["constant"]))
    numeric_transform: Literal["none", "signed_log", "quantile"] = Field(
        "none", description="How numbers are scaled: sign(x) log(1 + |x|), or the normal score of the rank"
    )
    smooth_factor: float = Field(0.0, ge=0, le=1, description="Risk tables: share of rows that the prior weighs")
    count_threshold: int = Field(0, ge=0, description="Risk tables: fewer rows than this take the prior")

    # Loss
    loss: Literal["cross_entropy", "nll", "bce", "focal"] = Field(
        "cross_entropy", description="nll is cross-entropy without smoothing; bce has one output"
    )
    ignore_index: int | None = Field(
        None, ge=0, description="Class whose rows count for nothing in the loss and get no smoothed probability"
    )
    class_weights: list[float] | None = Field(None, description="One weight a class; ones where not set")
    label_smoothing: float = Field(0.0, ge=0, lt=1, description="Probability moved from the label to all classes")
    focal_gamma: float = Field(
        2.0, ge=0, le=10, description="How much easy rows are weighed down", json_schema_extra=only_with(loss=["focal"])
    )

    # Optimizer
    optimizer: Literal["adamw", "adagrad", "sgd"] = Field("adamw", description="Optimizer")
    lr: float = Field(1e-3, gt=0, le=10, description="Learning rate; of onecycle the highest")
    weight_decay: float = Field(0.0, ge=0, le=10, description="Applied to weight matrices only")
    adam_epsilon: float = Field(1e-8, gt=0, le=1, json_schema_extra=only_with(optimizer=["adamw"]))
    adam_betas: tuple[float, float] = Field((0.9, 0.999), json_schema_extra=only_with(optimizer=["adamw"]))
    adagrad_initial_accumulator: float = Field(0.0, ge=0, json_schema_extra=only_with(optimizer=["adagrad"]))
    sgd_momentum: float = Field(0.9, ge=0, lt=1, json_schema_extra=only_with(optimizer=["sgd"]))
    batch_size: int = Field(256, ge=2, le=1_000_000, description="Rows a step and process")
    accumulate_grad_batches: int = Field(1, ge=1, le=10_000, description="Batches that one optimizer step sums up")
    gradient_clip_val: float = Field(1.0, ge=0, description="Largest global gradient norm; 0 turns clipping off")

    # Schedule
    run_scheduler: bool = Field(True, description="False keeps the learning rate fixed")
    scheduler: Literal["onecycle", "fixed", "linear_warmup", "warmup_cosine"] = Field(
        "onecycle", json_schema_extra=only_with(run_scheduler=[True])
    )
    pct_start: float = Field(
        0.1,
        gt=0,
        lt=1,
        description="Share of steps that onecycle rises",
        json_schema_extra=only_with(run_scheduler=[True], scheduler=["onecycle"]),
    )
    cycle_momentum: bool = Field(
        True,
        description="onecycle moves the momentum (the first of adam_betas) against the learning rate",
        json_schema_extra=only_with(run_scheduler=[True], scheduler=["onecycle"], optimizer=["adamw", "sgd"]),
    )
    warmup_steps: int | None = Field(
        None,
        ge=0,
        description="Steps that the learning rate rises; not set: onecycle takes pct_start, linear_warmup 300",
        json_schema_extra=only_with(run_scheduler=[True], scheduler=["onecycle", "linear_warmup"]),
    )
    warmup_epochs: int = Field(
        5,
        ge=0,
        description="Epochs that the learning rate rises",
        json_schema_extra=only_with(run_scheduler=[True], scheduler=["warmup_cosine"]),
    )
    schedule_interval: Literal["epoch", "step"] = Field(
        "epoch",
        description="Whether the learning rate moves once an epoch or at every step",
        json_schema_extra=only_with(run_scheduler=[True], scheduler=["warmup_cosine"]),
    )
    min_lr: float = Field(
        1e-6,
        ge=0,
        description="Where the cosine ends",
        json_schema_extra=only_with(run_scheduler=[True], scheduler=["warmup_cosine"]),
    )

    # Run
    max_epochs: int = Field(10, ge=1, le=100_000, description="Passes over the training rows")
    min_epochs: int = Field(1, ge=1, description="Early stopping waits for this many epochs")
    val_check_interval: float = Field(0.25, gt=0, le=1, description="Share of an epoch between validations")
    early_stop_metric: Literal["val_loss", "val_auroc", "val_average_precision", "val_accuracy"] = Field(
        "val_loss", description="Metric that stops training and chooses the best checkpoint"
    )
    early_stop_patience: int = Field(3, ge=1, description="Validations without improvement before training stops")
    weight_averaging: Literal["none", "ema", "swa"] = Field(
        "none", description="Validate and keep an exponential (ema) or plain (swa) mean of the weights"
    )
    ema_decay: float = Field(
        0.999, ge=0, lt=1, description="Share that a step leaves", json_schema_extra=only_with(weight_averaging=["ema"])
    )
    swa_start: float = Field(
        0.5,
        ge=0,
        lt=1,
        description="Share of steps before the mean",
        json_schema_extra=only_with(weight_averaging=["swa"]),
    )
    checkpoint_every_n_steps: int = Field(
        0, ge=0, description="Steps between checkpoints to resume from; 0: each epoch"
    )
    checkpoint_every_n_seconds: float = Field(
        60.0, ge=0, description="Seconds between checkpoints, or more where saving would take 2 % of the time; 0: none"
    )
    load_ckpt: bool = Field(True, description="Return the best weights; false returns the last ones")
    precision: Literal["auto", "fp32", "tf32", "bf16", "fp16"] = Field(
        "auto", description="Arithmetic of the forward pass; auto: fp32 on a CPU, bf16 on a GPU"
    )
    fp16: bool = Field(False, description="The same as precision fp16")
    compile: Literal["auto", "always", "never"] = Field(
        "auto", description="Compile the network; auto: on a GPU, where the run is long enough to gain by it"
    )
    cuda_graphs: bool = Field(True, description="Record steps once and replay them, on GPUs")
    strategy: Literal["ddp", "fsdp"] = Field(
        "ddp", description="Several processes: each holds the whole model, or a shard of it"
    )
    memory_budget_gib: float | None = Field(
        None, ge=0, description="Memory that the splits may take, larger ones are streamed; not set: half the machine's"
    )
    seed: int = Field(0, ge=0, lt=2**31, description="Of initial weights, order of rows, dropout and augmentation")

    @model_validator(mode="before")
    @classmethod
    def _reject_unknown(cls, values: Any) -> Any:
        if not isinstance(values, dict):
            return values
        unknown = cls.unknown(values)
        if unknown:
            raise ValueError("; ".join(unknown))
        return values

    @classmethod
    def unknown(cls, names: Iterable[str]) -> list[str]:
        """A message for each name that is no hyperparameter of this class, with the nearest that is."""
        return [cls._unknown_message(str(name)) for name in names if name not in cls.model_fields]

    @classmethod
    def _unknown_message(cls, key: str) -> str:
        nearest = RENAMED.get(key) or next(
            iter(difflib.get_close_matches(key, cls.model_fields, n=1, cutoff=0.5)), None
        )
        hint = f"; did you mean {nearest!r}?" if nearest in cls.model_fields else ""
        owner = cls.model_fields["model_class"].default
        return f"unknown hyperparameter {key!r} of model class {owner}{hint}"

    @model_validator(mode="after")
    def _reject_without_effect(self) -> Self:
        reject_without_effect(self)
        return self

    @model_validator(mode="after")
    def _check_together(self) -> Self:
        if self.is_binary is not None and self.is_binary != (self.num_classes == 2):
            raise ValueError(f"is_binary {self.is_binary} disagrees with num_classes {self.num_classes}")
        check_class_weights(self.class_weights, self.num_classes)
        if self.loss == "nll" and self.label_smoothing:
            raise ValueError("label_smoothing has no effect with loss nll: use cross_entropy")
        if self.ignore_index is not None and not self.ignore_index < self.num_classes:
            raise ValueError(f"ignore_index {self.ignore_index} is no class: there are {self.num_classes}")
        if self.loss == "bce" and self.num_classes != 2:
            raise ValueError(f"loss bce is for 2 classes, num_classes is {self.num_classes}: use cross_entropy")
        if self.text_name and self.text_source_fields and self.text_source_fields != [self.text_name]:
            raise ValueError("text_name and text_source_fields are both set: keep one")
        if self.min_epochs > self.max_epochs:
            raise ValueError(f"min_epochs {self.min_epochs} is greater than max_epochs {self.max_epochs}")
        if self.fp16 and self.precision not in ("auto", "fp16"):
            raise ValueError(f"fp16 true disagrees with precision {self.precision}: keep one")
        if not all(0 <= beta < 1 for beta in self.adam_betas):
            raise ValueError(f"adam_betas must lie in [0, 1), not {self.adam_betas}")
        cycles = self.run_scheduler and self.scheduler == "onecycle" and self.cycle_momentum
        if cycles and self.optimizer == "adamw" and self.adam_betas[0] != 0.9:
            raise ValueError("the first of adam_betas has no effect with cycle_momentum true: set cycle_momentum false")
        if cycles and self.optimizer == "sgd" and self.sgd_momentum != 0.9:
            raise ValueError("sgd_momentum has no effect with cycle_momentum true: set cycle_momentum false")
        if self.warmup_steps is not None and self.pct_start != 0.1:
            raise ValueError("warmup_steps and pct_start both set the rise of onecycle: keep one")
        return self._check_model()

    def _check_model(self) -> Self:
        """Checks fields of the model class against each other."""
        return self

    @property
    def max_tokens(self) -> int:
        """The most tokens of a row."""
        return self.max_sen_len

    def resolved(self, encoder: Path | None = None) -> Self:
        """The same with what other files decide written out; training begins with it.

        Args:
            encoder: The folder of the pretrained encoder, where the model class begins with one.

        Raises:
            ConfigError: A file is at fault.
        """
        return self

    def changed(self, **values: Any) -> Self:
        """A validated copy with some values changed."""
        return type(self).model_validate({**self.model_dump(), **values})
