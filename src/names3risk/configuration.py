"""Declarations written in YAML or JSON, and how a wrong one is told."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from names3risk.errors import ConfigError
from names3risk.plain_yaml import load_plain_yaml

Model = TypeVar("Model", bound=BaseModel)


def read_yaml(path: str | Path, what: str) -> Any:
    """Reads a YAML file; JSON is YAML too.

    Args:
        path: The file.
        what: What it declares, for errors.

    Raises:
        ConfigError: The file cannot be read, or is not YAML.
    """
    path = Path(path)
    try:
        return load_plain_yaml(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"cannot read the {what}: {error.strerror}", where=path, expected="a YAML file") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"not YAML: {' '.join(str(error).split())}", where=path) from error


def check(cls: type[Model], values: Any, where: str | Path | None, what: str) -> Model:
    """Checks values against what their class declares.

    Args:
        cls: The class.
        values: Its fields.
        where: Where they come from, for errors.
        what: What they are, for errors.

    Raises:
        ConfigError: A field is missing, unknown or wrong; every problem is named.
    """
    expected = f"the fields {', '.join(cls.model_fields)}"
    if not isinstance(values, dict):
        raise ConfigError(f"not a {what}", where=where, expected=expected)
    try:
        return cls.model_validate(values)
    except ValidationError as error:
        problems = "; ".join(_told(item, cls) for item in error.errors())
        raise ConfigError(f"not a {what}: {problems}", where=where, expected=expected) from error


def load(cls: type[Model], path: str | Path, what: str) -> Model:
    """Reads and checks a configuration; paths in it are relative to its file.

    Args:
        cls: Its class.
        path: The YAML file.
        what: What it is, for errors.

    Raises:
        ConfigError: The file cannot be read, or a field is wrong.
    """
    checked = check(cls, read_yaml(path, what), path, what)
    paths = {name: value for name in cls.model_fields if isinstance(value := getattr(checked, name), Path)}
    return checked.model_copy(update={name: Path(path).parent / value for name, value in paths.items()})


def _told(item: Any, cls: type[BaseModel]) -> str:
    """One of pydantic's errors as a person would tell it."""
    place, name = ".".join(str(part) for part in item["loc"]), str(item["loc"][-1]) if item["loc"] else ""
    if item["type"] == "missing":
        return f"{place} is missing"
    if item["type"] == "extra_forbidden":
        near = difflib.get_close_matches(name, cls.model_fields, n=1) if place == name else []
        return f"unknown field {place!r}" + (f" (did you mean {near[0]!r}?)" if near else "")
    message = item["msg"].removeprefix("Value error, ")
    return f"{place}: {message}" if place else message
