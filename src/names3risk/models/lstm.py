"""lstm: a bidirectional LSTM on text alone."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from names3risk.hyperparameters.lstm import LstmHyperparameters
from names3risk.models.blocks import ClassLogits
from names3risk.models.chunks import mean_over_chunks
from names3risk.models.dropout import Dropout
from names3risk.models.recurrent import lstm_states
from names3risk.text.special import PAD_ID


class Lstm(nn.Module):
    """Text to class logits: the last state of the forward and the first of the backward direction.

    Args:
        hyperparameters: Widths, dropout and the text part.
        vocabulary_size: Tokens of the tokenizer.
        n_tabular: 0.
        n_outputs: Width of the last layer; 1 gives the logits (0, z).
    """

    onnx_exporter = "torchscript"
    """Exports packed sequences as ONNX's LSTM with sequence lengths, which the other exporter cannot."""

    reads_tabular = "never"

    def __init__(
        self,
        hyperparameters: LstmHyperparameters,
        vocabulary_size: int,
        n_tabular: int,
        n_outputs: int,
    ) -> None:
        super().__init__()
        self.n_chunks = hyperparameters.max_total_chunks
        self.embedding = nn.Embedding(vocabulary_size, hyperparameters.embedding_size)
        self.lstm = nn.LSTM(
            hyperparameters.embedding_size,
            hyperparameters.hidden_common_dim,
            num_layers=hyperparameters.n_lstm_layers,
            batch_first=True,
            bidirectional=True,
        )
        self.dropout = Dropout(hyperparameters.dropout_rate)
        self.output = ClassLogits(2 * hyperparameters.hidden_common_dim, n_outputs)

    def forward(self, input_ids: Tensor, attention_mask: Tensor, tabular: Tensor) -> Tensor:
        """Class logits.

        Args:
            input_ids: Token ids, `(B, L)` or as chunks `(B, C, L)`.
            attention_mask: True at tokens, of the same shape.
            tabular: Features `(B, F)`.

        Returns:
            Logits `(B, K)`.
        """
        features = mean_over_chunks(input_ids, attention_mask, self.n_chunks, self._encode)
        logits: Tensor = self.output(self.dropout(features))
        return logits

    def _encode(self, input_ids: Tensor, mask: Tensor) -> Tensor:
        """Token ids and mask `(N, L)` to `(N, 2H)`."""
        # A chunk without tokens reads one token of padding, which the mean over chunks then leaves out.
        lengths = mask.sum(dim=1).clamp(min=1)
        embedded = self.embedding(torch.where(mask, input_ids, PAD_ID))
        ahead, back = lstm_states(self.lstm, embedded, lengths).chunk(2, dim=2)
        last = (lengths - 1)[:, None, None].expand(-1, 1, ahead.shape[2])
        return torch.cat([ahead.gather(1, last).squeeze(1), back[:, 0]], dim=1)
