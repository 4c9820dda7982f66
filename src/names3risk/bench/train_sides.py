"""The two sides of the training benchmark, each run in a process of its own so that memory is its own too."""

from __future__ import annotations

import importlib.util
import resource
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType
from typing import Any

import torch

from names3risk.bench.train_clock import PARTS, StepClock, now
from names3risk.bench.train_data import TrainData, make_data
from names3risk.evaluation.metrics import evaluate
from names3risk.hyperparameters import Hyperparameters, parse_hyperparameters
from names3risk.models import build_model
from names3risk.training.trainer import fit

WARM_UP_STEPS = {"cuda": 5, "cpu": 1}


@dataclass(frozen=True)
class Task:
    """One training to measure.

    Args:
        side: `reference` or `names3risk`.
        model: The model class.
        device: cpu or cuda.
        train_rows: Training rows.
        test_rows: Rows that AUROC is measured on; 0 measures the speed alone.
        epochs: Passes over the training rows.
        batch_size: Rows of a batch.
        numeric_features: Numeric columns.
        seed: Of weights, order and dropout.
        steps: The reference stops after so many timed steps when AUROC is not asked for.
        hyperparameters: More of them for the library's side.
        reference_file: The reference loop.
        threads: Threads of PyTorch; 0 leaves their number to it.
    """

    side: str
    model: str
    device: str
    train_rows: int
    test_rows: int
    epochs: int
    batch_size: int
    numeric_features: int
    seed: int = 0
    steps: int = 60
    hyperparameters: dict[str, Any] = field(default_factory=dict)
    reference_file: str = ""
    threads: int = 0


def measure(task: Task) -> dict[str, Any]:
    """Runs a task in a new process and gives what was measured."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(_measure, task).result()


def _measure(task: Task) -> dict[str, Any]:
    if task.threads:
        torch.set_num_threads(task.threads)
    data = make_data(task.train_rows, max(task.test_rows, 100), task.numeric_features)
    found = _reference(task, data) if task.side == "reference" else _library(task, data)
    if task.device == "cuda":
        found["peak_gpu_bytes"] = torch.cuda.max_memory_allocated()
    found["peak_host_bytes"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    found["tokens_per_row"] = float(data.train.split.tokens.lengths.mean())
    return found


def _auroc(scores: torch.Tensor, labels: torch.Tensor) -> float:
    probabilities = torch.stack([1 - scores, scores], dim=1).double().numpy()
    return float(evaluate(labels.numpy(), probabilities).overall.values["auroc"])


def _load(path: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location("reference_loop", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["reference_loop"] = module
    spec.loader.exec_module(module)
    return module


def _reference(task: Task, data: TrainData) -> dict[str, Any]:
    module, device = _load(task.reference_file), torch.device(task.device)
    loop = module.ReferenceLoop(task.model, data.tokenizer, device, task.batch_size)
    train, test = (
        module.Rows(part.texts, torch.from_numpy(part.split.tabular), torch.from_numpy(part.labels), data.tokenizer)
        for part in (data.train, data.test)
    )
    stopwatch = _Stopwatch(device, task.steps, stop=not task.test_rows)
    began = time.perf_counter()
    marks = (stopwatch.mark,) if device.type == "cpu" else ()
    network = loop.train(train, task.epochs, task.seed, stopwatch.on_step, *marks)
    found: dict[str, Any] = {"training_seconds": time.perf_counter() - began, **stopwatch.found}
    if task.test_rows:
        return found | {"auroc": _auroc(*loop.score(network, test))}
    # Waiting for a GPU at each part would slow the steps down, so there the parts are those of other steps.
    parts = stopwatch if device.type == "cpu" else _Stopwatch(device, task.steps, stop=True)
    if parts is not stopwatch:
        loop.train(train, task.epochs, task.seed, parts.on_step, parts.mark)
    return found | {"parts": {name: value / task.steps for name, value in parts.parts.items()}}


class _Stopwatch:
    """Times steps after the first ones, and their parts."""

    def __init__(self, device: torch.device, steps: int, stop: bool) -> None:
        self.device, self.stop = device, stop
        self.warm = WARM_UP_STEPS[device.type]
        self.wanted = self.warm + steps
        self.steps = self.rows = 0
        self.began = 0.0
        self.found: dict[str, float] = {}
        self.parts = dict.fromkeys(PARTS, 0.0)
        self._part = ("", 0.0)

    def on_step(self, rows: int) -> bool:
        self.steps += 1
        if self.steps == self.warm:
            self.began = now(self.device)
        elif self.warm < self.steps <= self.wanted:
            self.rows += rows
            if self.steps == self.wanted:
                seconds = now(self.device) - self.began
                self.found = {
                    "rows_per_second": self.rows / seconds,
                    "step_seconds": seconds / (self.wanted - self.warm),
                }
        return self.stop and self.steps >= self.wanted

    def mark(self, part: str) -> None:
        moment = now(self.device)
        if self._part[0] and self.warm <= self.steps < self.wanted:
            self.parts[self._part[0]] += moment - self._part[1]
        self._part = (part, moment)


def _library(task: Task, data: TrainData) -> dict[str, Any]:
    hyperparameters = parse_hyperparameters(
        {
            "model_class": task.model,
            "batch_size": task.batch_size,
            "max_epochs": task.epochs,
            "early_stop_patience": task.epochs,
            "val_check_interval": 1.0,
            "load_ckpt": False,
            "seed": task.seed,
            **task.hyperparameters,
        }
    )
    model = build_model(hyperparameters, data.tokenizer.get_vocab_size(), data.train.split.tabular.shape[1])
    clock = StepClock()
    accelerator = "gpu" if task.device == "cuda" else "cpu"
    began = time.perf_counter()
    with TemporaryDirectory(prefix="names3risk-bench-") as folder:
        result = fit(
            model,
            hyperparameters,
            data.train.split,
            data.test.split,
            Path(folder),
            accelerator=accelerator,
            progress=False,
            callbacks=[] if task.test_rows else [clock],
        )
    found: dict[str, Any] = {"training_seconds": time.perf_counter() - began}
    if task.test_rows:
        return found | {"auroc": result.history[-1]["val_auroc"]}
    return found | {
        "rows_per_second": clock.rows_per_second,
        "step_seconds": clock.step_seconds,
        "parts": clock.parts,
        "epochs": clock.epochs,
        "flops_per_row": flops_of_a_row(model, hyperparameters, float(data.train.split.tokens.lengths.mean())),
    }


def flops_of_a_row(model: torch.nn.Module, hyperparameters: Hyperparameters, tokens: float) -> float:
    """Floating-point operations of matrix products in one training step, for a row of so many tokens.

    Two for each weight and position forward, and twice as many backward; scores of the attention are left out.

    Args:
        model: One of the two Names3Risk networks.
        hyperparameters: Its hyperparameters.
        tokens: Mean tokens of a row, without padding.
    """
    of_tokens = model.lstm if hyperparameters.model_class == "lstm2risk" else model.blocks
    assert isinstance(of_tokens, torch.nn.Module)
    per_token = sum(parameter.numel() for parameter in of_tokens.parameters() if parameter.ndim == 2)
    embeddings = sum(
        parameter.numel()
        for module in model.modules()
        if isinstance(module, torch.nn.Embedding)
        for parameter in module.parameters()
    )
    matrices = sum(parameter.numel() for parameter in model.parameters() if parameter.ndim == 2)
    return 6.0 * (tokens * per_token + matrices - per_token - embeddings)
