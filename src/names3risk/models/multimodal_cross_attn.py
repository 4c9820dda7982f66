"""multimodal_cross_attn: BERT's tokens and tabular fields attend to each other."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from names3risk.hyperparameters.multimodal_cross_attn import MultimodalCrossAttnHyperparameters
from names3risk.models.bert_encoder import BertEncoder
from names3risk.models.blocks import ClassLogits
from names3risk.models.chunks import join_chunks, masked_mean
from names3risk.models.cross_attention import CrossAttention, FieldTokens


class MultimodalCrossAttn(nn.Module):
    """Text and tables to class logits; tokens query the fields, and fields the tokens.

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
        hyperparameters: MultimodalCrossAttnHyperparameters,
        vocabulary_size: int,
        n_tabular: int,
        n_outputs: int,
    ) -> None:
        super().__init__()
        hidden = hyperparameters.hidden_common_dim
        self.encoder = BertEncoder(hyperparameters, vocabulary_size)
        self.dropout = nn.Dropout(hyperparameters.dropout_rate)
        self.token_projection = nn.Linear(self.encoder.width, hidden)
        self.fields = FieldTokens(n_tabular, hidden)
        self.text_to_table = CrossAttention(hidden, hyperparameters.n_heads)
        self.table_to_text = CrossAttention(hidden, hyperparameters.n_heads)
        self.output = ClassLogits(2 * hidden, n_outputs)

    def forward(self, input_ids: Tensor, attention_mask: Tensor, tabular: Tensor) -> Tensor:
        """Class logits.

        Args:
            input_ids: Token ids, `(B, L)` or as chunks `(B, C, L)`.
            attention_mask: True at tokens, of the same shape.
            tabular: Features `(B, F)`.

        Returns:
            Logits `(B, K)`.
        """
        tokens, mask = input_ids, attention_mask
        if tokens.ndim == 3:
            tokens, mask = join_chunks(tokens, mask)
        states = self.token_projection(self.dropout(self.encoder(tokens, mask)))
        fields = self.fields(tabular)
        everywhere = torch.ones_like(fields[:, :, 0], dtype=torch.bool)
        text = self.text_to_table(states, fields, everywhere)
        table = self.table_to_text(fields, states, mask)
        both = [masked_mean(text, mask), table.mean(dim=1)]
        logits: Tensor = self.output(torch.cat(both, dim=1).relu())
        return logits
