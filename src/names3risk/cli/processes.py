"""Commands that torchrun may start several times, and those that it may not."""

from __future__ import annotations

import os

from names3risk.errors import ConfigError


def require_one_process(command: str) -> None:
    """Refuses to run a command in several processes, each of which would do all of it.

    Args:
        command: What the user typed.

    Raises:
        ConfigError: torchrun, or whatever sets its variables, has started several processes.
    """
    processes = os.environ.get("WORLD_SIZE") or "1"
    if processes != "1":
        raise ConfigError(
            f"names3risk {command} runs in one process, and WORLD_SIZE={processes} says that there are more",
            where="environment",
            mend="start it without torchrun; names3risk train and names3risk sequences train share their work",
        )


def is_first_process() -> bool:
    """Whether this process is the one of several that tells how it goes."""
    return os.environ.get("RANK", "0") == "0"
