"""One runner at a time for each run."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline_steps.local.errors import LocalRunError

_LOCK_FILE = "lock"


@contextmanager
def hold(run_dir: Path) -> Iterator[None]:
    """Keeps other runners away from a run while the block runs, or until this process ends, however it does.

    Args:
        run_dir: The run's folder.

    Raises:
        LocalRunError: Another process holds it.
    """
    with (run_dir / _LOCK_FILE).open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise LocalRunError("is being run by another process", where=run_dir) from None
        yield


def is_held(run_dir: Path) -> bool:
    """Whether a runner is at work on a run.

    Args:
        run_dir: The run's folder.
    """
    try:
        with (run_dir / _LOCK_FILE).open("r") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            return False
    except FileNotFoundError:
        return False
    except OSError:
        return True
