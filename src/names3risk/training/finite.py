"""Whether losses are finite, looked at on the device and asked about now and then, so that steps need not wait."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from names3risk.errors import TrainingError

MAX_NAMED_ROWS = 20
STEPS_ON_GPU = 50
"""Steps between two questions to a GPU, each of which waits until it has done all its work."""


class FiniteWatch:
    """Notes the first batch since the last check that has a loss which is not finite.

    On a CPU every batch is checked before its gradient is used; on a GPU every STEPS_ON_GPU batches, and before each
    validation and checkpoint, so that nothing is kept that a bad batch has spoilt.
    """

    def __init__(self) -> None:
        self.ids: Callable[[list[int]], Sequence[Any]] | None = None
        """Tells the identifiers of training rows, where they are known."""
        self.start(0, torch.device("cpu"))

    def start(self, most_rows: int, device: torch.device) -> None:
        """Begins to watch a run on a device, whose batches have so many rows at most."""
        self.interval = 1 if device.type == "cpu" else STEPS_ON_GPU
        self.seen = torch.zeros((), dtype=torch.int64, device=device)
        self.first_bad = torch.full((), -1, dtype=torch.int64, device=device)
        self.bad_rows = torch.zeros(most_rows, dtype=torch.bool, device=device)
        self.passed_by: list[tuple[int, Tensor]] = []
        self.last_good_checkpoint: str | None = None

    @property
    def state(self) -> list[Tensor]:
        """What `look` changes."""
        return [self.seen, self.first_bad, self.bad_rows]

    def look(self, losses: Tensor) -> None:
        """Looks at the losses `(B,)` of a batch, on the device."""
        bad = ~torch.isfinite(losses.detach())
        first = bad.any() & (self.first_bad < 0)
        self.first_bad.copy_(torch.where(first, self.seen, self.first_bad))
        kept = self.bad_rows[: len(bad)]
        kept.copy_(torch.where(first, bad, kept))
        self.seen += 1

    def passed(self, step: int, rows: Tensor, last_good_checkpoint: str | None) -> None:
        """Takes note of which batch was looked at, and asks if it is time to.

        Raises:
            TrainingError: A loss since the last question is not finite.
        """
        self.passed_by.append((step, rows))
        self.last_good_checkpoint = last_good_checkpoint
        if len(self.passed_by) >= self.interval:
            self.check()

    def check(self) -> None:
        """Asks whether all losses since the last question are finite.

        Raises:
            TrainingError: One is not; tells the step, the rows and the last good checkpoint.
        """
        if not self.passed_by:
            return
        index = int(self.first_bad)
        if index >= 0:
            step, rows = self.passed_by[index]
            bad: list[int] = rows[self.bad_rows[: len(rows)]].tolist()
            shown = ", ".join(self._names(bad[:MAX_NAMED_ROWS])) + (", ..." if len(bad) > MAX_NAMED_ROWS else "")
            raise TrainingError(
                f"the loss is not finite at step {step}, training rows {shown}; "
                f"last good checkpoint: {self.last_good_checkpoint or 'none yet'}",
                where="training",
                mend="look for infinite features in these rows, lower lr, or set gradient_clip_val",
            )
        self.passed_by.clear()
        self.seen.zero_()

    def _names(self, rows: list[int]) -> list[str]:
        if self.ids is None:
            return list(map(str, rows))
        return [f"{row} (id {name})" for row, name in zip(rows, self.ids(rows), strict=True)]
