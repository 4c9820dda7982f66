"""What the model classes are, for people: inputs, hyperparameters with defaults and bounds, size at the defaults."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import Any, Literal, Union, get_args, get_origin

from pydantic.fields import FieldInfo

from names3risk.hyperparameters import HYPERPARAMETER_CLASSES, Hyperparameters

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
        parameters: Trainable parameters at the defaults.
        assuming: The sizes that `parameters` is counted for.
        settings: Its hyperparameters, its own first.
    """

    name: str
    title: str
    inputs: str
    parameters: int
    assuming: str
    settings: list[Setting]


def describe(name: str) -> Description:
    """Describes a model class; its network is built once to be counted.

    Args:
        name: One of `HYPERPARAMETER_CLASSES`.
    """
    cls = HYPERPARAMETER_CLASSES[name]
    parameters, inputs, assuming = _counted(cls)
    settings = sorted((_setting(cls, *item) for item in cls.model_fields.items()), key=lambda one: not one.own)
    return Description(name, title_of(name), inputs, parameters, assuming, settings)


def title_of(name: str) -> str:
    """What a model class is, in a line."""
    return (inspect.getdoc(HYPERPARAMETER_CLASSES[name]) or "").splitlines()[0]


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


def _setting(cls: type[Hyperparameters], name: str, field: FieldInfo) -> Setting:
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
