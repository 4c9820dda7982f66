"""A linear model of a text's n-grams, fitted at once instead of by steps."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from names3risk.models.ngrams import MODULUS, MULTIPLIER
from names3risk.text.ragged import RaggedTokens


def count_ngrams(tokens: RaggedTokens, shortest: int, longest: int, buckets: int) -> Any:
    """Counts of hashed n-grams over the root of the number of n-grams in the row.

    The hash and the scale are those of `NgramLogits`, whose sum is linear in them.

    Args:
        tokens: Token ids of N rows.
        shortest: Tokens of the shortest n-gram.
        longest: Tokens of the longest n-gram.
        buckets: Hashed n-grams, M.

    Returns:
        A sparse matrix `(N, M)`.
    """
    from scipy.sparse import csr_matrix

    values = np.concatenate([tokens.values.astype(np.int64), np.zeros(longest, dtype=np.int64)])
    count = len(tokens.values)
    row = np.repeat(np.arange(len(tokens)), tokens.lengths)
    left = np.repeat(tokens.offsets[1:], tokens.lengths) - np.arange(count)
    hashes = np.zeros(count, dtype=np.int64)
    rows, codes = [], []
    for n in range(1, longest + 1):
        hashes = (hashes * MULTIPLIER + values[n - 1 : n - 1 + count] + 1) % MODULUS
        if n >= shortest:
            inside = left >= n
            rows.append(row[inside])
            codes.append(hashes[inside] % buckets)
    where = np.concatenate(rows)
    number = np.bincount(where, minlength=len(tokens)).clip(min=1)
    weights = 1 / np.sqrt(number[where])
    return csr_matrix((weights, (where, np.concatenate(codes))), shape=(len(tokens), buckets))


class NgramModel:
    """Logistic regression on n-grams, each weighed by its inverse document frequency.

    Args:
        strength: The inverse of the L2 penalty.
        min_rows: Training rows that an n-gram must occur in to have a weight.
    """

    def __init__(self, strength: float, min_rows: int) -> None:
        self.strength, self.min_rows = strength, min_rows

    def fit(self, counts: Any, labels: npt.NDArray[np.int64], weights: npt.NDArray[np.float64]) -> NgramModel:
        """Learns a weight for each n-gram that is frequent enough.

        Args:
            counts: From `count_ngrams`, `(N, M)`.
            labels: `(N,)`.
            weights: Of the rows, `(N,)`.
        """
        from sklearn.linear_model import LogisticRegression

        seen = np.bincount(counts.indices, minlength=counts.shape[1])
        kept = np.flatnonzero(seen >= self.min_rows)
        idf = np.log((1 + counts.shape[0]) / (1 + seen[kept])) + 1
        scaled = counts[:, kept].multiply(idf[None, :]).tocsr()
        model = LogisticRegression(C=self.strength, max_iter=300).fit(scaled, labels, sample_weight=weights)
        self.weights = np.zeros((counts.shape[1], len(model.coef_)))
        self.weights[kept] = (model.coef_ * idf).T
        self.bias: npt.NDArray[np.float64] = model.intercept_
        return self

    def logits(self, counts: Any) -> npt.NDArray[np.float64]:
        """`(N, M)` to `(N, K)`; one column for two classes."""
        return np.asarray(counts @ self.weights + self.bias)
