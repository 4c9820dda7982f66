"""Training beside a loop with the original's shape: speed, memory, quality and where the time goes, in one run."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from statistics import fmean
from typing import Any

import torch

from names3risk.bench.train_sides import Task, measure

REFERENCE, LIBRARY = "reference", "names3risk"


@dataclass(frozen=True)
class TrainBenchmark:
    """What to measure.

    Args:
        models: Model classes.
        device: cpu or cuda.
        reference_file: The reference loop.
        rows: Rows that speed is measured on.
        numeric_features: Numeric columns.
        batch_size: Rows of a batch on both sides.
        large_batch_size: Rows of a batch where the library may choose; 0 leaves that out.
        seeds: Trainings of each side whose AUROC is compared; 0 leaves that out.
        quality_rows: Training rows of those.
        test_rows: Rows that AUROC is measured on.
        epochs: Passes over the training rows for AUROC.
        timed_epochs: Passes that speed is measured over, beside the first.
        threads: Threads of PyTorch; 0 leaves their number to it.
        hyperparameters: More of them for the library's side.
    """

    models: Sequence[str]
    device: str
    reference_file: str
    rows: int
    numeric_features: int
    batch_size: int
    large_batch_size: int
    seeds: int
    quality_rows: int
    test_rows: int
    epochs: int
    timed_epochs: int
    threads: int
    hyperparameters: dict[str, Any]

    def run(self, report: Callable[[str], None]) -> dict[str, Any]:
        """Measures everything.

        Args:
            report: Told each result as it comes.

        Returns:
            The machine, and for each model the speed of both sides and the AUROC of each seed.
        """
        found: dict[str, Any] = {"machine": machine(self.device), "models": {}}
        for model in self.models:
            result: dict[str, Any] = {"speed": {}, "auroc": {}}
            found["models"][model] = result
            for name, task in self._speed_tasks(model).items():
                report(f"{model}, {name}: measuring speed ...")
                result["speed"][name] = measured = measure(task)
                report(f"{model}, {name}: {measured['rows_per_second']:,.0f} rows/s")
            for side in (REFERENCE, LIBRARY):
                values = []
                for seed in range(self.seeds):
                    values.append(measure(self._quality_task(side, model, seed))["auroc"])
                    report(f"{model}, {side}, seed {seed}: AUROC {values[-1]:.4f}")
                if values:
                    result["auroc"][side] = {"seeds": values, "mean": fmean(values)}
        return found

    def _task(self, side: str, model: str) -> Task:
        return Task(
            side=side,
            model=model,
            device=self.device,
            train_rows=self.rows,
            test_rows=0,
            epochs=1 + self.timed_epochs,
            batch_size=self.batch_size,
            numeric_features=self.numeric_features,
            steps=5 if self.device == "cpu" else max(3, min(60, self.rows // self.batch_size - 6)),
            hyperparameters=self.hyperparameters,
            reference_file=self.reference_file,
            threads=self.threads,
        )

    def _speed_tasks(self, model: str) -> dict[str, Task]:
        library = self._task(LIBRARY, model)
        tasks = {REFERENCE: self._task(REFERENCE, model), LIBRARY: library}
        if self.large_batch_size:
            tasks[f"{LIBRARY}, batch {self.large_batch_size}"] = replace(library, batch_size=self.large_batch_size)
        return tasks

    def _quality_task(self, side: str, model: str, seed: int) -> Task:
        task = replace(self._task(side, model), seed=seed, epochs=self.epochs)
        return replace(task, train_rows=self.quality_rows, test_rows=self.test_rows)


def machine(device: str) -> dict[str, Any]:
    """What was measured on, with the chip's rate of matrix products in floating-point operations a second."""
    found: dict[str, Any] = {"torch": torch.__version__, "cpu": platform.processor() or platform.machine()}
    found["cores"] = os.cpu_count()
    if device == "cuda":
        found |= {"gpu": torch.cuda.get_device_name(), "matrix_rate": matrix_rate(8192, torch.bfloat16, "cuda")}
    else:
        found["matrix_rate"] = matrix_rate(2048, torch.float32, "cpu")
    return found


def matrix_rate(size: int, dtype: torch.dtype, device: str, seconds: float = 1.0) -> float:
    """Operations a second of the best of several products of random square matrices."""
    left, right = (torch.randn(size, size, device=device).to(dtype) for _ in range(2))
    best, end = float("inf"), time.perf_counter() + seconds
    while time.perf_counter() < end or best == float("inf"):
        began = time.perf_counter()
        for _ in range(4):
            left @ right
        if device == "cuda":
            torch.cuda.synchronize()
        best = min(best, (time.perf_counter() - began) / 4)
    return 2 * size**3 / best
