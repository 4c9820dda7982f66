"""The original networks, written down from their description: its names of layers, its separate attention heads."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence


class Pooling(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.attention = nn.Linear(width, 1)

    def forward(self, states: Tensor, mask: Tensor) -> Tensor:
        scores = self.attention(states).masked_fill(~mask[..., None], float("-inf"))
        return (scores.softmax(dim=1) * states).sum(dim=1)


def tabular(features: int, width: int) -> nn.Sequential:
    return nn.Sequential(
        nn.BatchNorm1d(features),
        nn.Linear(features, width),
        nn.ReLU(),
        nn.Dropout(0.2),
        nn.Linear(width, width),
        nn.LayerNorm(width),
        nn.ReLU(),
        nn.Dropout(0.2),
    )


class LSTMText(nn.Module):
    def __init__(self, vocabulary: int, embedding: int, hidden: int, layers: int) -> None:
        super().__init__()
        self.token_embedding_table = nn.Embedding(vocabulary, embedding)
        self.lstm = nn.LSTM(embedding, hidden, layers, batch_first=True, bidirectional=True, dropout=0.2)
        self.lstm_pooling = Pooling(2 * hidden)
        self.lstm_norm = nn.LayerNorm(2 * hidden)

    def forward(self, ids: Tensor, lengths: Tensor) -> Tensor:
        packed = pack_padded_sequence(self.token_embedding_table(ids), lengths, batch_first=True)
        states, _ = pad_packed_sequence(self.lstm(packed)[0], batch_first=True)
        return self.lstm_norm(self.lstm_pooling(states, torch.arange(states.shape[1]) < lengths[:, None]))


class LSTMResidual(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.ffwd = nn.Sequential(
            nn.LayerNorm(width), nn.Linear(width, 4 * width), nn.ReLU(), nn.Linear(4 * width, width)
        )

    def forward(self, x: Tensor) -> Tensor:
        return x + self.ffwd(x)


class LegacyLSTM(nn.Module):
    """Rows sorted by falling length, as the original's collate function gives them."""

    def __init__(self, vocabulary: int, embedding: int, hidden: int, layers: int, features: int) -> None:
        super().__init__()
        self.text_projection = LSTMText(vocabulary, embedding, hidden, layers)
        self.tab_projection = tabular(features, 2 * hidden)
        blocks = [part for _ in range(3) for part in (LSTMResidual(4 * hidden), nn.ReLU(), nn.Dropout(0.2))]
        self.net = nn.Sequential(
            *blocks, nn.Linear(4 * hidden, hidden), nn.ReLU(), nn.Dropout(0.2), nn.Linear(hidden, 1), nn.Sigmoid()
        )

    def forward(self, ids: Tensor, mask: Tensor, numbers: Tensor) -> Tensor:
        text = self.text_projection(ids, mask.sum(dim=1))
        return self.net(torch.cat([text, self.tab_projection(numbers)], dim=-1)).squeeze(-1)


class Head(nn.Module):
    def __init__(self, width: int, size: int) -> None:
        super().__init__()
        self.qkv = nn.Linear(width, 3 * size, bias=False)
        self.scale = size**-0.5

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        query, key, value = self.qkv(x).chunk(3, dim=-1)
        weights = (query @ key.transpose(1, 2) * self.scale).masked_fill(~mask[:, None, :], float("-inf"))
        return weights.softmax(dim=-1) @ value


class SelfAttention(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = nn.ModuleList(Head(width, width // heads) for _ in range(heads))
        self.proj = nn.Linear(width, width)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        return self.proj(torch.cat([head(x, mask) for head in self.heads], dim=-1))


class FeedForward(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.net = nn.Sequential(
            nn.Linear(width, 4 * width), nn.ReLU(), nn.Dropout(0.2), nn.Linear(4 * width, width), nn.Dropout(0.2)
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.net(x)


class Block(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.sa, self.ffwd = SelfAttention(width, heads), FeedForward(width)
        self.ln1, self.ln2 = nn.LayerNorm(width), nn.LayerNorm(width)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        x = x + self.sa(self.ln1(x), mask)
        return x + self.ffwd(self.ln2(x))


class TransformerText(nn.Module):
    def __init__(self, vocabulary: int, width: int, hidden: int, blocks: int, heads: int, features: int) -> None:
        super().__init__()
        self.token_embedding_table = nn.Embedding(vocabulary, width)
        self.position_embedding_table = nn.Embedding(100, width)
        self.blocks = nn.ModuleList(Block(width, heads) for _ in range(blocks))
        self.attention_pooling = Pooling(width)
        self.proj = nn.Linear(width, 2 * hidden)
        self.tab_layer = nn.Linear(features, hidden)

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        x = self.token_embedding_table(ids) + self.position_embedding_table(torch.arange(ids.shape[1]))
        for block in self.blocks:
            x = block(x, mask)
        return self.proj(self.attention_pooling(x, mask))


class TransformerResidual(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.net = nn.Sequential(nn.Linear(width, width), nn.ReLU(), nn.Linear(width, width), nn.Dropout(0.2))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.net(x)


class LegacyTransformer(nn.Module):
    def __init__(self, vocabulary: int, width: int, hidden: int, blocks: int, heads: int, features: int) -> None:
        super().__init__()
        self.text_projection = TransformerText(vocabulary, width, hidden, blocks, heads, features)
        self.tab_projection = tabular(features, 2 * hidden)
        trunk = [part for _ in range(4) for part in (TransformerResidual(4 * hidden), nn.ReLU(), nn.Dropout(0.2))]
        self.net = nn.Sequential(*trunk, nn.Linear(4 * hidden, 1), nn.Sigmoid())

    def forward(self, ids: Tensor, mask: Tensor, numbers: Tensor) -> Tensor:
        text = self.text_projection(ids, mask)
        return self.net(torch.cat([text, self.tab_projection(numbers)], dim=-1)).squeeze(-1)
