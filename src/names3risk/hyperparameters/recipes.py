"""Named sets of hyperparameters, kept as YAML files beside the training code."""

from __future__ import annotations

import difflib
from importlib import resources
from typing import Any

from names3risk.errors import ConfigError

FOLDER = "names3risk.training.recipes"
SUFFIX = ".yaml"


def list_recipes() -> list[str]:
    """Names of the recipes, sorted."""
    return sorted(
        entry.name.removesuffix(SUFFIX) for entry in resources.files(FOLDER).iterdir() if entry.name.endswith(SUFFIX)
    )


def load_recipe(name: str) -> dict[str, Any]:
    """The hyperparameters of a recipe.

    Args:
        name: One of `list_recipes()`.

    Returns:
        Names and values.

    Raises:
        ConfigError: There is no such recipe.
    """
    import yaml

    known = list_recipes()
    if name not in known:
        nearest = difflib.get_close_matches(name, known, n=1, cutoff=0.4)
        raise ConfigError(
            f"unknown recipe {name!r}",
            where="hyperparameters",
            expected=f"one of {', '.join(known)}",
            mend=f"did you mean {nearest[0]!r}?" if nearest else None,
        )
    text = resources.files(FOLDER).joinpath(name + SUFFIX).read_text(encoding="utf-8")
    values: dict[str, Any] = yaml.safe_load(text)
    return values
