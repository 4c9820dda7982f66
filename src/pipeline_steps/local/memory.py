"""How much memory the steps of a run use, and what happens when it is more than they may."""

from __future__ import annotations

import re
from pathlib import Path

from pipeline_steps.local.processes import marked_processes

_PSS = re.compile(rb"^Pss:\s+(\d+) kB", re.MULTILINE)


def memory_used(run_dir: Path) -> dict[str, int]:
    """Bytes that the processes of each attempt hold, shared pages divided among those that share them.

    Args:
        run_dir: The run's folder.

    Returns:
        The folder of each attempt that is running, and its bytes.
    """
    used: dict[str, int] = {}
    for pid, folder in marked_processes(run_dir):
        used[folder] = used.get(folder, 0) + _bytes_of(pid)
    return used


def over_budget(run_dir: Path, attempt: Path, limit: int | None) -> str | None:
    """Why an attempt has to end for the run's memory: the run holds too much, and this attempt the most of it.

    Args:
        run_dir: The run's folder.
        attempt: The attempt's folder.
        limit: Bytes for all steps together; None for no limit.

    Returns:
        The reason, or None when it may go on.
    """
    if limit is None:
        return None
    used = memory_used(run_dir)
    mine, all_steps = used.get(str(attempt), 0), sum(used.values())
    if all_steps <= limit or mine < max(used.values()):
        return None
    return (
        f"was ended because the steps held {all_steps >> 20} MiB of memory together and the run may use "
        f"{limit >> 20} MiB; this step held {mine >> 20} MiB, the most of them"
    )


def _bytes_of(pid: int) -> int:
    try:
        match = _PSS.search(Path(f"/proc/{pid}/smaps_rollup").read_bytes())
    except OSError:
        return 0  # it has just ended
    return int(match[1]) * 1024 if match else 0
