"""multimodal_bert: BERT and tabular features side by side."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from names3risk.hyperparameters.multimodal_bert import MultimodalBertHyperparameters
from names3risk.models.blocks import ClassLogits
from names3risk.models.multimodal_parts import BertText, tabular_part


class MultimodalBert(nn.Module):
    """Text and tables to class logits.

    Args:
        hyperparameters: Widths, dropout and the text part.
        vocabulary_size: Tokens of the tokenizer.
        n_tabular: Tabular features; 0 leaves the tabular part out.
        n_outputs: Width of the last layer; 1 gives the logits (0, z).
    """

    onnx_exporter = "dynamo"
    reads_tabular = "optional"

    def __init__(
        self,
        hyperparameters: MultimodalBertHyperparameters,
        vocabulary_size: int,
        n_tabular: int,
        n_outputs: int,
    ) -> None:
        super().__init__()
        hidden = hyperparameters.hidden_common_dim
        self.text = BertText(hyperparameters, vocabulary_size, hidden)
        self.tabular = tabular_part(hyperparameters, n_tabular) if n_tabular else None
        self.output = ClassLogits(2 * hidden if n_tabular else hidden, n_outputs)

    def forward(self, input_ids: Tensor, attention_mask: Tensor, tabular: Tensor) -> Tensor:
        """Class logits.

        Args:
            input_ids: Token ids, `(B, L)` or as chunks `(B, C, L)`.
            attention_mask: True at tokens, of the same shape.
            tabular: Features `(B, F)`.

        Returns:
            Logits `(B, K)`.
        """
        features = self.text(input_ids, attention_mask)
        if self.tabular is not None:
            features = torch.cat([features, self.tabular(tabular)], dim=1)
        logits: Tensor = self.output(features.relu())
        return logits
