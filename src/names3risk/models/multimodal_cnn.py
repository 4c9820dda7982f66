"""multimodal_cnn: convolutions over the tokens, and tabular features."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from names3risk.hyperparameters.multimodal_cnn import MultimodalCnnHyperparameters
from names3risk.models.chunks import mean_over_chunks
from names3risk.models.multimodal_parts import SideBySide
from names3risk.text.special import PAD_ID


class ConvolutionText(nn.Module):
    """For each kernel size twice convolution, ReLU and pooling by pairs, and then the largest value over the row.

    Padding is zero after each convolution, as it is around the row, and no value after a ReLU is below zero: it
    changes neither the convolutions nor the largest value.

    Args:
        hyperparameters: Embedding, kernels and filters.
        vocabulary_size: Tokens of the tokenizer.
    """

    def __init__(self, hyperparameters: MultimodalCnnHyperparameters, vocabulary_size: int) -> None:
        super().__init__()
        filters, sizes = hyperparameters.n_filters, hyperparameters.kernel_sizes
        self.embedding = nn.Embedding(vocabulary_size, hyperparameters.embedding_size)
        self.first = nn.ModuleList(
            nn.Conv1d(hyperparameters.embedding_size, filters, size, padding=size // 2) for size in sizes
        )
        self.second = nn.ModuleList(nn.Conv1d(filters, filters, size, padding=size // 2) for size in sizes)
        self.pool = nn.MaxPool1d(2)
        self.width = filters * len(sizes)

    def forward(self, input_ids: Tensor, mask: Tensor) -> Tensor:
        """Token ids and mask `(N, L)` to `(N, width)`; zeros for a row without tokens."""
        # Three positions of padding, so that pooling by pairs never drops the last token.
        input_ids, inside = functional.pad(input_ids, (0, 3), value=PAD_ID), functional.pad(mask, (0, 3))
        valid = inside[:, None, :].to(self.embedding.weight.dtype)
        embedded = self.embedding(input_ids).transpose(1, 2) * valid
        pooled_valid = self.pool(valid)
        features = []
        for first, second in zip(self.first, self.second, strict=True):
            states = self.pool(first(embedded).relu() * valid)
            states = self.pool(second(states).relu() * pooled_valid)
            features.append(states.amax(dim=2))
        return torch.cat(features, dim=1)


class ChunkedConvolutions(nn.Module):
    """The convolutions of each chunk of a row, their mean, dropout, and a linear layer.

    Args:
        hyperparameters: Widths, dropout and chunks.
        vocabulary_size: Tokens of the tokenizer.
    """

    def __init__(self, hyperparameters: MultimodalCnnHyperparameters, vocabulary_size: int) -> None:
        super().__init__()
        self.n_chunks = hyperparameters.max_total_chunks
        self.encoder = ConvolutionText(hyperparameters, vocabulary_size)
        self.head = nn.Sequential(
            nn.Dropout(hyperparameters.dropout_rate), nn.Linear(self.encoder.width, hyperparameters.hidden_common_dim)
        )

    def forward(self, input_ids: Tensor, mask: Tensor) -> Tensor:
        """Token ids and mask, `(B, L)` or `(B, C, L)`, to `(B, H)`."""
        features: Tensor = self.head(mean_over_chunks(input_ids, mask, self.n_chunks, self.encoder))
        return features


class MultimodalCnn(SideBySide):
    """Text and tables to class logits; see `SideBySide`.

    Args:
        hyperparameters: Widths, dropout and the text part.
        vocabulary_size: Tokens of the tokenizer.
        n_tabular: Tabular features; 0 leaves the tabular part out.
        n_outputs: Width of the last layer; 1 gives the logits (0, z).
    """

    onnx_exporter = "torchscript"

    def __init__(
        self, hyperparameters: MultimodalCnnHyperparameters, vocabulary_size: int, n_tabular: int, n_outputs: int
    ) -> None:
        text = ChunkedConvolutions(hyperparameters, vocabulary_size)
        super().__init__(text, hyperparameters, n_tabular, n_outputs)

    def can_be_recorded(self, half: bool) -> bool:
        """Whether a training step on a GPU never waits for it: no size and no branch depends on a value."""
        return True
