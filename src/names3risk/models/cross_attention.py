"""Attention between the tokens of a text and the fields of a table."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class FieldTokens(nn.Module):
    """A vector for each field: its value times a learned direction, plus a learned vector of the field.

    Args:
        n_features: F.
        width: W.
    """

    def __init__(self, n_features: int, width: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(n_features)
        self.direction = nn.Parameter(torch.randn(n_features, width) * width**-0.5)
        self.field = nn.Parameter(torch.randn(n_features, width) * width**-0.5)

    def forward(self, features: Tensor) -> Tensor:
        """`(B, F)` to `(B, F, W)`."""
        tokens: Tensor = self.norm(features)[:, :, None] * self.direction + self.field
        return tokens


class CrossAttention(nn.Module):
    """One sequence attends to another; the result is added to it and normalised.

    Args:
        width: W.
        n_heads: Heads; must divide the width.
    """

    def __init__(self, width: int, n_heads: int) -> None:
        super().__init__()
        self.n_heads = n_heads
        self.query, self.key, self.value, self.projection = (nn.Linear(width, width) for _ in range(4))
        self.norm = nn.LayerNorm(width)

    def forward(self, queries: Tensor, keys: Tensor, mask: Tensor) -> Tensor:
        """Mixes what is attended to into the queries.

        Args:
            queries: `(B, Q, W)`.
            keys: `(B, N, W)`.
            mask: True at keys that may be attended to `(B, N)`; a row without any attends to nothing.

        Returns:
            `(B, Q, W)`.
        """
        value = self._heads(self.value(keys))
        mixed = (self.weights(queries, keys, mask) @ value).transpose(1, 2).flatten(2)
        # What a row without keys found is left out.
        found = self.projection(mixed) * mask.any(dim=1)[:, None, None].to(mixed.dtype)
        result: Tensor = self.norm(queries + found)
        return result

    def weights(self, queries: Tensor, keys: Tensor, mask: Tensor) -> Tensor:
        """The attention weights, `(B, heads, Q, N)`; a row without keys attends to all alike, which stays finite."""
        query, key = self._heads(self.query(queries)), self._heads(self.key(keys))
        scores = query @ key.transpose(2, 3) * query.shape[3] ** -0.5
        weights: Tensor = scores.masked_fill(~mask[:, None, None, :], torch.finfo(scores.dtype).min).softmax(dim=3)
        return weights

    def _heads(self, states: Tensor) -> Tensor:
        rows, length, width = states.shape
        return states.view(rows, length, self.n_heads, width // self.n_heads).transpose(1, 2)
