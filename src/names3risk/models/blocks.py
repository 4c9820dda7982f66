"""Parts that several model classes share."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from names3risk.models.dropout import ReLUDropout
from names3risk.text.special import MISSING_ID, SEPARATOR_ID, SPECIAL_TOKENS, UNK_ID

MAX_FIELDS = 16


class FieldDropout(nn.Module):
    """Replaces all tokens of random text fields with [MISSING] while training, so that no single field decides.

    Args:
        rate: Share of fields replaced; fields beyond the sixteenth share the fate of that one.
    """

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.rate = rate

    def forward(self, input_ids: Tensor) -> Tensor:
        """`(B, L)` token ids to `(B, L)`."""
        if not self.training or self.rate == 0:
            return input_ids
        fields = (input_ids == SEPARATOR_ID).long().cumsum(dim=1).clamp(max=MAX_FIELDS - 1)
        dropped = torch.rand(input_ids.shape[0], MAX_FIELDS, device=input_ids.device) < self.rate
        return input_ids.masked_fill(dropped.gather(1, fields) & is_text(input_ids), MISSING_ID)


class TokenDropout(nn.Module):
    """Replaces random tokens of text with [UNK] while training, so that no single token decides.

    Args:
        rate: Share of tokens replaced.
    """

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.rate = rate

    def forward(self, input_ids: Tensor) -> Tensor:
        """`(B, L)` token ids to `(B, L)`."""
        if not self.training or self.rate == 0:
            return input_ids
        dropped = torch.rand(input_ids.shape, device=input_ids.device) < self.rate
        return input_ids.masked_fill(dropped & is_text(input_ids), UNK_ID)


def is_text(input_ids: Tensor) -> Tensor:
    """True where a token id `(B, L)` stands for text, not for padding, a separator or a missing field."""
    return input_ids >= len(SPECIAL_TOKENS)


class RowDropout(nn.Module):
    """Zeroes the features of random rows while training, so that the rest of the network learns to do without them.

    Args:
        rate: Share of rows zeroed; the others keep their scale.
    """

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.rate = rate

    def forward(self, features: Tensor) -> Tensor:
        """`(B, W)` to `(B, W)`."""
        if not self.training or self.rate == 0:
            return features
        kept = torch.rand(features.shape[0], 1, device=features.device) >= self.rate
        return features * kept.to(features.dtype)


class AttentionPooling(nn.Module):
    """Weighted mean over the valid positions, the weights from one linear score; zeros where none is valid.

    Args:
        width: Features of a position.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.attention = nn.Linear(width, 1)

    def forward(self, states: Tensor, mask: Tensor) -> Tensor:
        """States `(B, L, W)` and mask `(B, L)` to `(B, W)`."""
        scores: Tensor = self.attention(states).squeeze(-1)
        weights = scores.masked_fill(~mask, torch.finfo(scores.dtype).min).softmax(dim=-1)
        weights = weights * mask.to(weights.dtype)
        return (weights.unsqueeze(1) @ states).squeeze(1)


class ResidualBlock(nn.Module):
    """x + layers(x), then ReLU and dropout.

    Args:
        layers: Width-preserving layers.
        dropout: Dropout rate after the sum.
    """

    def __init__(self, layers: nn.Module, dropout: float) -> None:
        super().__init__()
        self.layers = layers
        self.after = ReLUDropout(dropout)

    def forward(self, states: Tensor) -> Tensor:
        """`(B, W)` to `(B, W)`."""
        result: Tensor = self.after(states + self.layers(states))
        return result


class ClassLogits(nn.Module):
    """The last linear layer. With one output z the logits are (0, z), whose softmax is the sigmoid of z.

    Args:
        width: Input features.
        n_outputs: Outputs; 1 gives two classes as well.
    """

    def __init__(self, width: int, n_outputs: int) -> None:
        super().__init__()
        self.linear = nn.Linear(width, n_outputs)
        self.single = n_outputs == 1

    def forward(self, states: Tensor, wide: Tensor | None = None) -> Tensor:
        """`(B, W)` to `(B, K)`; `wide`, `(B, n_outputs)`, is added to the outputs."""
        outputs: Tensor = self.linear(states)
        if wide is not None:
            outputs = outputs + wide
        return torch.cat([torch.zeros_like(outputs), outputs], dim=-1) if self.single else outputs
