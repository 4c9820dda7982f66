"""Which process of a machine tells of an error that all of them may have met."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

TOLD = "told"
LOST = "another process of the run has ended; its log tells why"
SIGNS_OF_LOSS = (
    "Connection closed by peer",
    "Connection reset by peer",
    "Broken pipe",
    "ncclRemoteError",
    "remote process exited",
)
"""What gloo and NCCL say of it."""


def is_first_to_tell(environment: Mapping[str, str] | None = None) -> bool:
    """Whether this process is to tell of its error: the first one on its machine that asks, or a process of its own.

    Args:
        environment: By default that of this process.
    """
    mark = _mark(environment)
    if mark is None:
        return True
    try:
        mark.touch(exist_ok=False)
    except FileExistsError:
        return False
    return True


def has_been_told(environment: Mapping[str, str] | None = None) -> bool:
    """Whether a process of this machine has told of an error.

    Args:
        environment: By default that of this process.
    """
    mark = _mark(environment)
    return mark is not None and mark.exists()


def is_of_a_lost_process(error: Exception, environment: Mapping[str, str] | None = None) -> bool:
    """Whether an error only says that another process of the run has ended.

    Args:
        error: What this process met.
        environment: By default that of this process; torchrun sets WORLD_SIZE in it.
    """
    variables = os.environ if environment is None else environment
    if not isinstance(error, RuntimeError) or variables.get("WORLD_SIZE", "1") == "1":
        return False
    return type(error).__name__ == "DistNetworkError" or any(sign in str(error) for sign in SIGNS_OF_LOSS)


def _mark(environment: Mapping[str, str] | None) -> Path | None:
    """The file that the first to tell makes, below the folder that torchrun keeps for the processes of a machine."""
    variables = os.environ if environment is None else environment
    file = variables.get("TORCHELASTIC_ERROR_FILE", "")
    if file in ("", os.devnull):
        return None
    return Path(file).parent.parent / TOLD
