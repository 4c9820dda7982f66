"""Keeps the garbage collector from going through all that is kept again and again while a lot is made."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

OBJECTS = 5_000_000  # what is made between two collections takes a few hundred megabytes at most


@contextmanager
def seldom() -> Iterator[None]:
    """Collects garbage seldom: nearly all that an analysis makes stays in use to its end."""
    before = gc.get_threshold()
    gc.set_threshold(OBJECTS, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
