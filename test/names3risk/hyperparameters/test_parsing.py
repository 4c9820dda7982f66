"""Hyperparameters from SageMaker's strings, files and region overlays."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from names3risk.errors import ConfigError
from names3risk.hyperparameters import (
    HYPERPARAMETER_CLASSES,
    LSTM2RiskHyperparameters,
    load_hyperparameters,
    parse_hyperparameters,
)


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("lr", "1e-3", 1e-3),
        ("max_epochs", "7", 7),
        ("load_ckpt", "false", False),
        ("run_scheduler", "True", True),
        ("class_weights", "[1, 2.5]", [1.0, 2.5]),
        ("adam_betas", "[0.8, 0.98]", (0.8, 0.98)),
        ("tab_field_list", '["b", "a"]', ["b", "a"]),
        ("optimizer", '"sgd"', "sgd"),
        ("id_name", "7", "7"),
        ("id_name", '"order id"', "order id"),
        ("warmup_steps", "null", None),
    ],
)
def test_strings_are_cast_to_the_type_of_their_field(name: str, text: str, value: object) -> None:
    extra = {"cycle_momentum": "false"} if name == "adam_betas" else {}
    parsed = parse_hyperparameters({"model_class": '"lstm2risk"', name: text, **extra})
    assert getattr(parsed, name) == value
    assert type(getattr(parsed, name)) is type(value)


def test_the_class_follows_the_model_class() -> None:
    for name, cls in HYPERPARAMETER_CLASSES.items():
        assert type(parse_hyperparameters({"model_class": name})) is cls


def test_keys_that_sagemaker_adds_are_left_out() -> None:
    parsed = parse_hyperparameters(
        {"model_class": "lstm2risk", "sagemaker_program": "train.py", "_tuning_objective_metric": "auroc"}
    )
    assert parsed == LSTM2RiskHyperparameters()


def test_every_unknown_key_is_named_with_the_nearest_known_one_beside_other_errors() -> None:
    with pytest.raises(ConfigError) as caught:
        parse_hyperparameters({"model_class": "lstm2risk", "hiden_size": 1, "block_size": 5, "lr": "-1"})
    message = str(caught.value)
    assert "unknown hyperparameter 'hiden_size' of model class lstm2risk; did you mean 'hidden_size'?" in message
    assert "'block_size' of model class lstm2risk; did you mean 'max_sen_len'?" in message
    assert "lr: Input should be greater than 0, not '-1'" in message


def test_a_key_of_another_class_is_unknown() -> None:
    with pytest.raises(ConfigError, match="unknown hyperparameter 'n_heads' of model class lstm2risk"):
        parse_hyperparameters({"model_class": "lstm2risk", "n_heads": 4})


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({}, "model_class is missing; expected one of lstm2risk, transformer2risk"),
        ({"model_class": "lstm2risc"}, "unknown model class 'lstm2risc'.*did you mean 'lstm2risk'"),
        ({"model_class": ["lstm2risk"]}, r"unknown model class \['lstm2risk'\]"),
        ({"model_class": "xgboost"}, "model class xgboost is no network.*names3risk train"),
        ({"model_class": "transformer2risk", "n_heads": 7}, "n_heads 7 does not divide embedding_size 128"),
        ({"model_class": "lstm2risk", "class_weights": [1, 2, 3]}, "class_weights has 3 values for 2 classes"),
        ({"model_class": "lstm2risk", "class_weights": [1, 0]}, "class_weights must all be greater than 0"),
        ({"model_class": "lstm2risk", "is_binary": "false"}, "is_binary False disagrees with num_classes 2"),
        ({"model_class": "lstm2risk", "loss": "bce", "num_classes": 3}, "loss bce is for 2 classes"),
        ({"model_class": "lstm2risk", "fp16": "true", "precision": "bf16"}, "fp16 true disagrees with precision bf16"),
        ({"model_class": "lstm2risk", "min_epochs": 11}, "min_epochs 11 is greater than max_epochs 10"),
        ({"model_class": "lstm2risk", "lr": "nan"}, "lr: Input should be a finite number"),
        ({"model_class": "lstm2risk", "text_name": "a", "text_source_fields": ["b"]}, "keep one"),
        ({"model_class": "lstm2risk", "sgd_momentum": 0.5}, "sgd_momentum has no effect with optimizer adamw"),
        ({"model_class": "lstm2risk", "warmup_epochs": 2}, "warmup_epochs has no effect with scheduler onecycle"),
        (
            {"model_class": "lstm2risk", "run_scheduler": False, "pct_start": 0.3},
            "pct_start has no effect with run_sch",
        ),
        ({"model_class": "lstm2risk", "warmup_steps": 5, "pct_start": 0.3}, "warmup_steps and pct_start both"),
        ({"model_class": "lstm2risk", "adam_betas": [0.8, 0.9]}, "cycle_momentum"),
        (
            {"model_class": "lstm2risk", "imputation_constant": 2},
            "imputation_constant has no effect with imputation mean",
        ),
        ({"model_class": "lstm2risk", "ngram_scale": 2}, "ngram_scale has no effect with ngram_max 0"),
        ({"model_class": "lstm2risk", "ngram_max": 2, "ngram_min": 3}, "ngram_min 3 is greater than ngram_max 2"),
    ],
)
def test_what_is_wrong_is_said(values: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        parse_hyperparameters(values)


def test_a_complete_configuration_loads_again(tmp_path: Path) -> None:
    chosen = parse_hyperparameters(
        {
            "model_class": "transformer2risk",
            "optimizer": "sgd",
            "scheduler": "fixed",
            "sgd_momentum": 0.5,
            "n_heads": 4,
            "ngram_max": 3,
        }
    )
    path = tmp_path / "hyperparameters.json"
    path.write_text(json.dumps(chosen.model_dump(mode="json")))
    assert load_hyperparameters(path) == chosen
    assert set(json.loads(path.read_text())) == set(type(chosen).model_fields)


def test_a_region_overlay_is_merged_over_the_base(tmp_path: Path) -> None:
    (tmp_path / "hyperparameters.json").write_text('{"model_class": "lstm2risk", "lr": 0.1, "batch_size": 8}')
    (tmp_path / "hyperparameters_EU.json").write_text('{"lr": 0.2}')
    assert load_hyperparameters(tmp_path, "EU").lr == 0.2
    assert load_hyperparameters(tmp_path, "EU").batch_size == 8
    assert load_hyperparameters(tmp_path, "FE").lr == 0.1
    assert load_hyperparameters(tmp_path).lr == 0.1


def test_an_overlay_alone_is_enough(tmp_path: Path) -> None:
    (tmp_path / "hyperparameters_NA.json").write_text('{"model_class": "lstm2risk", "lr": 0.2}')
    assert load_hyperparameters(tmp_path, "NA").lr == 0.2


@pytest.mark.parametrize(
    ("content", "region", "message"),
    [
        (None, "", "hyperparameters.json: the file does not exist"),
        ("{", "", "cannot be read"),
        ("[1]", "", "holds a list; expected a JSON object"),
        ("{}", "ASIA", "unknown region 'ASIA'; expected one of NA, EU, FE"),
    ],
)
def test_unusable_files_are_named(tmp_path: Path, content: str | None, region: str, message: str) -> None:
    if content is not None:
        (tmp_path / "hyperparameters.json").write_text(content)
    with pytest.raises(ConfigError, match=message):
        load_hyperparameters(tmp_path, region)
