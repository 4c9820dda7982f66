"""Deeply nested calls do not map and unmap memory each time that they cross the end of a chunk of frames."""

from __future__ import annotations

import resource
from functools import partial

import pytest

from pipeline_script_contracts.frames import with_room


def nested(depth: int) -> int:
    return nested(depth - 1) + 1 if depth else leaf_calls()


def leaf_calls() -> int:
    return sum(map(leaf, range(2000)))


def leaf(number: int) -> int:
    return number and 0


def faults(depth: int) -> int:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    nested(depth)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before


def test_what_is_called_finds_room_wherever_a_chunk_would_end() -> None:
    faults(10)
    assert max(with_room(partial(faults, depth)) for depth in range(10, 300)) < 1000


def test_what_is_raised_comes_through() -> None:
    with pytest.raises(ZeroDivisionError):
        with_room(lambda: 1 // leaf(0))
