"""What a run tells while it goes on."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

EventKind = Literal[
    "run_started",
    "step_started",
    "step_log",
    "step_warning",
    "step_finding",
    "step_retry",
    "step_finished",
    "run_finished",
]


@dataclass(frozen=True)
class Event:
    """One thing that happened. Events come from several threads, one at a time.

    Attributes:
        kind: What it is.
        step: The step; empty for the run itself.
        message: For people; a line of the step's log for `step_log`.
        status: The status of the step or run after it; empty where it says nothing.
        total: How many steps the run has.
        time: Seconds since the epoch.
    """

    kind: EventKind
    step: str = ""
    message: str = ""
    status: str = ""
    total: int = 0
    time: float = field(default_factory=time.time)


EventCallback = Callable[[Event], None]
