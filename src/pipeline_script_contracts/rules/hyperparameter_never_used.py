"""SC402: a declared hyperparameter is never used."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ..findings import Finding, Verdict
from .arguments import spellings
from .base import Rule
from .context import Context


def _one(context: Context, name: str) -> Finding:
    for use in context.hyperparameters:
        if use.name == name and (use.via in ("json", "env") or use.via in context.hyperparameter_classes):
            message = f"hyperparameter {name!r} is used"
            return context.at("SC402", Verdict.PROVEN, "hyperparameter", name, message, use.place, use.chain)
    for argument in context.arguments:
        if name in spellings(argument) or name == argument.dest:
            message = f"hyperparameter {name!r} is parsed as an argument"
            return context.at("SC402", Verdict.PROVEN, "hyperparameter", name, message, argument.place)
    doubt = context.gap or context.analysis.arguments_open
    whole = next((use for use in context.hyperparameters if use.name == "*" and _may_be(context, use.via)), None)
    if whole is not None:
        doubt = f"line {whole.place.location.line} of {Path(whole.place.filename).name} hands all of them on"
    if doubt:
        message = f"whether hyperparameter {name!r} is used cannot be told: {doubt}"
        return context.at("SC402", Verdict.UNRESOLVED, "hyperparameter", name, message)
    message = f"hyperparameter {name!r} is declared in {context.contract.hyperparameters} but never used"
    advice = f"use {name!r}, or drop it from the model"
    return context.at("SC402", Verdict.VIOLATED, "hyperparameter", name, message, None, (), advice)


def _may_be(context: Context, via: str) -> bool:
    return via in ("json", "env") or via in context.hyperparameter_classes


def check(context: Context) -> Iterable[Finding]:
    """Checks each field of the contract's hyperparameter model."""
    if context.contract.hyperparameters is None:
        return
    fields = context.hyperparameter_fields
    if fields is None:
        name = context.contract.hyperparameters
        message = f"the hyperparameter model {name} is not found beside the script or below a source root"
        yield context.at("SC402", Verdict.UNRESOLVED, "hyperparameter", name, message)
        return
    for name in fields:
        yield _one(context, name)


RULE = Rule(
    "SC402",
    "hyperparameter never used",
    """
    A field of the contract's hyperparameter model has no effect: the script never asks for it. Whoever sets it is
    misled.

    A field is used when it is read as an attribute of the model, by its key, or parsed as an argument of its
    name. The verdict is UNRESOLVED when all fields are handed on at once (`model_dump()`, `**hyperparameters`).

    To mend it, use the field, or drop it from the model.
    """,
    check,
)
