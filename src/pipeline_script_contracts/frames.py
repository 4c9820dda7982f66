"""Room for the frames of deeply nested calls."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

SLOTS = 140_000  # a bit more than 1 MiB, for which a chunk of 2 MiB is mapped
R = TypeVar("R")


def with_room(call: Callable[[], R]) -> R:
    """Calls something that nests calls deeply.

    CPython keeps frames in chunks of 16 KiB, and maps and unmaps one each time that calls go back and forth across its
    end, which took a sixth of the time of an analysis. The frame of this function claims so much that a large chunk is
    mapped for it; what is called from here finds room in the rest of that chunk.

    Args:
        call: What to call.

    Returns:
        What it returns.
    """
    return call()


with_room.__code__ = with_room.__code__.replace(co_stacksize=SLOTS)
