"""Ctrl-C, SIGTERM and SIGHUP: an orderly stop, a quicker one, and an end at once."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from pipeline_steps.local.job import RunContext

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def stop_signals(context: RunContext) -> Iterator[list[int]]:
    """Lets signals stop a run, while the block runs in the main thread.

    The first one asks the steps to end. The second one takes their time to do so away. The third one raises
    KeyboardInterrupt. The first two raise nothing: an exception in the middle of the work could lose a step's result.

    Args:
        context: The run.

    Yields:
        The signals that have come.
    """
    received: list[int] = []

    def take(number: int, _: object) -> None:
        received.append(number)
        context.stopping.set()
        if len(received) == 2:
            context.grace = 0.0
        elif len(received) > 2:
            raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield received
        return
    earlier = {number: signal.signal(number, take) for number in _SIGNALS}
    try:
        yield received
    finally:
        for number, handler in earlier.items():
            signal.signal(number, handler)
