"""Fraud-risk models on names, e-mail text and tabular features.

`train`, `evaluate` and `predict` are the library's verbs; they are loaded when first used, so that importing the
package costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from names3risk._version import __version__

if TYPE_CHECKING:
    from names3risk.api import evaluate, predict, train

__all__ = ["__version__", "evaluate", "predict", "train"]


def __getattr__(name: str) -> Any:
    if name in {"evaluate", "predict", "train"}:
        from names3risk import api

        return getattr(api, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
