"""Recipes: each one is valid for every model class and says what it is named after."""

from __future__ import annotations

import pytest

from names3risk.errors import ConfigError
from names3risk.hyperparameters import HYPERPARAMETER_CLASSES, list_recipes, load_recipe, parse_hyperparameters

PAIRS = [
    (name, model_class)
    for name in list_recipes()
    for model_class in HYPERPARAMETER_CLASSES
    if model_class != "multimodal_boosted"  # it makes no gradient steps
    and (name, model_class) != ("legacy-names3risk", "pointer")  # its loss is for two classes
]


@pytest.mark.parametrize(("name", "model_class"), PAIRS)
def test_every_value_of_a_recipe_arrives(name: str, model_class: str) -> None:
    parsed = parse_hyperparameters({"model_class": model_class, "recipe": name}).model_dump(mode="json")
    assert {key: parsed[key] for key in load_recipe(name)} == load_recipe(name)


def test_the_recipes_by_name() -> None:
    assert list_recipes() == ["legacy-names3risk", "pointer-original", "pointer-proposed"]
    legacy = parse_hyperparameters({"model_class": "lstm2risk", "recipe": "legacy-names3risk"})
    assert (legacy.batch_size, legacy.max_epochs, legacy.lr, legacy.pct_start) == (512, 10, 1e-3, 0.1)
    original = parse_hyperparameters({"model_class": "lstm2risk", "recipe": "pointer-original"})
    assert (original.optimizer, original.lr, original.adagrad_initial_accumulator) == ("adagrad", 0.15, 0.1)
    assert original.gradient_clip_val == 2.0
    proposed = parse_hyperparameters({"model_class": "lstm2risk", "recipe": "pointer-proposed"})
    assert (proposed.adam_betas, proposed.adam_epsilon, proposed.weight_decay) == ((0.9, 0.98), 1e-9, 0.015)
    assert (proposed.early_stop_patience, proposed.min_epochs, proposed.label_smoothing) == (5, 8, 0.03)


def test_values_given_beside_a_recipe_win() -> None:
    parsed = parse_hyperparameters({"model_class": "lstm2risk", "recipe": '"legacy-names3risk"', "lr": "0.5"})
    assert (parsed.lr, parsed.loss) == (0.5, "bce")


def test_an_unknown_recipe_is_named_with_the_nearest_known_one() -> None:
    with pytest.raises(ConfigError, match=r"unknown recipe 'legacy-name3risk'.*did you mean 'legacy-names3risk'"):
        parse_hyperparameters({"model_class": "lstm2risk", "recipe": "legacy-name3risk"})
