"""Hashed n-grams of tokens: spelling patterns with a weight of their own, beside the network that reads the text."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from names3risk.hyperparameters.names3risk import Names3RiskHyperparameters

MULTIPLIER, MODULUS = 1_000_003, 2_147_483_647


class NgramLogits(nn.Module):
    """Sums a weight for every n-gram of a row, scaled by the root of their number; the weights start at zero.

    N-grams share a table by their hash, so any text has weights, and the layer is the wide part of a wide-and-deep
    model (Cheng et al. 2016).

    Args:
        shortest: Tokens of the shortest n-gram.
        longest: Tokens of the longest n-gram.
        buckets: Rows of the table.
        scale: Multiplies the sum.
        dropout: Share of n-grams left out while training.
        n_outputs: Weights of an n-gram.
    """

    def __init__(self, shortest: int, longest: int, buckets: int, scale: float, dropout: float, n_outputs: int) -> None:
        super().__init__()
        self.shortest, self.longest, self.buckets = shortest, longest, buckets
        self.scale, self.dropout = scale, dropout
        self.table = nn.Embedding(buckets, n_outputs)
        nn.init.zeros_(self.table.weight)

    def forward(self, input_ids: Tensor, mask: Tensor) -> Tensor:
        """Token ids `(B, L)` and mask `(B, L)` to `(B, K)`; zeros for a row without n-grams."""
        length = input_ids.shape[1]
        ids = functional.pad(input_ids, (0, self.longest - 1))
        inside = functional.pad(mask, (0, self.longest - 1))
        hashes = torch.zeros_like(input_ids)
        codes, present = [], []
        for n in range(1, self.longest + 1):
            hashes = (hashes * MULTIPLIER + ids[:, n - 1 : n - 1 + length] + 1) % MODULUS
            if n >= self.shortest:
                codes.append(hashes % self.buckets)
                present.append(inside[:, n - 1 : n - 1 + length])
        weights = torch.cat(present, dim=1).to(self.table.weight.dtype)
        scale = weights.sum(dim=1, keepdim=True).clamp(min=1).rsqrt() * self.scale
        weights = functional.dropout(weights, self.dropout, self.training) * scale
        embedded: Tensor = self.table(torch.cat(codes, dim=1))
        return (weights.unsqueeze(1) @ embedded).squeeze(1)


def build_ngrams(hyperparameters: Names3RiskHyperparameters, n_outputs: int) -> NgramLogits | None:
    """The n-gram part that the hyperparameters ask for."""
    if hyperparameters.ngram_max == 0:
        return None
    return NgramLogits(
        hyperparameters.ngram_min,
        hyperparameters.ngram_max,
        hyperparameters.ngram_buckets,
        hyperparameters.ngram_scale,
        hyperparameters.ngram_dropout,
        n_outputs,
    )
