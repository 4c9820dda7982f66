"""ONNX Runtime computes the probabilities, on the CPU."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from names3risk.artifacts.store import MODEL_ONNX, ModelArtifacts
from names3risk.errors import ArtifactError
from names3risk.serving.batches import padded_batches, single_row
from names3risk.serving.networks import quantized, without_padding
from names3risk.text.ragged import RaggedTokens

INPUTS = ("input_ids", "attention_mask", "tabular")


class OnnxBackend:
    """ONNX Runtime on the CPU; needs no torch.

    A row alone has no padding, nor have rows of the same length, and they get a network that does not look for it. In
    8 bits one thread is faster for a single row than several, which wait for each other.

    Args:
        folder: A model folder.
        artifacts: What was read from it.
        threads: Threads of one request; 0 for one a core.
        int8: Weights and activations of matrix products in 8 bits, which is faster and moves scores a little.

    Raises:
        ArtifactError: `model.onnx` is missing, broken, or does not fit the other files.
    """

    batch_size = 64
    """More rows have more padding, and leave the processor's cache."""

    def __init__(self, folder: str | Path, artifacts: ModelArtifacts, threads: int = 0, int8: bool = False) -> None:
        path = Path(folder) / MODEL_ONNX
        self._threads, self._classes = threads, artifacts.hyperparameters.num_classes
        try:
            network = quantized(path) if int8 and path.is_file() else path.read_bytes()
            alone = without_padding(network)
            self._alone = _session(alone or network, 1 if int8 else threads)
        except Exception as error:  # onnxruntime's own exceptions share no public base class
            what = "cannot be loaded" if path.is_file() else "the file is missing"
            raise ArtifactError(what, where=path, expected="a network that training exported") from error
        _check_fit(self._alone, artifacts, path)
        self._most_alone = 1 if int8 else self.batch_size
        # The other network is loaded with the first batch, if one ever comes.
        self._together = self._alone if alone is None and not int8 else None
        self._network = network if self._together is None else b""
        self._loading = threading.Lock()

    def __call__(
        self,
        tokens: RaggedTokens,
        tabular: npt.NDArray[np.float32],
        on_progress: Callable[[int], None] = lambda done: None,
    ) -> npt.NDArray[np.float32]:
        """Scores rows, see `Backend`."""
        if len(tokens) == 1 and len(tokens.values):
            found = _run(self._alone, *single_row(tokens), tabular)
            on_progress(1)
            return found
        done = 0
        result = np.empty((len(tokens), self._classes), dtype=np.float32)
        for rows, input_ids, attention_mask in padded_batches(tokens, self.batch_size):
            full = len(rows) <= self._most_alone and attention_mask.all()
            session = self._alone if full else self._for_batches()
            result[rows] = _run(session, input_ids, attention_mask, tabular[rows])
            done += len(rows)
            on_progress(done)
        return result

    def _for_batches(self) -> Any:
        with self._loading:
            if self._together is None:
                self._together, self._network = _session(self._network, self._threads), b""
        return self._together


def _run(session: Any, *batch: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    probabilities: npt.NDArray[np.float32] = session.run(["probabilities"], dict(zip(INPUTS, batch, strict=True)))[0]
    return probabilities


def _session(network: bytes, threads: int) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    return onnxruntime.InferenceSession(network, options, providers=["CPUExecutionProvider"])


def _check_fit(session: Any, artifacts: ModelArtifacts, path: Path) -> None:
    inputs = {value.name: value.shape for value in session.get_inputs()}
    outputs = {value.name: value.shape for value in session.get_outputs()}
    if set(inputs) != set(INPUTS) or "probabilities" not in outputs:
        raise ArtifactError(
            f"has the inputs {sorted(inputs)} and the outputs {sorted(outputs)}",
            where=path,
            expected=f"the inputs {list(INPUTS)} and the output probabilities",
        )
    found = {
        "tabular features": inputs["tabular"][1],
        "classes": outputs["probabilities"][1],
        "tokens": int(session.get_modelmeta().custom_metadata_map.get("vocabulary_size", -1)),
    }
    wanted = {
        "tabular features": len(artifacts.features.feature_columns),
        "classes": artifacts.hyperparameters.num_classes,
        "tokens": artifacts.vocabulary_size,
    }
    for what, number in wanted.items():
        if found[what] != number:
            raise ArtifactError(
                f"was exported for {found[what]} {what}",
                where=path,
                expected=f"{number}, as the files beside it say",
                mend="take all files from the same training",
            )
