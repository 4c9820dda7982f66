"""SIGTERM, with which a machine is taken away."""

from __future__ import annotations

import signal
import threading
from typing import Any


class Interruption:
    """Takes note of SIGTERM; the run goes on until it asks.

    Lightning's own handler would talk to the other processes wherever the signal finds them, even within an exchange
    of gradients, and could wait for ever. From `hold` to `watch` signals are kept back, so that none reaches it.
    """

    def __init__(self) -> None:
        self.asked = False

    def hold(self) -> None:
        """Keeps signals back."""
        self._mask(signal.SIG_BLOCK)

    def watch(self) -> None:
        """Begins to take note, of those kept back too; Lightning puts the former handler back when the run ends."""
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, self._note)
        self._mask(signal.SIG_UNBLOCK)

    def release(self) -> None:
        """Keeps back no more, where a run ends before it has begun."""
        self._mask(signal.SIG_UNBLOCK)

    def _note(self, *_: Any) -> None:
        self.asked = True

    def _mask(self, how: int) -> None:
        if threading.current_thread() is threading.main_thread():
            signal.pthread_sigmask(how, {signal.SIGTERM})
