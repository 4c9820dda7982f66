"""Checkpoints as files: complete or absent, and read without unpickling objects."""

from __future__ import annotations

import os
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from lightning.fabric.plugins import TorchCheckpointIO

from names3risk.errors import ArtifactError, OutputError
from names3risk.files import replacing


class WholeCheckpoints(TorchCheckpointIO):
    """Writes checkpoints beside where they belong and moves them there.

    Lightning writes to the system's folder of temporary files, from where a file cannot be moved at once to another
    disk, as `/opt/ml/checkpoints` is: a run killed at that moment would leave half a checkpoint.
    """

    def save_checkpoint(
        self, checkpoint: dict[str, Any], path: str | os.PathLike[str], storage_options: Any = None
    ) -> None:
        """Writes a checkpoint; see `save_checkpoint`."""
        save_checkpoint(checkpoint, path)


def save_checkpoint(content: dict[str, Any], path: str | os.PathLike[str]) -> None:
    """Writes a checkpoint, completely or not at all.

    Args:
        content: Tensors and plain values.
        path: The file.

    Raises:
        OutputError: The file cannot be written.
    """
    with replacing(Path(path)) as temporary, temporary.open("wb") as file:
        try:
            torch.save(content, file)
        except RuntimeError as error:  # which torch meets when it closes a file that could not be written
            if isinstance(error.__context__, OSError):
                raise error.__context__ from None
            raise OutputError(f"cannot write: {str(error).splitlines()[0]}", where=Path(path)) from error


def read_checkpoint(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Reads a checkpoint, without unpickling objects.

    Args:
        path: The file.

    Raises:
        ArtifactError: It is damaged, or no checkpoint.
    """
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
        return {**content}
    except (RuntimeError, EOFError, OSError, TypeError, ValueError, UnpicklingError) as error:
        raise ArtifactError(
            f"cannot be read as a checkpoint: {(str(error).strip() or type(error).__name__).splitlines()[0]}",
            where=Path(path),
            mend="remove it, or train without resuming",
        ) from error
