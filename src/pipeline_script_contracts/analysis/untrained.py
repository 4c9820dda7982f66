"""Folders that are named for a training that the script never begins: nothing is known to be written there."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import replace

from .facts import Analysis, PathUse
from .scopes import ModuleInfo
from .words import words

_BEGINS = frozenset(words("train hyperparameter_search save_model fit learn _save _save_checkpoint"))


def hand_over_settings(analysis: Analysis, modules: Iterable[ModuleInfo]) -> None:
    """Takes what a trainer's settings name as its output for handed over, in a program that trains nothing.

    Args:
        analysis: The facts.
        modules: The modules that ran.
    """
    if any(map(_is_setting, analysis.paths)) and not any(map(_trains, modules)):
        analysis.paths[:] = [replace(use, kind="delegate") if _is_setting(use) else use for use in analysis.paths]


def _is_setting(use: PathUse) -> bool:
    name = use.sink.rpartition(".")[2]
    return (use.kind == "write" and use.path.is_absolute) and (
        name.endswith("TrainingArguments") or (use.sink.startswith("trl.") and name.endswith("Config"))
    )


def _trains(module: ModuleInfo) -> bool:
    return module.tree is not None and any(
        isinstance(each, ast.Attribute) and each.attr in _BEGINS for each in ast.walk(module.tree)
    )
