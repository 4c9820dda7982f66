"""Training on rows that never are in memory all at once, beside training on the same rows in memory.

    python benchmarks/streaming.py --rows 5000000
    python benchmarks/streaming.py --rows 2000000 --device cuda --model transformer2risk --numeric-features 211

Generated orders are written as a split folder of several files, Parquet or text, chunk by chunk. A process of its own
then does what the training job does with a split that is larger than memory: it fits the features, trains a
tokenizer, encodes the rows in chunks and trains on them, streamed. Then processes take turns that train on the
encoded rows alone: held in memory, streamed and, on a GPU, held in the host's memory, as the library does where the
GPU has no room. Rates are the medians of these. The files go to a temporary folder, or to a new one below `--folder`,
which is removed at the end.
"""

from __future__ import annotations

import argparse
import json
import platform
import resource
import shutil
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import narwhals as nw
import numpy as np
import torch
from torch import Tensor, nn

from names3risk.artifacts import ModelArtifacts
from names3risk.bench.train_clock import StepClock
from names3risk.data.datasets import EncodedSplit
from names3risk.data.preparation import drop_filtered, encode_labels
from names3risk.data.samples import SYNTHETIC_SCHEMA
from names3risk.data.schema import ColumnSchema
from names3risk.data.shards import ShardedSplit
from names3risk.data.splits import SCHEMA_FILE
from names3risk.data.synthetic import generate
from names3risk.data.writing import TableWriter
from names3risk.hyperparameters import Hyperparameters, parse_hyperparameters
from names3risk.models import build_model
from names3risk.training import staging
from names3risk.training.job import find_tokenizer
from names3risk.training.job_data import StreamedData
from names3risk.training.loaders import training_loader
from names3risk.training.roles import complete
from names3risk.training.streaming import rows_of_a_buffer
from names3risk.training.trainer import fit
from names3risk.training.world import World

DESCRIBED_ROWS = 50_000_000
FILE_ROWS = 500_000
BLOCK_ROWS = 50_000
VALIDATION_ROWS = 20_000
LABELLED = 1.07
"""Orders made for each labelled one."""
BAG = "bag"
"""The cheap model: the mean of token embeddings beside the features, and one linear layer."""
STREAMED, IN_MEMORY, ON_HOST = "streamed", "in memory", "in the host's memory"


class Bag(nn.Module):
    """Logits from the mean of token embeddings and the features."""

    def __init__(self, vocabulary_size: int, n_tabular: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocabulary_size, 32)
        self.norm = nn.BatchNorm1d(n_tabular)
        self.out = nn.Linear(32 + n_tabular, 2)

    def forward(self, input_ids: Tensor, attention_mask: Tensor, tabular: Tensor) -> Tensor:
        """Logits `(B, 2)`."""
        mask = attention_mask[..., None].to(tabular.dtype)
        mean = (self.embedding(input_ids) * mask).sum(dim=1) / mask.sum(dim=1).clamp(min=1)
        return self.out(torch.cat([mean, self.norm(tabular)], dim=1))


class Clock(StepClock):
    """Times epochs, and the processor's part of them."""

    def __init__(self) -> None:
        super().__init__()
        self.processor_seconds: list[float] = []
        self._processor_began = 0.0

    def on_train_batch_end(self, trainer: Any, pl_module: Any, outputs: Any, batch: Any, batch_idx: int) -> None:
        if batch_idx == 0:
            self._processor_began = time.process_time()
        super().on_train_batch_end(trainer, pl_module, outputs, batch, batch_idx)
        if batch_idx + 1 == trainer.num_training_batches:
            self.processor_seconds.append(time.process_time() - self._processor_began)

    def on_train_end(self, trainer: Any, pl_module: Any) -> None:
        """Leaves the parts of a step alone."""


def write_split(folder: Path, rows: int, seed: int, numeric_features: int, format: str = "parquet") -> int:
    """Writes prepared orders as a split folder of several files, a block in memory at a time; gives their number."""
    folder.mkdir(parents=True)
    blocks = generate(int(rows * LABELLED) + BLOCK_ROWS, seed, numeric_features, BLOCK_ROWS)
    schema, kept, number = None, 0, 0
    while kept < rows:
        before = kept
        with TableWriter(folder / f"part-{number:05d}.{format}") as writer:
            while kept < rows and writer.rows < FILE_ROWS:
                block = next(blocks)
                if schema is None:
                    schema = ColumnSchema.load(SYNTHETIC_SCHEMA).resolve(block)
                    schema.prepared().save(folder / SCHEMA_FILE)
                table = nw.from_native(block, eager_only=True)
                writer.write(encode_labels(drop_filtered(table, schema), schema).to_native().head(rows - kept))
                kept = before + writer.rows
        number += 1
    return kept


def hyperparameters_of(task: dict[str, Any]) -> Hyperparameters:
    """Those of the training of every side."""
    return parse_hyperparameters(
        {
            "model_class": "lstm2risk" if task["model"] == BAG else task["model"],
            "batch_size": task["batch_size"],
            "max_epochs": task["epochs"],
            "val_check_interval": 1.0,
            "load_ckpt": False,
            "memory_budget_gib": 0.0,
        }
    )


def peak_bytes() -> int:
    """The most memory that this process has had so far."""
    status = Path("/proc/self/status")
    if status.is_file():  # the other way counts what the parent had when it started this process
        (line,) = (line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if platform.system() == "Darwin" else 1024)


def train(
    task: dict[str, Any], splits: tuple[Any, Any], vocabulary_size: int, n_tabular: int, found: dict[str, Any]
) -> None:
    """Trains on encoded splits and notes how fast that was."""
    hyperparameters, clock = hyperparameters_of(task), Clock()
    model = (
        Bag(vocabulary_size, n_tabular)
        if task["model"] == BAG
        else build_model(hyperparameters, vocabulary_size, n_tabular)
    )
    accelerator = "gpu" if task["device"] == "cuda" else "cpu"
    with tempfile.TemporaryDirectory(dir=task["folder"], prefix="run-") as run:
        fit(model, hyperparameters, *splits, run, accelerator=accelerator, progress=False, callbacks=[clock])
    found["rows_per_second"] = clock.rows_per_second
    used = [1e6 * spent / epoch["rows"] for spent, epoch in zip(clock.processor_seconds, clock.epochs, strict=True)]
    found["processor_seconds_per_million_rows"] = float(np.median(used[1:] or used))
    found["peak_bytes"] = peak_bytes()
    if task["device"] == "cuda":
        found["peak_gpu_bytes"] = torch.cuda.max_memory_allocated()


def streamed(task: dict[str, Any]) -> dict[str, Any]:
    """Prepares, encodes and trains as the training job does with splits that are larger than memory."""
    torch.set_num_threads(task["threads"])
    folder, found = Path(task["folder"]), {"bytes_at_start": peak_bytes()}
    began = time.perf_counter()
    data = StreamedData({name: folder / name for name in ("train", "val")}, hyperparameters_of(task), folder)
    found["parse_seconds"] = time.perf_counter() - began
    began = time.perf_counter()
    features = data.fit_features()
    found["features_seconds"] = time.perf_counter() - began
    began = time.perf_counter()
    tokenizer = find_tokenizer(data.texts, data.hyperparameters, None, None)
    found["tokenizer_seconds"] = time.perf_counter() - began
    artifacts = ModelArtifacts(complete(data.hyperparameters, data.schema), data.schema, features, tokenizer)
    began = time.perf_counter()
    splits = data.encode(artifacts)
    found["encode_seconds"] = time.perf_counter() - began
    found["peak_bytes_before_training"] = peak_bytes()
    found["splits"] = [str(split.folder) for split in splits]
    found["vocabulary"], found["features"] = tokenizer.get_vocab_size(), splits[0].index.features
    train(task, splits, found["vocabulary"], found["features"], found)
    return found


def encoded(task: dict[str, Any]) -> dict[str, Any]:
    """Trains on the encoded rows, held where the side of the task has them."""
    torch.set_num_threads(task["threads"])
    found: dict[str, Any] = {"bytes_at_start": peak_bytes()}
    splits: tuple[Any, ...] = tuple(ShardedSplit(Path(folder)) for folder in task["splits"])
    if task["side"] != STREAMED:
        splits = tuple(load(split) for split in splits)
    if task["side"] == ON_HOST:
        staging.RESIDENT_SHARE = 0.0
    train(task, splits, task["vocabulary"], task["features"], found)
    return found


def paired(task: dict[str, Any]) -> dict[str, Any]:
    """Steps on batches of both kinds, a buffer of the one and then of the other, so that other work hits both alike."""
    torch.set_num_threads(task["threads"])
    split, size = ShardedSplit(Path(task["splits"][0])), task["batch_size"]
    network = Bag(task["vocabulary"], task["features"])
    optimizer = torch.optim.AdamW(network.parameters())
    sides: dict[str, Any] = {IN_MEMORY: load(split), STREAMED: split}
    batches, measured = {}, {side: [] for side in sides}
    for side, held in sides.items():
        batches[side] = iter(training_loader(held, size, 0, lambda: 0, torch.device("cpu"), World(), 1, False))
    steps = rows_of_a_buffer(split) // size
    for _ in range(max(1, len(split) // (steps * size))):
        for side, source in batches.items():
            wall, processor, rows = time.perf_counter(), time.process_time(), 0
            for batch in islice(source, steps):
                built = batch.build(batch.tensors)
                logits = network(built.input_ids, built.attention_mask, built.tabular)
                loss = nn.functional.cross_entropy(logits, built.labels)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                rows += len(built.rows)
            measured[side].append(((time.perf_counter() - wall) / rows, (time.process_time() - processor) / rows))
    streamed_, whole = np.array(measured[STREAMED]), np.array(measured[IN_MEMORY])
    wall, processor = np.median(streamed_ / whole, axis=0)
    return {
        "buffers": len(whole),
        "wall": float(wall),
        "processor": float(processor),
        "microseconds_of_a_row": 1e6 * float(np.median(whole[:, 1])),
    }


def load(split: ShardedSplit) -> EncodedSplit:
    """All rows of a split in shards."""
    sizes = np.diff(split.starts)
    return split.read([(k, 0, int(rows)) for k, rows in enumerate(sizes)])[0]


def in_a_process(work: Callable[[dict[str, Any]], dict[str, Any]], task: dict[str, Any]) -> dict[str, Any]:
    """Runs work in a process whose memory is its own."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(work, task).result()


def bytes_of(folder: Path) -> int:
    """Bytes of all files of a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def measure(arguments: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Everything that is measured."""
    began = time.perf_counter()
    rows = write_split(folder / "train", arguments.rows, 0, arguments.numeric_features, arguments.format)
    seconds = time.perf_counter() - began
    write_split(folder / "val", min(arguments.rows, VALIDATION_ROWS), 1, arguments.numeric_features, arguments.format)
    print(f"wrote {rows:,} rows, {bytes_of(folder / 'train') / rows:.0f} bytes each, in {seconds:.0f} s", flush=True)
    names = ("device", "model", "batch_size", "epochs", "threads")
    task = {"folder": str(folder), **{name: getattr(arguments, name) for name in names}}
    found: dict[str, Any] = {
        "machine": {"cpu": platform.machine(), "torch": torch.__version__},
        "rows": rows,
        "bytes_of_a_raw_row": bytes_of(folder / "train") / rows,
        "write_seconds": seconds,
        "preparation": in_a_process(streamed, task),
    }
    report("streamed from raw rows on", found["preparation"])
    if arguments.device == "cuda":
        found["machine"]["gpu"] = torch.cuda.get_device_name()
    found["bytes_of_an_encoded_row"] = bytes_of(Path(found["preparation"]["splits"][0])) / rows
    task |= {name: found["preparation"][name] for name in ("splits", "vocabulary", "features")}
    sides = (IN_MEMORY, STREAMED, *((ON_HOST,) if arguments.device == "cuda" else ()))
    rounds: dict[str, list[dict[str, Any]]] = {side: [] for side in sides}
    for _ in range(arguments.rounds):
        for side in sides:
            rounds[side].append(in_a_process(encoded, {**task, "side": side}))
            report(side, rounds[side][-1])
    found |= {side: median(measured) for side, measured in rounds.items() if measured}
    found["paired"] = in_a_process(paired, task)
    return found


def median(measured: list[dict[str, Any]]) -> dict[str, float]:
    """The median of each number."""
    return {name: float(np.median([one[name] for one in measured])) for name in measured[0]}


def report(side: str, found: dict[str, Any]) -> None:
    """Prints what one process measured."""
    print(
        f"{side}: {found['rows_per_second']:,.0f} rows/s, {found['processor_seconds_per_million_rows']:.1f} s of "
        f"processor time a million rows, peak {found['peak_bytes'] / 2**30:.2f} GiB "
        f"(at its start {found['bytes_at_start'] / 2**30:.2f})",
        flush=True,
    )


def describe(found: dict[str, Any]) -> None:
    """Prints the comparison, and what so many rows as are described would take."""
    preparation, pairs = found["preparation"], found["paired"]
    if IN_MEMORY in found:
        share = found[STREAMED]["rows_per_second"] / found[IN_MEMORY]["rows_per_second"]
        print(f"streamed, {share:.2f} of the rows/s in memory")
    print(
        f"the cheap model on the CPU, {pairs['buffers']} buffers of each kind in turns: streamed, "
        f"{pairs['processor']:.3f} times the processor time in memory ({pairs['microseconds_of_a_row']:.1f} us a row) "
        f"and {pairs['wall']:.3f} times the time by the clock"
    )
    times = DESCRIBED_ROWS / found["rows"]
    raw, encoded = (DESCRIBED_ROWS * found[name] / 1e9 for name in ("bytes_of_a_raw_row", "bytes_of_an_encoded_row"))
    features, encode = (times * preparation[name] / 60 for name in ("features_seconds", "encode_seconds"))
    epoch = DESCRIBED_ROWS / found.get(STREAMED, preparation)["rows_per_second"] / 60
    if preparation["parse_seconds"] > 1:
        print(f"counting the rows, and parsing those that are text: {preparation['parse_seconds']:.0f} s")
    print(
        f"{DESCRIBED_ROWS:,} rows: {raw:.1f} GB of files and {encoded:.1f} GB of encoded rows; {features:.0f} min "
        f"for the features, {encode:.0f} min to encode, {epoch:.0f} min an epoch. Memory grows by a column of numbers "
        f"while features are fitted ({8 * DESCRIBED_ROWS / 1e9:.1f} GB), and by the fold of each row; what is read "
        "ahead stays what it is"
    )


def main() -> None:
    """Reads the command line and measures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--numeric-features", type=int, default=20)
    parser.add_argument("--format", choices=("parquet", "csv", "tsv"), default="parquet", help="of the raw rows")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--model", default=BAG, help="a model class, or bag: one layer on the mean of embeddings")
    parser.add_argument("--batch-size", type=int, default=512)
    parser.add_argument("--epochs", type=int, default=2, help="the first is left out where there are more")
    parser.add_argument("--rounds", type=int, default=1, help="turns of the processes whose rates are compared")
    parser.add_argument("--threads", type=int, default=1, help="of PyTorch")
    parser.add_argument("--folder", type=Path, help="where the files go; by default among temporary files")
    parser.add_argument("--json", type=Path, help="also write the results to this file")
    arguments = parser.parse_args()
    if arguments.folder:
        arguments.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=arguments.folder, prefix="names3risk-streaming-") as name:
        free = shutil.disk_usage(name).free
        if free < (needed := arguments.rows * (1000 + 12 * arguments.numeric_features)):
            parser.error(f"{name} has room for {free / 1e9:.1f} GB, needed are about {needed / 1e9:.1f} GB")
        found = measure(arguments, Path(name))
    describe(found)
    if arguments.json:
        arguments.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
