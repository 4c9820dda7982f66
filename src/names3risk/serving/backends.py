"""What computes probabilities from a padded batch: ONNX Runtime, or PyTorch."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np
import numpy.typing as npt

from names3risk.artifacts.store import MODEL_ONNX, ModelArtifacts, load_model
from names3risk.errors import ArtifactError, ConfigError
from names3risk.serving.networks import quantized, without_padding

if TYPE_CHECKING:
    from torch import nn

BackendName = Literal["onnx", "onnx-int8", "torch"]
Precision = Literal["fp32", "fp16", "bf16"]
INPUTS = ("input_ids", "attention_mask", "tabular")


class Backend(Protocol):
    """Computes the probabilities of a batch.

    Args:
        batch_size: The rows of a batch when there are many.
    """

    batch_size: int

    def __call__(
        self, input_ids: npt.NDArray[np.int64], attention_mask: npt.NDArray[np.bool_], tabular: npt.NDArray[np.float32]
    ) -> npt.NDArray[np.float32]:
        """Scores a batch.

        Args:
            input_ids: Token ids `(B, L)`.
            attention_mask: True where a token is, `(B, L)`.
            tabular: Features `(B, F)`.

        Returns:
            Probabilities `(B, K)`.
        """


class OnnxBackend:
    """ONNX Runtime on the CPU; needs no torch.

    A row alone has no padding, and a network that need not look for it. In 8 bits one thread is faster for it than
    several, which wait for each other.

    Args:
        folder: A model folder.
        artifacts: What was read from it.
        threads: Threads of one request; 0 for one a core.
        int8: Weights and activations of matrix products in 8 bits, which is faster and moves scores a little.

    Raises:
        ArtifactError: `model.onnx` is missing, broken, or does not fit the other files.
    """

    batch_size = 256

    def __init__(self, folder: str | Path, artifacts: ModelArtifacts, threads: int = 0, int8: bool = False) -> None:
        path = Path(folder) / MODEL_ONNX
        self._threads = threads
        try:
            network = quantized(path) if int8 and path.is_file() else path.read_bytes()
            alone = without_padding(network)
            self._alone = _session(alone or network, 1 if int8 else threads)
        except Exception as error:  # onnxruntime's own exceptions share no public base class
            what = "cannot be loaded" if path.is_file() else "the file is missing"
            raise ArtifactError(what, where=path, expected="a network that training exported") from error
        _check_fit(self._alone, artifacts, path)
        # The other network is loaded with the first batch, if one ever comes.
        self._together = self._alone if alone is None and not int8 else None
        self._network = network if self._together is None else b""
        self._loading = threading.Lock()

    def __call__(
        self, input_ids: npt.NDArray[np.int64], attention_mask: npt.NDArray[np.bool_], tabular: npt.NDArray[np.float32]
    ) -> npt.NDArray[np.float32]:
        """Scores a batch, see `Backend`."""
        session = self._alone if len(input_ids) == 1 and attention_mask.all() else self._for_batches()
        feed = {"input_ids": input_ids, "attention_mask": attention_mask, "tabular": tabular}
        probabilities: npt.NDArray[np.float32] = session.run(["probabilities"], feed)[0]
        return probabilities

    def _for_batches(self) -> Any:
        with self._loading:
            if self._together is None:
                self._together, self._network = _session(self._network, self._threads), b""
        return self._together


class TorchBackend:
    """The PyTorch network, on a GPU where there is one.

    Args:
        model: The network.
        precision: fp32 as in evaluation; fp16 and bf16 are faster on a GPU and move scores a little.
    """

    def __init__(self, model: nn.Module, precision: Precision = "fp32") -> None:
        import torch

        self._device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self._model = model.to(self._device).eval()
        self._half = {"fp32": None, "fp16": torch.float16, "bf16": torch.bfloat16}[precision]
        self.batch_size = 8192 if self._device.type == "cuda" else 256

    def __call__(
        self, input_ids: npt.NDArray[np.int64], attention_mask: npt.NDArray[np.bool_], tabular: npt.NDArray[np.float32]
    ) -> npt.NDArray[np.float32]:
        """Scores a batch, see `Backend`."""
        import torch

        batch = [torch.from_numpy(array).to(self._device) for array in (input_ids, attention_mask, tabular)]
        with torch.inference_mode(), torch.autocast(self._device.type, self._half, enabled=self._half is not None):
            logits = self._model(*batch)
            probabilities: npt.NDArray[np.float32] = torch.softmax(logits.float(), dim=1).cpu().numpy()
        return probabilities


def make_backend(name: str, folder: str | Path, artifacts: ModelArtifacts, threads: int = 0) -> Backend:
    """Loads the network of a model folder.

    Args:
        name: `onnx`, `onnx-int8` or `torch`.
        folder: A model folder.
        artifacts: What was read from it.
        threads: Threads of ONNX Runtime for one request; 0 for one a core.

    Raises:
        ConfigError: There is no such backend.
        ArtifactError: The network is missing or does not fit.
    """
    if name in ("onnx", "onnx-int8"):
        return OnnxBackend(folder, artifacts, threads, int8=name == "onnx-int8")
    if name == "torch":
        return TorchBackend(load_model(folder, artifacts))
    raise ConfigError(f"unknown backend {name!r}", expected="onnx or torch, or onnx-int8")


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
