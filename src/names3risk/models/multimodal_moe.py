"""multimodal_moe: BERT and tabular features as two experts, weighted for each row."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from names3risk.hyperparameters.multimodal_moe import MultimodalMoeHyperparameters
from names3risk.models.blocks import ClassLogits
from names3risk.models.multimodal_parts import BertText, tabular_part


class MultimodalMoe(nn.Module):
    """Text and tables to class logits: w1 t' + w2 b' with w = softmax(Linear[t'; b']).

    Args:
        hyperparameters: Widths, dropout and the text part.
        vocabulary_size: Tokens of the tokenizer.
        n_tabular: Tabular features, at least 1.
        n_outputs: Width of the last layer; 1 gives the logits (0, z).
    """

    onnx_exporter = "dynamo"
    reads_tabular = "always"

    def __init__(
        self,
        hyperparameters: MultimodalMoeHyperparameters,
        vocabulary_size: int,
        n_tabular: int,
        n_outputs: int,
    ) -> None:
        super().__init__()
        hidden, fusion = hyperparameters.hidden_common_dim, hyperparameters.fusion_dim
        self.text = BertText(hyperparameters, vocabulary_size, hidden)
        self.tabular = tabular_part(hyperparameters, n_tabular)
        self.text_projection = nn.Linear(hidden, fusion)
        self.tabular_projection = nn.Linear(hidden, fusion)
        self.router = nn.Sequential(nn.Linear(2 * fusion, 2), nn.Softmax(dim=1))
        self.output = ClassLogits(fusion, n_outputs)

    def forward(self, input_ids: Tensor, attention_mask: Tensor, tabular: Tensor) -> Tensor:
        """Class logits.

        Args:
            input_ids: Token ids, `(B, L)` or as chunks `(B, C, L)`.
            attention_mask: True at tokens, of the same shape.
            tabular: Features `(B, F)`.

        Returns:
            Logits `(B, K)`.
        """
        text = self.text_projection(self.text(input_ids, attention_mask))
        table = self.tabular_projection(self.tabular(tabular))
        weights = self.router(torch.cat([text, table], dim=1))
        logits: Tensor = self.output((weights[:, :1] * text + weights[:, 1:] * table).relu())
        return logits
