"""Python functions that stand for what AWS would call."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from typing import Any

from pipeline_steps.local.errors import LocalRunError


def load_callables(given: Mapping[str, Callable[..., Any] | str]) -> dict[str, Callable[..., Any]]:
    """Finds the functions that are given as `module:function`.

    Args:
        given: Functions, or where they are, by the name of the Lambda function or queue they stand for.

    Returns:
        The functions.

    Raises:
        LocalRunError: One cannot be found.
    """
    return {name: _load(name, value) if isinstance(value, str) else value for name, value in given.items()}


def _load(name: str, place: str) -> Callable[..., Any]:
    module, _, attribute = place.partition(":")
    try:
        found = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError, ValueError) as error:
        raise LocalRunError(
            f"cannot be loaded from {place!r}: {error}", where=f"callable {name!r}", expected="module:function"
        ) from None
    if not callable(found):
        raise LocalRunError(f"{place!r} is not a function", where=f"callable {name!r}")
    function: Callable[..., Any] = found
    return function
