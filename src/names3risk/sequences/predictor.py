"""Predictions of the next items, with what they were copied from; by ONNX Runtime or PyTorch."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
import torch

from names3risk.artifacts.archive import model_folder
from names3risk.data.datasets import plan_scoring
from names3risk.errors import ArtifactError, ConfigError, DataError
from names3risk.sequences.datasets import SequenceBatch, SequenceSplit
from names3risk.sequences.metrics import Ranking, ranks
from names3risk.sequences.onnx_export import INPUTS, OUTPUTS, PointerScores
from names3risk.sequences.reading import order_events
from names3risk.sequences.splits import targets, windows
from names3risk.sequences.store import MODEL_ONNX, SequenceArtifacts, load_pointer, load_sequence_artifacts
from names3risk.sequences.vocabulary import FIRST

BACKENDS = ("onnx", "torch")
BATCH_SIZE = 256
SHOWN_ATTENTION = 0.005
"""The least attention to an event that a prediction tells of."""

Array = npt.NDArray[Any]
Backend = Callable[[SequenceBatch], tuple[Array, Array, Array]]


class SequencePredictor:
    """A trained pointer network.

    Args:
        artifacts: What was saved beside the network.
        backend: Gives probabilities, attention and gate of a batch.
    """

    def __init__(self, artifacts: SequenceArtifacts, backend: Backend) -> None:
        self.artifacts, self._backend = artifacts, backend

    @classmethod
    def load(cls, path: str | Path, backend: str = "onnx") -> SequencePredictor:
        """Loads a model.

        Args:
            path: A model folder, or its `model.tar.gz`.
            backend: `onnx` or `torch`.

        Raises:
            ArtifactError: The model is incomplete or broken.
            ConfigError: There is no such backend.
        """
        if backend not in BACKENDS:
            raise ConfigError(f"unknown backend {backend!r}", expected=f"one of {', '.join(BACKENDS)}")
        with model_folder(path) as folder:
            artifacts = load_sequence_artifacts(folder)
            if backend == "onnx":
                return cls(artifacts, _onnx_backend(folder / MODEL_ONNX))
            return cls(artifacts, _torch_backend(PointerScores(load_pointer(folder, artifacts)).eval()))

    def predict(self, frame: pl.DataFrame, top: int = 10, where: str | Path | None = None) -> pl.DataFrame:
        """The most likely next items of every entity, after its latest event.

        Args:
            frame: Events with the columns of the schema, in any order.
            top: Items for each entity.
            where: The file they came from, for errors.

        Returns:
            Of each entity `top` rows: the entity, `rank` from 1, the item, its `probability`, `share_copied` (the
            part of it that was copied from the history; the rest was generated), and `attended`: the events with this
            item that were looked at, as `position:attention`, position 1 being the latest event.

        Raises:
            DataError: A column is missing or an event is incomplete.
        """
        schema = self.artifacts.encoder.schema
        ordered = order_events(frame, schema, where)
        events = self.artifacts.encoder.encode(ordered)
        ends = np.append(np.flatnonzero(np.diff(events.firsts)) + 1, len(events))
        split = SequenceSplit(events, *windows(events, ends, events.firsts[ends - 1], self._length))
        names = ordered[schema.entity_name].gather(ends - 1)
        parts = [self._top(*scored, top) for scored in self._scored(split)]
        found = pl.concat(parts).sort("__row", "rank")
        return found.select(
            names.gather(found["__row"]).alias(schema.entity_name),
            "rank",
            self.artifacts.encoder.items.decode(found["__code"].to_numpy()).alias(schema.item_name),
            "probability",
            "share_copied",
            "attended",
        )

    def evaluate(self, frame: pl.DataFrame, since: datetime | None = None, where: str | Path | None = None) -> Ranking:
        """Ranks what really followed, for every event from a moment on that has an earlier event of its entity.

        Args:
            frame: Events with the columns of the schema, in any order.
            since: The moment; by default the beginning of the test part of the training.
            where: The file they came from, for errors.

        Raises:
            DataError: There is no such event.
        """
        schema = self.artifacts.encoder.schema
        since = since or self.artifacts.moments.get("test")
        ordered = order_events(frame, schema, where)
        events = self.artifacts.encoder.encode(ordered)
        chosen = ordered[schema.time_name] >= since if since else pl.repeat(True, len(events), eager=True)
        rows = targets(events, np.flatnonzero(chosen.to_numpy()))
        if not len(rows):
            raise DataError(
                f"no event since {since} has an earlier event of the same entity", where=where, mend="name a moment"
            )
        return Ranking.of(self.ranks(SequenceSplit.before(events, rows, self._length)))

    def ranks(self, split: SequenceSplit) -> torch.Tensor:
        """Ranks of the labels of a split, `(S,)`; see `names3risk.sequences.metrics`."""
        found = torch.empty(len(split), dtype=torch.float64)
        for batch, probabilities, _, _ in self._scored(split):
            assert batch.labels is not None
            found[batch.rows] = ranks(torch.from_numpy(probabilities), batch.labels)
        return found

    @property
    def _length(self) -> int:
        return self.artifacts.hyperparameters.history_length

    def _scored(self, split: SequenceSplit) -> Iterator[tuple[SequenceBatch, Array, Array, Array]]:
        source = split.source("cpu")
        for rows in plan_scoring(source.lengths, BATCH_SIZE):
            batch = source.gather(rows)
            yield batch, *self._backend(batch)

    def _top(self, batch: SequenceBatch, probabilities: Array, attention: Array, gate: Array, top: int) -> pl.DataFrame:
        top = min(top, probabilities.shape[1] - FIRST)
        codes = FIRST + np.argsort(-probabilities[:, FIRST:], axis=1, kind="stable")[:, :top]
        probability = np.take_along_axis(probabilities, codes, axis=1)
        looked_at = np.where(batch.input_ids.numpy()[:, None] == codes[:, :, None], attention[:, None], 0.0)
        copied = gate[:, None] * looked_at.sum(axis=2) / np.maximum(probability, np.finfo(np.float32).tiny)
        last = batch.attention_mask.numpy().sum(axis=1) - 1
        return pl.DataFrame(
            {
                "__row": np.repeat(batch.rows.numpy(), top),
                "rank": np.tile(np.arange(1, top + 1), len(codes)),
                "__code": codes.ravel(),
                "probability": probability.ravel(),
                "share_copied": copied.clip(0.0, 1.0).astype(np.float32).ravel(),
                "attended": _attended(looked_at, last),
            }
        )


def _attended(looked_at: Array, last: Array) -> pl.Series:
    """`position:attention` of the events of each prediction `(B, K, L)`, most attended first."""
    row, place, event = np.nonzero(looked_at >= SHOWN_ATTENTION)
    found = pl.DataFrame(
        {"key": row * looked_at.shape[1] + place, "at": last[row] - event + 1, "weight": looked_at[row, place, event]}
    )
    shown = pl.format("{}:{}", "at", pl.col("weight").round(3).cast(pl.String)).str.join(" ")
    texts = found.sort("weight", descending=True).group_by("key").agg(shown.alias("attended"))
    keys = pl.DataFrame({"key": np.arange(looked_at.shape[0] * looked_at.shape[1])})
    return keys.join(texts, on="key", how="left", maintain_order="left")["attended"].fill_null("")


def _torch_backend(network: PointerScores) -> Backend:
    def score(batch: SequenceBatch) -> tuple[Array, Array, Array]:
        with torch.inference_mode():
            outputs = network(batch.input_ids, batch.attention_mask, batch.entities, batch.details)
        probabilities, attention, gate = (output.numpy() for output in outputs)
        return probabilities, attention, gate

    return score


def _onnx_backend(path: Path) -> Backend:
    import onnxruntime

    try:
        session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's own exceptions share no public base class
        what = "cannot be loaded" if path.is_file() else "the file is missing"
        raise ArtifactError(what, where=path, expected="a network that training exported") from error

    def score(batch: SequenceBatch) -> tuple[Array, Array, Array]:
        inputs = (batch.input_ids, batch.attention_mask, batch.entities, batch.details)
        feed = {name: tensor.numpy() for name, tensor in zip(INPUTS, inputs, strict=True)}
        probabilities, attention, gate = session.run(list(OUTPUTS), feed)
        return probabilities, attention, gate

    return score
