"""SIGTERM, with which a machine is taken away, and how the processes of a run act on it at the same step."""

from __future__ import annotations

import signal
import threading
from typing import Any

import torch
from torch import distributed


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


class Agreement:
    """Decisions that all processes take alike, over the network of the CPUs: no device is waited for."""

    def __init__(self) -> None:
        self._group: Any = None

    def begin(self, processes: int) -> None:
        """Makes ready for decisions of so many processes, all of which call this."""
        if processes > 1:
            self._group = distributed.new_group(backend="gloo")

    def any(self, *wishes: bool) -> list[bool]:
        """Whether any process has each of the wishes; all ask at the same step."""
        if self._group is None:
            return list(wishes)
        flags = torch.tensor(wishes, dtype=torch.int32)
        distributed.all_reduce(flags, distributed.ReduceOp.MAX, group=self._group)
        return [bool(flag) for flag in flags.tolist()]
