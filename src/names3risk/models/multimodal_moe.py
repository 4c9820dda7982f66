"""multimodal_moe: BERT and tabular features as two experts, weighted for each row."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from names3risk.hyperparameters.multimodal_moe import MultimodalMoeHyperparameters
from names3risk.models.multimodal_parts import Fused


class MultimodalMoe(Fused):
    """Text and tables to class logits: w1 t' + w2 b' with w = softmax(Linear[t'; b']); see `Fused`."""

    def __init__(
        self, hyperparameters: MultimodalMoeHyperparameters, vocabulary_size: int, n_tabular: int, n_outputs: int
    ) -> None:
        super().__init__(hyperparameters, vocabulary_size, n_tabular, n_outputs)
        self.router = nn.Sequential(nn.Linear(2 * hyperparameters.fusion_dim, 2), nn.Softmax(dim=1))

    def mix(self, text: Tensor, table: Tensor) -> Tensor:
        """The vectors of text and table, each `(B, fusion_dim)`, to one of that width."""
        weights: Tensor = self.router(torch.cat([text, table], dim=1))
        return weights[:, :1] * text + weights[:, 1:] * table
