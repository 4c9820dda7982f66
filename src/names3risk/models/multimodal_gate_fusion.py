"""multimodal_gate_fusion: BERT and tabular features, mixed by a gate for each feature."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from names3risk.hyperparameters.multimodal_gate_fusion import MultimodalGateFusionHyperparameters
from names3risk.models.multimodal_parts import Fused


class MultimodalGateFusion(Fused):
    """Text and tables to class logits: g t' + (1 - g) b' with g = sigmoid(LayerNorm(W3 [t'; b'])); see `Fused`."""

    def __init__(
        self,
        hyperparameters: MultimodalGateFusionHyperparameters,
        vocabulary_size: int,
        n_tabular: int,
        n_outputs: int,
    ) -> None:
        super().__init__(hyperparameters, vocabulary_size, n_tabular, n_outputs)
        width = hyperparameters.fusion_dim
        self.gate = nn.Sequential(nn.Linear(2 * width, width), nn.LayerNorm(width), nn.Sigmoid())

    def mix(self, text: Tensor, table: Tensor) -> Tensor:
        """The vectors of text and table, each `(B, fusion_dim)`, to one of that width."""
        gate: Tensor = self.gate(torch.cat([text, table], dim=1))
        return gate * text + (1 - gate) * table
