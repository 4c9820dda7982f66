"""Export to ONNX, proved against PyTorch before the file is kept.

A model class names the exporter that can express it in its attribute `onnx_exporter`: `torchscript` turns packed
sequences into ONNX's LSTM with sequence lengths; `dynamo`, on `torch.export`, does not know them.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import nn

from names3risk.artifacts.onnx_agreement import check_agreement, exporting
from names3risk.errors import ArtifactError
from names3risk.files import replacing

INPUTS = ("input_ids", "attention_mask", "tabular")
OUTPUTS = ("logits", "probabilities")

Batch = tuple[torch.Tensor, torch.Tensor, torch.Tensor]


class ScoringNetwork(nn.Module):
    """A model with its probabilities: what is exported.

    Args:
        model: Gives logits `(B, K)`.
    """

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(
        self, input_ids: torch.Tensor, attention_mask: torch.Tensor, tabular: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Scores a batch.

        Args:
            input_ids: Token ids `(B, L)`, int64.
            attention_mask: True where a token is, `(B, L)`, bool.
            tabular: Tabular features `(B, F)`, float32.

        Returns:
            Logits and probabilities, both `(B, K)`.
        """
        logits = self.model(input_ids, attention_mask, tabular)
        if tabular.shape[1] == 0:
            # The sum of nothing: keeps an input in the graph that exporters drop when no one reads it.
            logits = logits + tabular.sum(dim=1, keepdim=True)
        return logits, torch.softmax(logits, dim=1)


def export_onnx(
    model: nn.Module,
    path: str | Path,
    *,
    n_tabular: int,
    vocabulary_size: int,
    max_length: int,
    metadata: Mapping[str, str] | None = None,
) -> float:
    """Writes `model` as ONNX with dynamic batch and length, after ONNX Runtime agreed with PyTorch on hard batches.

    Args:
        model: The network; moved to the CPU and set to evaluation for the time of the call.
        path: Where the file shall be.
        n_tabular: F, the number of tabular features.
        vocabulary_size: Token ids are below this.
        max_length: The longest text in tokens.
        metadata: Entries to store in the file.

    Returns:
        The largest difference of a logit or probability.

    Raises:
        ArtifactError: The export failed, or the exported network disagrees with PyTorch by more than 1e-4.
    """
    device = next(model.parameters()).device
    training = model.training
    network = ScoringNetwork(model).cpu().eval()
    try:
        with replacing(path) as temporary:
            example = _batch([min(5, max_length), 1, min(2, max_length)], n_tabular, vocabulary_size, seed=0)
            _export(network, example, temporary)
            classes = network(*example)[0].shape[1]
            _complete(temporary, classes, {**(metadata or {}), "vocabulary_size": str(vocabulary_size)})
            _check_inputs(temporary, path)
            batches = check_batches(n_tabular, vocabulary_size, max_length)
            return check_agreement(network, temporary, batches, INPUTS, OUTPUTS, path)
    finally:
        model.to(device).train(training)


def check_batches(n_tabular: int, vocabulary_size: int, max_length: int) -> list[Batch]:
    """Batches that exporters get wrong: one row, no text at all, mixed lengths in no order, padding, full length.

    Args:
        n_tabular: F.
        vocabulary_size: Token ids are below this.
        max_length: The longest text; it is tried up to 2,048 tokens, beside other rows up to 128, because the memory
            of attention grows with its square.

    Returns:
        Token ids, mask and tabular features of each batch.
    """
    longest = min(max_length, 128)
    lengths = [
        [1],
        [0],
        [min(max_length, 2048)],
        [0, longest, 1],
        [1, 0, max(1, longest // 2), 0, longest, max(1, longest // 3), 1, longest],
        [min(3, longest), min(7, longest), 0, min(5, longest)] * 8,
        [0, 0, 0],
    ]
    return [_batch(rows, n_tabular, vocabulary_size, seed) for seed, rows in enumerate(lengths)]


def _batch(lengths: list[int], n_tabular: int, vocabulary_size: int, seed: int) -> Batch:
    generator = torch.Generator().manual_seed(seed)
    rows, longest = len(lengths), max(1, *lengths)
    ids = torch.randint(0, vocabulary_size, (rows, longest), generator=generator)
    mask = torch.arange(longest)[None, :] < torch.tensor(lengths)[:, None]
    return ids, mask, torch.randn(rows, n_tabular, generator=generator)


def _export(network: ScoringNetwork, example: Batch, path: Path) -> None:
    dynamic_names = {name: {0: "batch"} for name in (*INPUTS, *OUTPUTS)}
    for name in INPUTS[:2]:
        dynamic_names[name][1] = "length"
    with exporting(path):
        if network.model.onnx_exporter == "torchscript":
            torch.onnx.export(
                network,
                example,
                str(path),
                dynamo=False,
                input_names=list(INPUTS),
                output_names=list(OUTPUTS),
                dynamic_axes=dynamic_names,
            )
        else:
            rows, length = torch.export.Dim("batch"), torch.export.Dim("length")
            torch.onnx.export(
                network,
                example,
                str(path),
                dynamo=True,
                external_data=False,
                verbose=False,
                input_names=list(INPUTS),
                output_names=list(OUTPUTS),
                dynamic_shapes=({0: rows, 1: length}, {0: rows, 1: length}, {0: rows}),
            )


def _check_inputs(exported: Path, path: str | Path) -> None:
    """Refuses a network that lost an input, because it does not read it."""
    import onnx

    names = [value.name for value in onnx.load(exported).graph.input]
    if names != list(INPUTS):
        raise ArtifactError(f"the exported network has the inputs {names}", where=path, expected=f"{list(INPUTS)}")


def _complete(path: Path, classes: int, metadata: Mapping[str, str]) -> None:
    """Stores metadata, and the number of classes, which exporters do not always find out."""
    import onnx

    network = onnx.load(path)
    for output in network.graph.output:
        output.type.tensor_type.shape.dim[1].dim_value = classes
    onnx.helper.set_model_props(network, dict(metadata))
    onnx.checker.check_model(network, full_check=True)
    onnx.save(network, path)
