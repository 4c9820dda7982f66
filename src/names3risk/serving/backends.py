"""What computes probabilities from a padded batch: ONNX Runtime, or PyTorch."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np
import numpy.typing as npt

from names3risk.artifacts.store import MODEL_ONNX, ModelArtifacts, load_model
from names3risk.errors import ArtifactError, ConfigError

if TYPE_CHECKING:
    from torch import nn

BackendName = Literal["onnx", "torch"]
INPUTS = ("input_ids", "attention_mask", "tabular")


class Backend(Protocol):
    """Computes the probabilities of a batch."""

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

    Args:
        folder: A model folder.
        artifacts: What was read from it.

    Raises:
        ArtifactError: `model.onnx` is missing, broken, or does not fit the other files.
    """

    def __init__(self, folder: str | Path, artifacts: ModelArtifacts) -> None:
        import onnxruntime

        path = Path(folder) / MODEL_ONNX
        try:
            self._session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime's own exceptions share no public base class
            what = "cannot be loaded" if path.is_file() else "the file is missing"
            raise ArtifactError(what, where=path, expected="a network that training exported") from error
        _check_fit(self._session, artifacts, path)

    def __call__(
        self, input_ids: npt.NDArray[np.int64], attention_mask: npt.NDArray[np.bool_], tabular: npt.NDArray[np.float32]
    ) -> npt.NDArray[np.float32]:
        """Scores a batch, see `Backend`."""
        feed = dict(zip(INPUTS, (input_ids, attention_mask, tabular), strict=True))
        probabilities: npt.NDArray[np.float32] = self._session.run(["probabilities"], feed)[0]
        return probabilities


class TorchBackend:
    """The PyTorch network, on a GPU where there is one.

    Args:
        model: The network.
    """

    def __init__(self, model: nn.Module) -> None:
        import torch

        self._device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self._model = model.to(self._device).eval()

    def __call__(
        self, input_ids: npt.NDArray[np.int64], attention_mask: npt.NDArray[np.bool_], tabular: npt.NDArray[np.float32]
    ) -> npt.NDArray[np.float32]:
        """Scores a batch, see `Backend`."""
        import torch

        with torch.inference_mode():
            batch = [torch.from_numpy(array).to(self._device) for array in (input_ids, attention_mask, tabular)]
            probabilities: npt.NDArray[np.float32] = torch.softmax(self._model(*batch), dim=1).cpu().numpy()
        return probabilities


def make_backend(name: str, folder: str | Path, artifacts: ModelArtifacts) -> Backend:
    """Loads the network of a model folder.

    Args:
        name: `onnx` or `torch`.
        folder: A model folder.
        artifacts: What was read from it.

    Raises:
        ConfigError: There is no such backend.
        ArtifactError: The network is missing or does not fit.
    """
    if name == "onnx":
        return OnnxBackend(folder, artifacts)
    if name == "torch":
        return TorchBackend(load_model(folder, artifacts))
    raise ConfigError(f"unknown backend {name!r}", expected="onnx or torch")


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
