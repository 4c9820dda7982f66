"""What the model classes are, for people: inputs, hyperparameters with defaults and bounds, size at the defaults."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from names3risk.boosting.hyperparameters import XGBoostHyperparameters
from names3risk.hyperparameters import HYPERPARAMETER_CLASSES, Hyperparameters

ALL_CLASSES: dict[str, type[BaseModel]] = {**HYPERPARAMETER_CLASSES, "xgboost": XGBoostHyperparameters}
"""The hyperparameters of every model class: of the networks, and of XGBoost beside them."""
VOCABULARY, FEATURES, ITEMS = 4000, 100, 1000
"""What sizes are given for."""
BOUNDS = {"ge": ">=", "gt": ">", "le": "<=", "lt": "<"}


@dataclass(frozen=True)
class Setting:
    """A hyperparameter.

    Args:
        name: Its name.
        kind: Its type, or the values it may have.
        default: Its default.
        bounds: The range it must lie in; empty where there is none.
        description: What it does.
        own: Whether this class brings it, or changes it; the others are common to all classes.
    """

    name: str
    kind: str
    default: str
    bounds: str
    description: str
    own: bool


@dataclass(frozen=True)
class Description:
    """A model class.

    Args:
        name: What `model_class` is set to.
        title: What it is, in a line.
        inputs: What it reads.
        command: What trains it.
        size: Trainable parameters at the defaults, and what for; or what decides them.
        parameters: Their number; None where the data decides it.
        settings: Its hyperparameters, its own first.
    """

    name: str
    title: str
    inputs: str
    command: str
    size: str
    parameters: int | None
    settings: list[Setting]


def describe(name: str) -> Description:
    """Describes a model class; its network is built once to be counted.

    Args:
        name: One of `ALL_CLASSES`.
    """
    cls = ALL_CLASSES[name]
    settings = sorted((_setting(cls, *item) for item in cls.model_fields.items()), key=lambda one: not one.own)
    if not issubclass(cls, Hyperparameters):
        size = "its trees are grown from the data"
        return Description(name, title_of(name), "tabular features", "names3risk train", size, None, settings)
    parameters, inputs, assuming = _counted(cls)
    command = "names3risk train" if name != "pointer" else "names3risk sequences train"
    size = f"{parameters:,} parameters at the defaults with {assuming}"
    return Description(name, title_of(name), inputs, command, size, parameters, settings)


def title_of(name: str) -> str:
    """What a model class is, in a line."""
    return (inspect.getdoc(ALL_CLASSES[name]) or "").splitlines()[0]


def _counted(cls: type[Hyperparameters]) -> tuple[int, str, str]:
    from names3risk.models import MODEL_CLASSES, build_model, count_parameters, reads_tabular

    name = cls.model_fields["model_class"].default
    hyperparameters = cls(model_class=name)
    if name not in MODEL_CLASSES:
        from names3risk.hyperparameters import PointerHyperparameters
        from names3risk.models.pointer import build_pointer

        assert isinstance(hyperparameters, PointerHyperparameters)
        model = build_pointer(hyperparameters, ITEMS, ITEMS, ())
        return count_parameters(model), "events (entity, item, time, contexts)", f"{ITEMS:,} items and entities"
    use = reads_tabular(MODEL_CLASSES[name])
    features = 0 if use == "never" else FEATURES
    inputs = {"never": "text", "always": "text and tabular features", "optional": "text, and tabular features if any"}
    assuming = f"{VOCABULARY:,} tokens" + (f" and {features} features" if features else "")
    return count_parameters(build_model(hyperparameters, VOCABULARY, features)), inputs[use], assuming


def _setting(cls: type[BaseModel], name: str, field: FieldInfo) -> Setting:
    common = Hyperparameters.model_fields.get(name)
    own = common is None or common.default != field.default or name == "model_class"
    bounds = [
        f"{sign} {getattr(item, key):g}"
        for item in field.metadata
        for key, sign in BOUNDS.items()
        if hasattr(item, key)
    ]
    return Setting(name, _kind(field.annotation), str(field.default), ", ".join(bounds), field.description or "", own)


def _kind(annotation: Any) -> str:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return " | ".join(map(str, arguments))
    if origin in (list, tuple):
        return f"{origin.__name__} of {', '.join(dict.fromkeys(map(_kind, arguments)))}"
    if origin is Union or arguments:
        return " | ".join(_kind(argument) for argument in arguments if argument is not type(None))
    return str(getattr(annotation, "__name__", annotation))
