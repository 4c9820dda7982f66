"""What training leaves behind, and how it is read again: JSON and tensors only, nothing is unpickled."""

from names3risk.artifacts.archive import extract_model, model_folder
from names3risk.artifacts.store import ModelArtifacts, load_artifacts, load_model, save_artifacts

__all__ = [
    "ModelArtifacts",
    "extract_model",
    "load_artifacts",
    "load_model",
    "model_folder",
    "save_artifacts",
]
