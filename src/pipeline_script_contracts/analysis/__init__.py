"""The analyser: a forward abstract interpreter over `ast` that never imports or runs what it reads."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from .facts import Analysis

__all__ = ["Analysis", "analyse"]

DEFAULT_BUDGET = 3_000_000


def analyse(script: Path, *, source_roots: Sequence[Path] = (), budget: int = DEFAULT_BUDGET) -> Analysis:
    """Follows a script and its local modules.

    Args:
        script: The script's file.
        source_roots: Folders that local packages are imported from, beside the script's own folder.
        budget: The most steps to take; when they run out, the analysis says so and ends.

    Returns:
        The facts.
    """
    raise NotImplementedError
