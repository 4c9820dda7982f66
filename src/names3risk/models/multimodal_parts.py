"""The parts that multimodal classes are put together from: tabular features, BERT text, and how both are joined."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from names3risk.models.bert_encoder import PooledBert
from names3risk.models.blocks import ClassLogits

if TYPE_CHECKING:
    from names3risk.hyperparameters.encoder import PooledEncoderHyperparameters
    from names3risk.hyperparameters.multimodal import TabularHyperparameters
    from names3risk.hyperparameters.multimodal_fused import FusedHyperparameters


class PeriodicEmbedding(nn.Module):
    """Each feature beside a vector: ReLU(Linear[sin(2 pi c x), cos(2 pi c x), x]) with learned frequencies c.

    A network with it follows functions that rise and fall along a number (Gorishniy et al. 2022, "On embeddings for
    numerical features in tabular deep learning").

    Args:
        n_features: F.
        n_frequencies: Frequencies of a feature.
        size: D, width of a feature's vector.
        scale: Standard deviation of the initial frequencies.
    """

    def __init__(self, n_features: int, n_frequencies: int, size: int, scale: float) -> None:
        super().__init__()
        inputs = 2 * n_frequencies + 1
        self.frequencies = nn.Parameter(torch.randn(n_features, n_frequencies) * scale)
        self.weight = nn.Parameter(torch.randn(n_features, inputs, size) / math.sqrt(inputs))
        self.bias = nn.Parameter(torch.zeros(n_features, size))
        self.width = n_features * (size + 1)

    def forward(self, features: Tensor) -> Tensor:
        """`(B, F)` to `(B, F + F * D)`."""
        angles = 2 * math.pi * self.frequencies * features[:, :, None]
        inputs = torch.cat([angles.sin(), angles.cos(), features[:, :, None]], dim=2)
        # One small matrix a feature: (F, B, I) @ (F, I, D).
        embedded = (inputs.transpose(0, 1) @ self.weight).transpose(0, 1) + self.bias
        return torch.cat([features, embedded.relu().flatten(1)], dim=1)


def tabular_part(hyperparameters: TabularHyperparameters, n_tabular: int) -> nn.Sequential:
    """Layers that bring tabular features `(B, F)` to `(B, H)`: LayerNorm, Linear, ReLU.

    Args:
        hyperparameters: H, and whether features are embedded first.
        n_tabular: F, at least 1.
    """
    first: list[nn.Module] = []
    width = n_tabular
    if hyperparameters.numeric_embedding == "periodic":
        embedding = PeriodicEmbedding(
            n_tabular,
            hyperparameters.numeric_frequencies,
            hyperparameters.numeric_embedding_size,
            hyperparameters.numeric_frequency_scale,
        )
        first, width = [embedding], embedding.width
    return nn.Sequential(*first, nn.LayerNorm(width), nn.Linear(width, hyperparameters.hidden_common_dim), nn.ReLU())


class BertText(nn.Module):
    """The pooled text of a BERT: mean over the chunks of a row, dropout, and a last linear layer.

    Args:
        hyperparameters: The encoder and the dropout.
        vocabulary_size: Tokens of the tokenizer.
        width: Output features.
    """

    def __init__(self, hyperparameters: PooledEncoderHyperparameters, vocabulary_size: int, width: int) -> None:
        super().__init__()
        self.encoder = PooledBert(hyperparameters, vocabulary_size)
        self.head = nn.Sequential(nn.Dropout(hyperparameters.dropout_rate), nn.Linear(self.encoder.width, width))

    def forward(self, input_ids: Tensor, mask: Tensor) -> Tensor:
        """Token ids and mask, `(B, L)` or `(B, C, L)`, to `(B, width)`."""
        features: Tensor = self.head(self.encoder(input_ids, mask))
        return features


class SideBySide(nn.Module):
    """The vectors of text and, where there are features, of the table side by side, ReLU, linear.

    Args:
        text: Token ids and mask to `(B, H)`.
        hyperparameters: H, and whether features are embedded first.
        n_tabular: Tabular features; 0 leaves the tabular part out.
        n_outputs: Width of the last layer; 1 gives the logits (0, z).
    """

    reads_tabular = "optional"

    def __init__(
        self, text: nn.Module, hyperparameters: TabularHyperparameters, n_tabular: int, n_outputs: int
    ) -> None:
        super().__init__()
        hidden = hyperparameters.hidden_common_dim
        self.text = text
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


class Fused(nn.Module):
    """BERT text t' and table b', brought to the same width and mixed by `mix`, ReLU, linear.

    Args:
        hyperparameters: Widths, dropout and the text part.
        vocabulary_size: Tokens of the tokenizer.
        n_tabular: Tabular features, at least 1.
        n_outputs: Width of the last layer; 1 gives the logits (0, z).
    """

    onnx_exporter = "dynamo"
    reads_tabular = "always"

    def __init__(
        self, hyperparameters: FusedHyperparameters, vocabulary_size: int, n_tabular: int, n_outputs: int
    ) -> None:
        super().__init__()
        hidden, fusion = hyperparameters.hidden_common_dim, hyperparameters.fusion_dim
        self.text = BertText(hyperparameters, vocabulary_size, hidden)
        self.tabular = tabular_part(hyperparameters, n_tabular)
        self.text_projection = nn.Linear(hidden, fusion)
        self.tabular_projection = nn.Linear(hidden, fusion)
        self.output = ClassLogits(fusion, n_outputs)

    def forward(self, input_ids: Tensor, attention_mask: Tensor, tabular: Tensor) -> Tensor:
        """Class logits.

        Args:
            input_ids: Token ids, `(B, L)` or as chunks `(B, C, L)`.
            attention_mask: True at tokens, of the same shape.
            tabular: Features `(B, F)`.

        Returns:
            Logits `(B, K)`.
        """
        text = self.text_projection(self.text(input_ids, attention_mask))
        table = self.tabular_projection(self.tabular(tabular))
        logits: Tensor = self.output(self.mix(text, table).relu())
        return logits

    def mix(self, text: Tensor, table: Tensor) -> Tensor:
        """The vectors of text and table, each `(B, fusion_dim)`, to one of that width."""
        raise NotImplementedError
