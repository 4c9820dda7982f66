"""Times of training steps, whole and in parts."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from statistics import median
from typing import Any

import lightning
import torch
from lightning.pytorch.callbacks import Callback

from names3risk.data.datasets import Batch, Selection
from names3risk.training.graphs import StepGraphs
from names3risk.training.module import RiskModule

PARTS = ("input", "forward", "backward", "optimizer")
BATCHES_TIMED = {"cuda": 60, "cpu": 4}


def now(device: torch.device) -> float:
    """Seconds, after the device has done all its work."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter()


class StepClock(Callback):
    """Times the epochs of a run after the first, and the parts of its steps.

    The first epoch compiles and records. An epoch is timed from the end of its first batch, before which a checkpoint
    is written, to the end of the last, after which comes the validation. The parts are timed after the end, each over
    batches of the run: the input alone, the forward pass, forward and backward pass together, the optimizer's step.
    """

    def __init__(self) -> None:
        self.epochs: list[dict[str, float]] = []
        self.parts: dict[str, float] = {}
        self._rows = self._steps = 0
        self._start = 0.0

    @property
    def rows_per_second(self) -> float:
        """The median over the epochs after the first."""
        return median(epoch["rows"] / epoch["seconds"] for epoch in self.epochs[1:] or self.epochs)

    @property
    def step_seconds(self) -> float:
        """The median over the epochs after the first."""
        return median(epoch["seconds"] / epoch["steps"] for epoch in self.epochs[1:] or self.epochs)

    def on_train_batch_end(
        self, trainer: lightning.Trainer, pl_module: lightning.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Begins to count after the first batch, and takes the time after the last."""
        if batch_idx == 0:
            self._rows = self._steps = 0
            self._start = now(pl_module.device)
            return
        self._rows, self._steps = self._rows + len(batch.rows), self._steps + 1
        if batch_idx + 1 == trainer.num_training_batches:
            seconds = now(pl_module.device) - self._start
            self.epochs.append({"rows": self._rows, "steps": self._steps, "seconds": seconds})

    def on_train_end(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        """Times the parts."""
        assert isinstance(pl_module, RiskModule)
        self.parts = time_parts(trainer, pl_module)


def time_parts(trainer: lightning.Trainer, module: RiskModule) -> dict[str, float]:
    """Seconds of each part of a step, the mean over batches of the last epoch."""
    device, size = module.device, module.settings.batch_size
    assert trainer.train_dataloader is not None
    start = now(device)
    batches: list[Batch | Selection] = list(trainer.train_dataloader)
    planning = (now(device) - start) / len(batches)
    chosen = [batch for batch in batches if len(batch.rows) == size][: BATCHES_TIMED[device.type]]
    module.train()

    def gather(batch: Batch) -> torch.Tensor:
        return batch.input_ids[0, 0] + 0

    def forward(batch: Batch) -> torch.Tensor:
        execution = module.execution
        with torch.autocast(device.type, execution.dtype, execution.half, cache_enabled=False):
            return module.score(batch)[1].mean()

    def both(batch: Batch) -> torch.Tensor:
        loss = forward(batch)
        module.differentiate(loss)
        return loss.detach()

    parameters = list(module.model.parameters())
    timed = {
        name: _mean(_runner(module, step, parameters), chosen, device)
        for name, step in (("gather", gather), ("forward", forward), ("both", both))
    }
    # Each of them gathers the rows too.
    parts = {
        "input": planning + timed["gather"],
        "forward": max(0.0, timed["forward"] - timed["gather"]),
        "backward": max(0.0, timed["both"] - timed["forward"]),
    }
    both(chosen[0].build(chosen[0].tensors))

    def optimizer(_: Batch | Selection) -> None:
        module.configure_gradient_clipping(trainer.optimizers[0])
        trainer.optimizers[0].step()

    parts["optimizer"] = _mean(optimizer, chosen, device)
    return parts


def _runner(
    module: RiskModule, step: Callable[[Batch], torch.Tensor], parameters: list[torch.nn.Parameter]
) -> Callable[[Batch | Selection], object]:
    if module.graphs is not None:
        return StepGraphs(step, parameters, list(module.model.buffers()), 0.0).replay
    return lambda batch: step(batch.build(batch.tensors))


def _mean(
    run: Callable[[Batch | Selection], object], batches: Sequence[Batch | Selection], device: torch.device
) -> float:
    for batch in batches if device.type == "cuda" else batches[:1]:
        run(batch)
    start = now(device)
    for batch in batches:
        run(batch)
    return (now(device) - start) / len(batches)
