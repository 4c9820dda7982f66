"""Names: from a step type to a step name, and the nearest known name to a mistyped one."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from functools import cache

_BRANDS = {"PyTorch": "Pytorch", "XGBoost": "Xgboost", "LightGBM": "Lightgbm"}
_WORD_START = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


@cache
def snake_case(step_type: str) -> str:
    """Gives the step name of a step type.

    Product names count as one word: `PyTorchTraining` is `pytorch_training`, `Names3RiskTraining` is
    `names3risk_training`.
    """
    for brand, word in _BRANDS.items():
        step_type = step_type.replace(brand, word)
    return _WORD_START.sub("_", step_type).replace("-", "_").lower().replace("__", "_")


def suggestion(name: str, known: Iterable[str]) -> str:
    """Gives `did you mean 'x'?` for the nearest known name, or the known names where none is near."""
    names = list(known)
    by_fold = {candidate.casefold(): candidate for candidate in names}
    near = difflib.get_close_matches(name.casefold(), by_fold, n=1, cutoff=0.6)
    if near:
        return f"did you mean '{by_fold[near[0]]}'?"
    return f"known are: {', '.join(names)}" if names else "there are none"
