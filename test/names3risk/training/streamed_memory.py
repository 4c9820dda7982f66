"""Encodes and reads a split once, as training does, and tells by how many bytes the memory grew.

`streamed_memory.py FOLDER WAY` with the way `streamed` or `whole`; a small split is encoded first, so that what is
loaded once does not count.
"""

from __future__ import annotations

import sys
from pathlib import Path

import names3risk_samples as samples
import torch

from names3risk.artifacts import ModelArtifacts
from names3risk.hyperparameters import Hyperparameters
from names3risk.training.job import find_tokenizer
from names3risk.training.job_data import StreamedData, WholeData
from names3risk.training.loaders import training_loader
from names3risk.training.world import World


def peak() -> int:
    """The most memory so far; the system's other way of telling it counts the parent's, too."""
    (line,) = (line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024


def read(folder: Path, way: str, hyperparameters: Hyperparameters) -> int:
    folders = {name: folder / name for name in ("train", "val")}
    load = StreamedData if way == "streamed" else WholeData.load
    data = load(folders, hyperparameters, folder / "encoded")
    features = data.fit_features()
    tokenizer = find_tokenizer(data.texts, hyperparameters, None, None)
    train, _ = data.encode(ModelArtifacts(hyperparameters, data.schema, features, tokenizer))
    loader = training_loader(train, 512, 0, lambda: 0, torch.device("cpu"), World(), 1, False)
    return sum(len(batch.build(batch.tensors).rows) for batch in loader)


if __name__ == "__main__":
    torch.set_num_threads(1)
    chosen = samples.hyperparameters()
    read(Path(sys.argv[1]) / "small", sys.argv[2], chosen)
    before = peak()
    sys.stdout.write(f"{read(Path(sys.argv[1]) / 'large', sys.argv[2], chosen)} {peak() - before}")
