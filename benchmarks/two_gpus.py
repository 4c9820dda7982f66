"""What a second GPU brings: rows a second of `fit` in two processes beside one, and whether both learn the same.

Each case is trained with the same rows a step and process in one process and under torchrun in two. Beside the rates
it compares the validation losses of a short training without dropout whose steps have the same rows in both.
Usage: python benchmarks/two_gpus.py [--out FILE] [--device cuda|cpu] [--case MODEL[:PRECISION] ...]
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import lightning
import numpy as np
import torch

from names3risk.bench.train_clock import StepClock
from names3risk.data.datasets import EncodedSplit
from names3risk.hyperparameters import parse_hyperparameters
from names3risk.models import build_model
from names3risk.text.ragged import RaggedTokens
from names3risk.training.module import RiskModule
from names3risk.training.trainer import FitResult, fit
from names3risk.training.world import find_world

TARGET = 1.8
CASES = ("transformer2risk", "lstm2risk")
VOCABULARY, LONGEST, USUAL_TOKENS = 700, 72, 28.5
ROWS_TO_AGREE_ON, AGREED_STEP = 16_384, 1024


class Clock(StepClock):
    """Times the epochs of a run, and notes how its steps are run."""

    execution = ""

    def on_train_end(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        """Notes how steps were run."""
        assert isinstance(pl_module, RiskModule)
        self.execution = str(pl_module.execution)


def random_split(rows: int, features: int, seed: int) -> EncodedSplit:
    """Rows of about as many tokens as joined names and addresses have, whose first tokens tell the class."""
    random = np.random.default_rng(seed)
    labels = random.integers(0, 2, rows)
    lengths = np.clip(random.normal(USUAL_TOKENS, 8, rows), 4, LONGEST).astype(np.int64)
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    values = random.integers(10, VOCABULARY, offsets[-1], dtype=np.int32)
    values[offsets[:-1]] = 8 + labels
    tabular = random.standard_normal((rows, features), dtype=np.float32)
    return EncodedSplit(RaggedTokens(values, offsets), tabular, labels)


def train(
    case: str, splits: tuple[EncodedSplit, EncodedSplit], folder: Path, options: argparse.Namespace, **values: Any
) -> tuple[FitResult, Clock]:
    """Trains a case, in as many processes as there are."""
    model_class, _, precision = case.partition(":")
    settings = {
        "model_class": model_class,
        "precision": precision or "auto",
        "compile": "never",
        "val_check_interval": 1.0,
        "early_stop_patience": 1000,
        **json.loads(options.hyperparameters),
        **values,
    }
    hyperparameters = parse_hyperparameters(settings)
    clock = Clock()
    model = build_model(hyperparameters, VOCABULARY, splits[0].tabular.shape[1])
    accelerator = "gpu" if options.device == "cuda" else "cpu"
    result = fit(
        model, hyperparameters, splits[0], splits[1], folder, accelerator=accelerator, progress=False, callbacks=[clock]
    )
    return result, clock


def work(options: argparse.Namespace) -> None:
    """Measures everything in as many processes as there are; the first writes what it found."""
    if options.device == "cpu":
        torch.set_num_threads(1)
    processes = find_world().size
    folder = options.out.with_suffix(".checkpoints")
    few = min(options.rows, ROWS_TO_AGREE_ON)
    timed = random_split(options.rows, options.features, 0), random_split(2000, options.features, 1)
    agreed = random_split(few, options.features, 2), random_split(few, options.features, 3)
    found: dict[str, Any] = {}
    for case in options.case:
        found[case] = {"rates": {}}
        for batch_size in options.batch_size:
            values = {"batch_size": batch_size, "max_epochs": 1 + options.timed_epochs, "load_ckpt": False}
            _, clock = train(case, timed, folder, options, **values)
            found[case]["rates"][str(batch_size)] = processes * clock.rows_per_second
            found[case]["execution"] = clock.execution
            gc.collect()
        values = {"batch_size": min(AGREED_STEP, options.rows // 4) // processes, "max_epochs": 3, "scheduler": "fixed"}
        result, _ = train(case, agreed, folder, options, dropout_rate=0.0, precision="fp32", **values)
        found[case]["losses"] = [entry["val_loss"] for entry in result.history]
        if find_world().rank == 0:
            options.out.write_text(json.dumps(found))


def compare(options: argparse.Namespace) -> dict[str, Any]:
    """Measures with one process and with two, each in processes of their own."""
    found = []
    with tempfile.TemporaryDirectory() as folder:
        for processes in (1, 2):
            out = Path(folder) / f"{processes}.json"
            launcher = ["-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={processes}"]
            arguments = [*sys.argv[1:], "--out", str(out), "--worker"]
            began = time.perf_counter()
            environment = {"OMP_NUM_THREADS": "8", **os.environ}
            subprocess.run([sys.executable, *launcher, __file__, *arguments], check=True, env=environment)
            print(f"{processes} processes: {time.perf_counter() - began:.0f} s")
            found.append(json.loads(out.read_text()))
    one, two = found
    return {
        "device": torch.cuda.get_device_name() if options.device == "cuda" else "cpu",
        "torch": torch.__version__,
        "rows": options.rows,
        "cases": {case: _beside(one[case], two[case]) for case in one},
    }


def _beside(one: dict[str, Any], two: dict[str, Any]) -> dict[str, Any]:
    rates = {
        size: {"one": rate, "two": two["rates"][size], "ratio": two["rates"][size] / rate}
        for size, rate in one["rates"].items()
    }
    apart = max(abs(a - b) for a, b in zip(one["losses"], two["losses"], strict=True))
    losses = {"one": one["losses"], "two": two["losses"], "largest_difference": apart}
    return {"rows_per_second": rates, "execution": two["execution"], "losses": losses}


def main() -> None:
    """Measures, prints and writes the results."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("two_gpus.json"))
    parser.add_argument("--device", choices=["cuda", "cpu"], default="cuda")
    parser.add_argument("--case", nargs="+", default=list(CASES), help="model class, and a precision other than auto")
    parser.add_argument("--batch-size", nargs="+", type=int, default=[512, 4096], help="rows of a step and process")
    parser.add_argument("--rows", type=int, default=196_608)
    parser.add_argument("--features", type=int, default=211)
    parser.add_argument("--timed-epochs", type=int, default=2, help="beside the first")
    parser.add_argument("--hyperparameters", default="{}", help="more of them, as a JSON object")
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        work(options)
        return
    found = compare(options)
    options.out.write_text(json.dumps(found, indent=2) + "\n")
    for case, result in found["cases"].items():
        for size, rates in result["rows_per_second"].items():
            verdict = "reached" if rates["ratio"] >= TARGET else "missed"
            print(
                f"{case}, batch {size}: {rates['one']:,.0f} rows/s in one process, {rates['two']:,.0f} in two, "
                f"{rates['ratio']:.2f} times (target {TARGET}: {verdict})"
            )
        print(f"{case}: {result['execution']}, losses differ by {result['losses']['largest_difference']:.2g} at most")


if __name__ == "__main__":
    main()
