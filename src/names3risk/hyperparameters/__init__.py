"""Hyperparameters: one class with what is common, one subclass for each model class. Imports no torch."""

from names3risk.hyperparameters.base import Hyperparameters
from names3risk.hyperparameters.lstm2risk import LSTM2RiskHyperparameters
from names3risk.hyperparameters.parsing import (
    HYPERPARAMETER_CLASSES,
    load_hyperparameters,
    parse_hyperparameters,
)
from names3risk.hyperparameters.pointer import PointerHyperparameters
from names3risk.hyperparameters.recipes import list_recipes, load_recipe
from names3risk.hyperparameters.transformer2risk import Transformer2RiskHyperparameters

__all__ = [
    "HYPERPARAMETER_CLASSES",
    "Hyperparameters",
    "LSTM2RiskHyperparameters",
    "PointerHyperparameters",
    "Transformer2RiskHyperparameters",
    "list_recipes",
    "load_hyperparameters",
    "load_recipe",
    "parse_hyperparameters",
]
