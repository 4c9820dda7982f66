"""Channels in Pipe mode: for the channel `train` SageMaker makes the pipes `train_0`, `train_1`, ..., one an epoch."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ..analysis.patterns import Hole, Pattern
from ..analysis.platform import CHANNEL_FOLDER

_PIPE = re.compile(r"(.+)_\d+")


def channel_of(path: Pattern, declared: Iterable[str]) -> Pattern:
    """Gives the declared channel that a path is a pipe of.

    Args:
        path: A path.
        declared: The declared inputs, absolute paths in plain form.

    Returns:
        The channel's path; the path itself where it is no pipe of a declared channel.
    """
    if len(path.components) != CHANNEL_FOLDER.count("/") + 1 or not path.head.startswith(f"{CHANNEL_FOLDER}/"):
        return path
    match path.components[-1]:
        case (str() as name,):
            found = _PIPE.fullmatch(name)
            channel = found.group(1) if found and f"{CHANNEL_FOLDER}/{name}" not in declared else ""
        case (str() as front, Hole()) if front.endswith("_"):
            channel = front[:-1]
        case _:
            return path
    return Pattern.of(f"{CHANNEL_FOLDER}/{channel}") if f"{CHANNEL_FOLDER}/{channel}" in declared else path
