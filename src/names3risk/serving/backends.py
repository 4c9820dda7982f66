"""What computes probabilities from encoded rows: ONNX Runtime, or PyTorch."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from names3risk.artifacts.store import ModelArtifacts
from names3risk.errors import ConfigError
from names3risk.text.ragged import RaggedTokens

BACKENDS = ("onnx", "onnx-int8", "torch", "torch-tf32", "torch-bf16", "torch-fp16")


class Backend(Protocol):
    """Computes the probabilities of rows.

    Args:
        batch_size: The rows of a batch when there are many.
    """

    batch_size: int

    def __call__(
        self,
        tokens: RaggedTokens,
        tabular: npt.NDArray[np.float32],
        on_progress: Callable[[int], None] = ...,
    ) -> npt.NDArray[np.float32]:
        """Scores rows.

        Args:
            tokens: Of N rows, N at least 1.
            tabular: Features `(N, F)`.
            on_progress: Called with the number of rows scored so far.

        Returns:
            Probabilities `(N, K)`.
        """


def make_backend(name: str, folder: str | Path, artifacts: ModelArtifacts, threads: int = 0) -> Backend:
    """Loads the network of a model folder.

    Args:
        name: One of BACKENDS. What follows `torch` is the arithmetic, which is fp32 without it.
        folder: A model folder.
        artifacts: What was read from it.
        threads: Threads of ONNX Runtime for one request; 0 for one a core.

    Raises:
        ConfigError: There is no such backend.
        ArtifactError: The network is missing or does not fit.
    """
    if name not in BACKENDS:
        raise ConfigError(f"unknown backend {name!r}", expected=", ".join(BACKENDS))
    library, _, kind = name.partition("-")
    if library == "onnx":
        from names3risk.serving.onnx_backend import OnnxBackend

        return OnnxBackend(folder, artifacts, threads, int8=kind == "int8")
    from names3risk.artifacts.store import load_model
    from names3risk.serving.torch_backend import PRECISIONS, TorchBackend

    return TorchBackend(load_model(folder, artifacts), PRECISIONS[kind])
