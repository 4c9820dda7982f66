"""What exports to ONNX share: a quiet exporter, and the proof that ONNX Runtime and PyTorch agree."""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch
from torch import nn

from names3risk.errors import ArtifactError

TOLERANCE = 1e-4
Batches = Sequence[tuple[torch.Tensor, ...]]


@contextmanager
def exporting(path: Path) -> Iterator[None]:
    """Silences the exporters, which warn about properties of the graph that the check afterwards proves harmless.

    Args:
        path: The file that is written, for the message.

    Raises:
        ArtifactError: The network cannot be exported.
    """
    loggers = [logging.getLogger(name) for name in ("torch.onnx", "torch.jit", "onnxscript", "onnx_ir", "torch.export")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    # Some warnings come from C++ and go past Python to the file descriptor of standard error.
    kept = os.dup(2)
    try:
        with warnings.catch_warnings(), Path(os.devnull).open("w") as nowhere:
            warnings.simplefilter("ignore")
            os.dup2(nowhere.fileno(), 2)
            yield
    except (RuntimeError, torch.onnx.errors.OnnxExporterError) as error:
        raise ArtifactError(f"the network cannot be exported to ONNX: {error}", where=path.name) from error
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


def check_agreement(
    network: nn.Module,
    exported: Path,
    batches: Batches,
    inputs: Sequence[str],
    outputs: Sequence[str],
    path: str | Path,
) -> float:
    """Refuses an exported network that disagrees with PyTorch; see `largest_difference`.

    Args:
        network: The network on the CPU, in evaluation.
        exported: The file that was written.
        batches: The inputs of each batch.
        inputs: Their names.
        outputs: The names of the outputs.
        path: Where the file shall be, for the message.

    Returns:
        The largest difference.

    Raises:
        ArtifactError: It is above 1e-4.
    """
    difference = largest_difference(network, exported, batches, inputs, outputs)
    if not difference <= TOLERANCE:
        raise ArtifactError(
            f"the exported network disagrees with PyTorch by {difference:.2g}",
            where=path,
            expected=f"at most {TOLERANCE:g}",
        )
    return difference


def largest_difference(
    network: nn.Module, exported: str | Path, batches: Batches, inputs: Sequence[str], outputs: Sequence[str]
) -> float:
    """The largest absolute difference of any output of ONNX Runtime; infinite where one of the two is not finite."""
    import onnxruntime

    session = onnxruntime.InferenceSession(str(exported), providers=["CPUExecutionProvider"])
    worst = 0.0
    for batch in batches:
        with torch.inference_mode():
            expected = [output.numpy() for output in network(*batch)]
        feed = {name: tensor.numpy() for name, tensor in zip(inputs, batch, strict=True)}
        for wanted, found in zip(expected, session.run(list(outputs), feed), strict=True):
            difference = np.abs(wanted - found).max()
            worst = max(worst, float(difference) if np.isfinite(difference) else float("inf"))
    return worst
