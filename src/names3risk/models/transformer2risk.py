"""Transformer2Risk: self-attention over the text, joined with tabular features in a residual trunk."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from names3risk.hyperparameters import Transformer2RiskHyperparameters
from names3risk.models.attention import attend, attend_packed, has_kernel
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
from names3risk.models.packing import Packing, pack_rows
from names3risk.models.row_groups import encode_in_groups
from names3risk.models.tabular import build_tabular
from names3risk.text.special import PAD_ID

ROWS_TOGETHER = 64
"""Rows that a CPU computes at once while training: few enough for its caches."""


class SelfAttention(nn.Module):
    """Multi-head attention with one bias-free projection for queries, keys and values of all heads.

    Args:
        width: Features of a position.
        n_heads: Heads; must divide the width.
        dropout: On the attention weights and after the projection.
    """

    def __init__(self, width: int, n_heads: int, dropout: float) -> None:
        super().__init__()
        self.n_heads, self.dropout = n_heads, Dropout(dropout)
        self.qkv = nn.Linear(width, 3 * width, bias=False)
        self.projection = nn.Linear(width, width)

    def forward(self, states: Tensor, keys: Tensor | Packing) -> Tensor:
        """States `(B, L, W)` and keys that may be attended to `(B, L)` to `(B, L, W)`; or packed, `(T, W)`."""
        dropout = self.dropout.p if self.training else 0.0
        if isinstance(keys, Packing):
            mixed = attend_packed(self.qkv(states), keys.starts, keys.lengths, keys.longest, self.n_heads, dropout)
        elif torch.onnx.is_in_onnx_export():
            from names3risk.models.onnx_attention import exported_attention

            rows = states.view(keys.shape[0], keys.shape[1], -1)
            mixed = exported_attention(rows, self.qkv.weight, keys, self.n_heads).flatten(0, 1)
        else:
            mixed = attend(self.qkv(states), keys, self.n_heads, dropout)
        result: Tensor = self.dropout(self.projection(mixed))
        return result


class Block(nn.Module):
    """Pre-norm attention and feed-forward, each added to its input.

    Args:
        width: Features of a position.
        n_heads: Attention heads.
        dropout: Dropout rate.
    """

    def __init__(self, width: int, n_heads: int, dropout: float) -> None:
        super().__init__()
        self.attention_norm = nn.LayerNorm(width)
        self.attention = SelfAttention(width, n_heads, dropout)
        self.feed_forward_norm = nn.LayerNorm(width)
        self.feed_forward = nn.Sequential(
            nn.Linear(width, 4 * width),
            ReLUDropout(dropout),
            nn.Identity(),  # keeps the number of the layer below
            nn.Linear(4 * width, width),
            Dropout(dropout),
        )

    def forward(self, states: Tensor, keys: Tensor | Packing) -> Tensor:
        """States `(B, L, W)` and keys `(B, L)` to `(B, L, W)`; or packed, `(T, W)`."""
        states = states + self.attention(self.attention_norm(states), keys)
        result: Tensor = states + self.feed_forward(self.feed_forward_norm(states))
        return result


class Transformer2Risk(nn.Module):
    """Names and tables to class logits.

    Args:
        hyperparameters: Width, depth and dropout.
        vocabulary_size: Tokens of the tokenizer.
        n_tabular: Tabular features; 0 leaves the tabular part out.
        n_outputs: Width of the last layer; 1 gives the logits (0, z).
    """

    onnx_exporter = "torchscript"
    """Eight times as fast as the other exporter, which gives the same network."""

    def __init__(
        self, hyperparameters: Transformer2RiskHyperparameters, vocabulary_size: int, n_tabular: int, n_outputs: int
    ) -> None:
        super().__init__()
        width, hidden = hyperparameters.embedding_size, hyperparameters.hidden_size
        self.n_heads = hyperparameters.n_heads
        dropout = hyperparameters.dropout_rate
        self.noise = nn.Sequential(
            FieldDropout(hyperparameters.field_dropout), TokenDropout(hyperparameters.token_dropout)
        )
        self.embedding = nn.Embedding(vocabulary_size, width)
        self.position = nn.Embedding(hyperparameters.max_sen_len, width)
        self.embedding_dropout = Dropout(hyperparameters.embedding_dropout)
        self.blocks = nn.ModuleList(
            Block(width, hyperparameters.n_heads, dropout) for _ in range(hyperparameters.n_blocks)
        )
        self.checkpointed = hyperparameters.activation_checkpointing
        self.pooling = AttentionPooling(width)
        self.projection = nn.Linear(width, 2 * hidden)
        self.text_dropout = RowDropout(hyperparameters.text_dropout)
        self.tabular = build_tabular(hyperparameters, n_tabular, 2 * hidden)
        trunk = 4 * hidden if n_tabular else 2 * hidden
        self.trunk = nn.Sequential(*(_residual(trunk, dropout) for _ in range(hyperparameters.n_residual_blocks)))
        self.output = ClassLogits(trunk, n_outputs)
        self.ngrams = build_ngrams(hyperparameters, n_outputs)

    def can_be_recorded(self, half: bool) -> bool:
        """Whether a training step on a GPU never waits for it; what is computed again needs the old random state."""
        return not self.checkpointed

    def can_be_packed(self, half: bool) -> bool:
        """Whether `forward` takes slots on a GPU."""
        longest, width = self.position.weight.shape
        return half and has_kernel(longest, width // self.n_heads)

    def forward(
        self, input_ids: Tensor, attention_mask: Tensor, tabular: Tensor, slots: Tensor | None = None
    ) -> Tensor:
        """Class logits.

        Args:
            input_ids: Token ids `(B, L)`, L at most max_sen_len.
            attention_mask: True at tokens `(B, L)`; each row's tokens come first, its padding last.
            tabular: Features `(B, F)`.
            slots: Where given, rows are packed into these positions, see `pack_rows`, `(T,)`.

        Returns:
            Logits `(B, K)`; a row's logits depend on that row's tokens and features only.
        """
        input_ids = torch.where(attention_mask, self.noise(input_ids), PAD_ID)
        if slots is None:
            features = encode_in_groups(self._encode, input_ids, attention_mask, self.blocks, ROWS_TOGETHER)
        else:
            features = self._encode_packed(input_ids, attention_mask, slots)
        features = self.projection(features)
        features = self.text_dropout(features)
        if self.tabular is not None:
            features = torch.cat([features, self.tabular(tabular)], dim=-1)
        wide = None if self.ngrams is None else self.ngrams(input_ids, attention_mask)
        logits: Tensor = self.output(self.trunk(features), wide)
        return logits

    def _encode(self, input_ids: Tensor, mask: Tensor) -> Tensor:
        """Token ids and mask `(N, L)` to `(N, W)`."""
        states = self.embedding(input_ids) + self.position.weight[: input_ids.shape[1]]
        states = self.embedding_dropout(states)
        # A row without tokens attends to its padding, which stays finite; the pooling then leaves it out.
        keys = mask | ~mask.any(dim=1, keepdim=True)
        if torch.onnx.is_in_onnx_export():
            # Products of two dimensions take bias and ReLU with them.
            states = self._attend(states.flatten(0, 1), keys).view_as(states)
        else:
            states = self._attend(states, keys)
        features: Tensor = self.pooling(states, mask)
        return features

    def _encode_packed(self, input_ids: Tensor, mask: Tensor, slots: Tensor) -> Tensor:
        packing = pack_rows(mask, slots)
        states = self.embedding(packing.pack(input_ids)) + self.position(packing.columns)
        states = self._attend(self.embedding_dropout(states), packing)
        features: Tensor = self.pooling(packing.unpack(states), mask)
        return features

    def _attend(self, states: Tensor, keys: Tensor | Packing) -> Tensor:
        for block in self.blocks:
            if self.checkpointed and self.training:
                states = checkpoint(block, states, keys, use_reentrant=False)
            else:
                states = block(states, keys)
        return states


def _residual(width: int, dropout: float) -> ResidualBlock:
    layers = nn.Sequential(nn.Linear(width, width), nn.ReLU(), nn.Linear(width, width), Dropout(dropout))
    return ResidualBlock(layers, dropout)
