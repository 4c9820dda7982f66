"""Why a step failed, for people: how its process ended, its failure file, the end of its log."""

from __future__ import annotations

import signal
from collections.abc import Mapping
from pathlib import Path

from pipeline_steps.local.containers import names_root

_TAIL_LINES = 20
_TAIL_BYTES = 16384
_FAILURE_CHARACTERS = 4000


def describe_code(code: int) -> str:
    """How a process ended, from its exit code; negative for a signal."""
    if code > 0:
        return f"ended with exit code {code}"
    name = signal.Signals(-code).name if -code in signal.valid_signals() else f"signal {-code}"
    hint = " (the system does so when memory runs out)" if -code == signal.SIGKILL else ""
    return f"was killed by {name}{hint}"


def evidence(log: Path, bases: Mapping[str, Path]) -> str:
    """What a failed step left to tell.

    Args:
        log: Its log.
        bases: What stands for `/opt/ml`, by machine.

    Returns:
        The failure files and the end of the log, each under a heading; empty when there is neither.
    """
    text = ""
    for name, base in bases.items():
        failure = base / "output" / "failure"
        if failure.is_file():
            told = failure.read_text(encoding="utf-8", errors="replace")[:_FAILURE_CHARACTERS].strip()
            text += f"\n--- failure file of {name} ---\n{told}"
    return text + _log_tail(log)


def hint_at_hard_coded_root(log: Path) -> str:
    """A hint when the log of a step in portable mode speaks of `/opt/ml`, where nothing is.

    Args:
        log: The step's log.
    """
    if not any(names_root(line) for line in _last_lines(log)):
        return ""
    return "; its log names /opt/ml: a script that hard-codes it runs in sandbox mode, or takes SAGEMAKER_BASE_DIR"


def _log_tail(log: Path) -> str:
    lines = _last_lines(log)
    return f"\n--- end of {log} ---\n" + "\n".join(lines) if lines else ""


def _last_lines(log: Path) -> list[str]:
    if not log.is_file():
        return []
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - _TAIL_BYTES))
        return file.read().decode("utf-8", "replace").splitlines()[-_TAIL_LINES:]
