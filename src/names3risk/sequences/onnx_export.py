"""Export of a pointer network to ONNX, proved against PyTorch before the file is kept."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn

from names3risk.artifacts.onnx_agreement import check_agreement, exporting
from names3risk.files import replacing
from names3risk.models.pointer import PointerNetwork
from names3risk.sequences.vocabulary import FIRST

INPUTS = ("items", "attention_mask", "entities", "details")
OUTPUTS = ("probabilities", "attention", "gate")
OPSET = 18
"""At least 16: older versions cannot be trusted where indices of a scatter repeat."""

History = tuple[Tensor, Tensor, Tensor, Tensor]


class PointerScores(nn.Module):
    """What is exported: probabilities with what they are made of.

    Args:
        model: The network.
    """

    def __init__(self, model: PointerNetwork) -> None:
        super().__init__()
        self.model = model

    def forward(
        self, items: Tensor, attention_mask: Tensor, entities: Tensor, details: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Histories, see `PointerNetwork`, to probabilities `(B, V)`, attention `(B, L)` and gate `(B,)`."""
        output = self.model(items, attention_mask, entities, details)
        return output.log_probabilities.exp(), output.attention, output.gate


def export_pointer(model: PointerNetwork, path: str | Path) -> float:
    """Writes a network as ONNX with dynamic batch and length, after ONNX Runtime agreed with PyTorch.

    Args:
        model: The network; moved to the CPU and set to evaluation for the time of the call.
        path: Where the file shall be.

    Returns:
        The largest difference of an output.

    Raises:
        ArtifactError: The export failed, or the exported network disagrees with PyTorch by more than 1e-4.
    """
    device, training = next(model.parameters()).device, model.training
    network = PointerScores(model).cpu().eval()
    try:
        with replacing(path) as temporary:
            _export(network, histories(model, [min(5, _longest(model)), 1, min(2, _longest(model))], seed=0), temporary)
            return check_agreement(network, temporary, check_histories(model), INPUTS, OUTPUTS, path)
    finally:
        model.to(device).train(training)


def check_histories(model: PointerNetwork) -> list[History]:
    """Batches that exporters get wrong: one event, none, the same item again and again, mixed lengths, full length."""
    longest = _longest(model)
    batches = [histories(model, lengths, seed) for seed, lengths in enumerate([[1], [longest], [0, longest, 1] * 3])]
    repeated = histories(model, [longest, max(1, longest // 2)], seed=3)
    repeated[0].clamp_(max=FIRST + 1)
    unknown = histories(model, [longest, 1], seed=4)
    unknown[0].clamp_(max=FIRST - 1)
    return [*batches, repeated, unknown]


def histories(model: PointerNetwork, lengths: list[int], seed: int) -> History:
    """Random histories of the given lengths; half of the items come from a few, so that they repeat."""
    generator = torch.Generator().manual_seed(seed)
    shape = (len(lengths), max(1, *lengths))

    def draw(below: int, *size: int) -> Tensor:
        return torch.randint(0, below, size or shape, generator=generator)

    mask = torch.arange(shape[1]) < torch.tensor(lengths)[:, None]
    few = draw(min(model.n_items, FIRST + 3))
    items = torch.where(draw(2).bool(), few, draw(model.n_items)).clamp(min=FIRST - 1) * mask
    details = [draw(embedding.num_embeddings) * mask for embedding in model.embeddings_of_details]
    return items, mask, draw(model.entity.num_embeddings, len(lengths)), torch.stack(details, dim=-1)


def _longest(model: PointerNetwork) -> int:
    return model.position.num_embeddings


def _export(network: PointerScores, example: History, path: Path) -> None:
    # The exporter on torch.export agrees as well, and takes thirty times as long.
    axes = {name: {0: "batch", 1: "length"} for name in (*INPUTS, "attention")}
    axes |= {name: {0: "batch"} for name in ("entities", "probabilities", "gate")}
    with exporting(path):
        torch.onnx.export(
            network,
            example,
            str(path),
            dynamo=False,
            opset_version=OPSET,
            input_names=list(INPUTS),
            output_names=list(OUTPUTS),
            dynamic_axes=axes,
        )
