"""bert: a BERT that classifies text alone."""

from __future__ import annotations

from torch import Tensor, nn

from names3risk.hyperparameters.bert import BertHyperparameters
from names3risk.models.bert_encoder import PooledBert
from names3risk.models.blocks import ClassLogits


class Bert(nn.Module):
    """Text to class logits.

    Args:
        hyperparameters: The encoder.
        vocabulary_size: Tokens of the tokenizer.
        n_tabular: 0.
        n_outputs: Width of the last layer; 1 gives the logits (0, z).
    """

    onnx_exporter = "dynamo"
    reads_tabular = "never"

    def __init__(
        self, hyperparameters: BertHyperparameters, vocabulary_size: int, n_tabular: int, n_outputs: int
    ) -> None:
        super().__init__()
        self.text = PooledBert(hyperparameters, vocabulary_size)
        self.dropout = nn.Dropout(hyperparameters.dropout_rate)
        self.output = ClassLogits(self.text.width, n_outputs)

    def forward(self, input_ids: Tensor, attention_mask: Tensor, tabular: Tensor) -> Tensor:
        """Class logits.

        Args:
            input_ids: Token ids, `(B, L)` or as chunks `(B, C, L)`.
            attention_mask: True at tokens, of the same shape.
            tabular: `(B, 0)`.

        Returns:
            Logits `(B, K)`.
        """
        logits: Tensor = self.output(self.dropout(self.text(input_ids, attention_mask)))
        return logits
