"""Trains on the toy task in each process that torchrun starts and writes what came out.

`distributed_run.py FOLDER HYPERPARAMETERS`; the batch size is that of all processes together. With `stop_after` the
run breaks off after so many batches; with `resume` it goes on. With `recorded` its steps are run as those recorded
for a GPU are.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch
from lightning.pytorch.callbacks import Callback
from torch import Tensor, distributed

from names3risk.data.datasets import Batch, EncodedSplit, Selection
from names3risk.hyperparameters import parse_hyperparameters
from names3risk.models import build_model
from names3risk.text.ragged import RaggedTokens
from names3risk.training import module, trainer
from names3risk.training.graphs import Recorded, StepGraphs
from names3risk.training.trainer import fit


def toy_split(rows: int, seed: int) -> EncodedSplit:
    random = np.random.default_rng(seed)
    labels = random.integers(0, 2, rows)
    tokens = [[8 + int(label), *random.integers(10, 20, random.integers(0, 6)).tolist()] for label in labels]
    features = random.normal(50.0, 3.0, (rows, 2)).astype(np.float32)
    return EncodedSplit(RaggedTokens.from_lists(tokens), features, labels)


def main(folder: Path, changes: dict[str, Any]) -> None:
    torch.set_num_threads(1)
    processes = int(os.environ.get("WORLD_SIZE", "1"))
    stop_after, resume = changes.pop("stop_after", None), changes.pop("resume", False)
    rows_per_step = changes.pop("rows_per_step", 16)
    if changes.pop("recorded", False):
        act_as_recorded()
    hyperparameters = parse_hyperparameters(
        {
            "model_class": "transformer2risk",
            "embedding_size": 4,
            "hidden_size": 4,
            "n_blocks": 1,
            "n_heads": 2,
            "n_residual_blocks": 1,
            "dropout_rate": 0.0,
            "batch_size": rows_per_step // processes,
            "max_epochs": 3,
            "lr": 0.1,
            "optimizer": "sgd",
            "scheduler": "fixed",
            "val_check_interval": 0.5,
            **changes,
        }
    )
    model = build_model(hyperparameters, 20, 2)
    result = fit(
        model,
        hyperparameters,
        toy_split(101, 0),
        toy_split(35, 1),
        folder,
        accelerator="cpu",
        progress=False,
        resume=resume,
        callbacks=[] if stop_after is None else [BreakOff(stop_after)],
    )
    weights = torch.cat([value.double().flatten() for value in result.model.state_dict().values()]).tolist()
    rank = os.environ.get("RANK", "0")
    (folder / f"result-{rank}.json").write_text(json.dumps({"history": result.history, "weights": weights}))


class EagerGraphs(StepGraphs):
    """Runs steps as a recorded one is replayed: from the same tensors, into the same gradients, each time."""

    def _record(self, batch: Batch | Selection) -> Recorded:
        tensors = {name: tensor.clone() for name, tensor in batch.tensors.items()}
        loss = torch.zeros(())
        empty = [torch.zeros_like(parameter) for parameter in self.parameters]
        gradients: list[Tensor | None] = [*(empty if self.flat is None else self.flat.places)]
        recorded = Recorded(
            SimpleNamespace(replay=lambda: self._run(batch.build(tensors), recorded)), tensors, loss, gradients, False
        )
        return recorded

    def _run(self, batch: Batch, recorded: Recorded) -> None:
        collectives = distributed.all_reduce
        distributed.all_reduce = forbidden
        kept = [parameter.grad for parameter in self.parameters]
        self._forget_gradients()
        recorded.loss.copy_(self.step(batch))
        if self.flat is not None:
            self.flat.take()
        for parameter, gradient, before in zip(self.parameters, recorded.gradients, kept, strict=True):
            assert gradient is not None
            if parameter.grad is not gradient:
                assert self.flat is None
                gradient.copy_(parameter.grad)
            parameter.grad = before
        distributed.all_reduce = collectives


def forbidden(*_: Any, **__: Any) -> None:
    raise AssertionError("a recorded step can wait for no other process")


def act_as_recorded() -> None:
    module.StepGraphs = EagerGraphs
    chosen = trainer.choose
    trainer.choose = lambda *arguments: replace(chosen(*arguments), recorded=True)


class BreakOff(Callback):
    """Ends every process after so many batches, as if the machine were switched off."""

    def __init__(self, batches: int) -> None:
        self.left = batches

    def on_train_batch_end(self, *_: Any) -> None:
        self.left -= 1
        if self.left == 0:
            os._exit(0)


if __name__ == "__main__":
    main(Path(sys.argv[1]), json.loads(sys.argv[2]))
