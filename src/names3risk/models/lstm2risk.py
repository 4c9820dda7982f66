"""LSTM2Risk: bidirectional LSTM over the text, joined with tabular features in a residual trunk."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from names3risk.hyperparameters import LSTM2RiskHyperparameters
from names3risk.models.blocks import (
    AttentionPooling,
    ClassLogits,
    FieldDropout,
    ResidualBlock,
    RowDropout,
    TokenDropout,
)
from names3risk.models.dropout import Dropout, ReLUDropout
from names3risk.models.ngrams import build_ngrams
from names3risk.models.packing import pack_rows
from names3risk.models.recurrent import has_kernel, lstm_states, packed_states
from names3risk.models.row_groups import encode_in_groups
from names3risk.models.tabular import build_tabular
from names3risk.text.special import PAD_ID

ROWS_TOGETHER = 512
"""Rows that a CPU computes at once while training: of more, every tensor would come in fresh memory."""


class LSTM2Risk(nn.Module):
    """Names and tables to class logits.

    Args:
        hyperparameters: Width, depth and dropout.
        vocabulary_size: Tokens of the tokenizer.
        n_tabular: Tabular features; 0 leaves the tabular part out.
        n_outputs: Width of the last layer; 1 gives the logits (0, z).
    """

    onnx_exporter = "torchscript"
    """Exports packed sequences as ONNX's LSTM with sequence lengths, which the other exporter cannot."""

    def __init__(
        self, hyperparameters: LSTM2RiskHyperparameters, vocabulary_size: int, n_tabular: int, n_outputs: int
    ) -> None:
        super().__init__()
        hidden, dropout = hyperparameters.hidden_size, hyperparameters.dropout_rate
        self.noise = nn.Sequential(
            FieldDropout(hyperparameters.field_dropout), TokenDropout(hyperparameters.token_dropout)
        )
        self.embedding = nn.Embedding(vocabulary_size, hyperparameters.embedding_size)
        self.embedding_dropout = Dropout(hyperparameters.embedding_dropout)
        self.lstm = nn.LSTM(
            hyperparameters.embedding_size,
            hidden,
            num_layers=hyperparameters.n_lstm_layers,
            batch_first=True,
            bidirectional=True,
            dropout=dropout if hyperparameters.n_lstm_layers > 1 else 0.0,
        )
        self.pooling = AttentionPooling(2 * hidden)
        self.norm = nn.LayerNorm(2 * hidden)
        self.text_dropout = RowDropout(hyperparameters.text_dropout)
        self.tabular = build_tabular(hyperparameters, n_tabular, 2 * hidden)
        width = 4 * hidden if n_tabular else 2 * hidden
        self.trunk = nn.Sequential(
            *(_residual(width, dropout) for _ in range(hyperparameters.n_residual_blocks)),
            nn.Linear(width, hidden),
            ReLUDropout(dropout),
        )
        self.output = ClassLogits(hidden, n_outputs)
        self.ngrams = build_ngrams(hyperparameters, n_outputs)

    def can_be_recorded(self, half: bool) -> bool:
        """Whether a training step on a GPU never waits for it: packed sequences need their lengths on the CPU."""
        return half and has_kernel(self.lstm)

    def can_be_packed(self, half: bool) -> bool:
        """Whether `forward` takes slots on a GPU."""
        return half and has_kernel(self.lstm)

    def forward(
        self, input_ids: Tensor, attention_mask: Tensor, tabular: Tensor, slots: Tensor | None = None
    ) -> Tensor:
        """Class logits.

        Args:
            input_ids: Token ids `(B, L)`.
            attention_mask: True at tokens `(B, L)`; each row's tokens come first, its padding last.
            tabular: Features `(B, F)`.
            slots: Where given, rows are packed into these positions, see `pack_rows`, `(T,)`.

        Returns:
            Logits `(B, K)`; a row's logits depend on that row's tokens and features only.
        """
        input_ids = torch.where(attention_mask, self.noise(input_ids), PAD_ID)
        if slots is None:
            features = encode_in_groups(self._encode, input_ids, attention_mask, self.lstm, ROWS_TOGETHER)
        else:
            features = self._encode_packed(input_ids, attention_mask, slots)
        features = self.norm(features)
        features = self.text_dropout(features)
        if self.tabular is not None:
            features = torch.cat([features, self.tabular(tabular)], dim=-1)
        wide = None if self.ngrams is None else self.ngrams(input_ids, attention_mask)
        logits: Tensor = self.output(self.trunk(features), wide)
        return logits

    def _encode(self, input_ids: Tensor, mask: Tensor) -> Tensor:
        """Token ids and mask `(N, L)` to `(N, 2H)`."""
        # A row without tokens reads one padding token, which the pooling then leaves out.
        lengths = mask.sum(dim=1).clamp(min=1)
        embedded = self.embedding_dropout(self.embedding(input_ids))
        features: Tensor = self.pooling(lstm_states(self.lstm, embedded, lengths), mask)
        return features

    def _encode_packed(self, input_ids: Tensor, mask: Tensor, slots: Tensor) -> Tensor:
        packing = pack_rows(mask, slots)
        embedded = self.embedding_dropout(self.embedding(packing.pack(input_ids)))
        states = packed_states(self.lstm, embedded, packing.starts, packing.lengths)
        features: Tensor = self.pooling(packing.unpack(states), mask)
        return features


def _residual(width: int, dropout: float) -> ResidualBlock:
    layers = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, 4 * width), nn.ReLU(), nn.Linear(4 * width, width))
    return ResidualBlock(layers, dropout)
