"""Recipes: named sets of hyperparameters, one YAML file each. `names3risk.hyperparameters.recipes` reads them."""
