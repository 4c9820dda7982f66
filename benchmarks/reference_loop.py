"""The training loop as the original systems have it, to be measured beside the library's.

It keeps their shape: every row's text is tokenised each time the row is read, a collate function pads the batch in
Python, eager float32 arithmetic, one linear layer for queries, keys and values in every head, packed sequences in the
LSTM. Layers, widths, dropout, optimizer and schedule are those of the original networks.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence
from torch.utils.data import DataLoader, Dataset

PAD_ID = 1
LONGEST = 100
DROPOUT = 0.2


class Rows(Dataset[tuple[list[int], Tensor, Tensor]]):
    """Rows that are tokenised as they are read."""

    def __init__(self, texts: Sequence[str], numbers: Tensor, labels: Tensor, tokenizer: Tokenizer) -> None:
        self.texts, self.numbers, self.labels, self.tokenizer = texts, numbers, labels, tokenizer

    def __len__(self) -> int:
        return len(self.texts)

    def __getitem__(self, row: int) -> tuple[list[int], Tensor, Tensor]:
        return self.tokenizer.encode(self.texts[row]).ids, self.numbers[row], self.labels[row]


def collate(rows: list[tuple[list[int], Tensor, Tensor]]) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Sorts by falling length and pads."""
    rows = sorted(rows, key=lambda row: len(row[0]), reverse=True)
    lengths = torch.tensor([max(1, min(len(ids), LONGEST)) for ids, _, _ in rows])
    ids = torch.full((len(rows), int(lengths[0])), PAD_ID)
    for i, (tokens, _, _) in enumerate(rows):
        ids[i, : len(tokens[:LONGEST])] = torch.tensor(tokens[:LONGEST])
    return ids, lengths, torch.stack([row[1] for row in rows]), torch.stack([row[2] for row in rows])


class Pooling(nn.Module):
    """Attention pooling over the valid positions."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.attention = nn.Linear(width, 1)

    def forward(self, states: Tensor, mask: Tensor) -> Tensor:
        scores = self.attention(states).masked_fill(~mask[..., None], float("-inf"))
        return (scores.softmax(dim=1) * states).sum(dim=1)


def tabular(features: int, width: int) -> nn.Sequential:
    """The tabular part."""
    return nn.Sequential(
        nn.BatchNorm1d(features),
        nn.Linear(features, width),
        nn.ReLU(),
        nn.Dropout(DROPOUT),
        nn.Linear(width, width),
        nn.LayerNorm(width),
        nn.ReLU(),
        nn.Dropout(DROPOUT),
    )


class LSTMText(nn.Module):
    """Embedding, packed bidirectional LSTM, pooling."""

    width = 256

    def __init__(self, vocabulary: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, 16)
        self.lstm = nn.LSTM(16, 128, 4, batch_first=True, bidirectional=True, dropout=DROPOUT)
        self.pooling, self.norm = Pooling(256), nn.LayerNorm(256)

    def forward(self, ids: Tensor, lengths: Tensor, mask: Tensor) -> Tensor:
        packed = pack_padded_sequence(self.embedding(ids), lengths, batch_first=True)
        states, _ = pad_packed_sequence(self.lstm(packed)[0], batch_first=True)
        return self.norm(self.pooling(states, mask))


class Head(nn.Module):
    """One attention head with its own projection."""

    def __init__(self, width: int, size: int) -> None:
        super().__init__()
        self.qkv, self.scale = nn.Linear(width, 3 * size, bias=False), size**-0.5
        self.dropout = nn.Dropout(DROPOUT)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        query, key, value = self.qkv(x).chunk(3, dim=-1)
        scores = (query @ key.transpose(1, 2) * self.scale).masked_fill(~mask[:, None, :], float("-inf"))
        return self.dropout(scores.softmax(dim=-1)) @ value


class Attention(nn.Module):
    """Heads side by side."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = nn.ModuleList(Head(width, width // heads) for _ in range(heads))
        self.projection, self.dropout = nn.Linear(width, width), nn.Dropout(DROPOUT)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        return self.dropout(self.projection(torch.cat([head(x, mask) for head in self.heads], dim=-1)))


class Block(nn.Module):
    """Pre-norm attention and feed-forward."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.attention, self.first, self.second = Attention(width, heads), nn.LayerNorm(width), nn.LayerNorm(width)
        self.feed_forward = nn.Sequential(
            nn.Linear(width, 4 * width),
            nn.ReLU(),
            nn.Dropout(DROPOUT),
            nn.Linear(4 * width, width),
            nn.Dropout(DROPOUT),
        )

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        x = x + self.attention(self.first(x), mask)
        return x + self.feed_forward(self.second(x))


class TransformerText(nn.Module):
    """Embedding with learned positions, blocks, pooling."""

    width = 512

    def __init__(self, vocabulary: int) -> None:
        super().__init__()
        self.embedding, self.position = nn.Embedding(vocabulary, 128), nn.Embedding(LONGEST, 128)
        self.blocks = nn.ModuleList(Block(128, 8) for _ in range(8))
        self.pooling, self.projection = Pooling(128), nn.Linear(128, 512)

    def forward(self, ids: Tensor, lengths: Tensor, mask: Tensor) -> Tensor:
        x = self.embedding(ids) + self.position(torch.arange(ids.shape[1], device=ids.device))
        for block in self.blocks:
            x = block(x, mask)
        return self.projection(self.pooling(x, mask))


class Residual(nn.Module):
    """x + layers(x), ReLU, dropout."""

    def __init__(self, *layers: nn.Module) -> None:
        super().__init__()
        self.layers, self.after = nn.Sequential(*layers), nn.Sequential(nn.ReLU(), nn.Dropout(DROPOUT))

    def forward(self, x: Tensor) -> Tensor:
        return self.after(x + self.layers(x))


class ReferenceNetwork(nn.Module):
    """One of the two original networks, with two logits.

    Args:
        name: lstm2risk or transformer2risk.
        vocabulary: Tokens of the tokenizer.
        features: Tabular features.
    """

    def __init__(self, name: str, vocabulary: int, features: int) -> None:
        super().__init__()
        self.text: nn.Module = LSTMText(vocabulary) if name == "lstm2risk" else TransformerText(vocabulary)
        half = 256 if name == "lstm2risk" else 512
        wide = 2 * half
        self.tabular = tabular(features, half)
        if name == "lstm2risk":
            trunk: list[nn.Module] = [
                Residual(nn.LayerNorm(wide), nn.Linear(wide, 4 * wide), nn.ReLU(), nn.Linear(4 * wide, wide))
                for _ in range(3)
            ]
            trunk += [nn.Linear(wide, 128), nn.ReLU(), nn.Dropout(DROPOUT), nn.Linear(128, 2)]
        else:
            trunk = [
                Residual(nn.Linear(wide, wide), nn.ReLU(), nn.Linear(wide, wide), nn.Dropout(DROPOUT)) for _ in range(4)
            ]
            trunk += [nn.Linear(wide, 2)]
        self.trunk = nn.Sequential(*trunk)

    def forward(self, ids: Tensor, lengths: Tensor, numbers: Tensor) -> Tensor:
        mask = torch.arange(ids.shape[1], device=ids.device) < lengths.to(ids.device)[:, None]
        return self.trunk(torch.cat([self.text(ids, lengths, mask), self.tabular(numbers)], dim=-1))


@dataclass(frozen=True)
class ReferenceLoop:
    """Trains and scores a reference network.

    Args:
        name: lstm2risk or transformer2risk.
        tokenizer: The tokenizer that both sides use.
        device: Where it runs.
        batch_size: Rows of a batch.
        lr: Highest learning rate of the one-cycle schedule.
        clip: Largest global norm of the gradient.
    """

    name: str
    tokenizer: Tokenizer
    device: torch.device
    batch_size: int = 512
    lr: float = 1e-3
    clip: float = 1.0

    def train(
        self,
        rows: Rows,
        epochs: int,
        seed: int,
        on_step: Callable[[int], bool] = lambda rows: False,
        mark: Callable[[str], None] = lambda part: None,
    ) -> ReferenceNetwork:
        """Trains a new network.

        Args:
            rows: Training rows.
            epochs: Passes over them.
            seed: Of weights, order and dropout.
            on_step: Told the rows of each step as it ends; true ends the training.
            mark: Told the name of each part of a step as it begins: input, forward, backward, optimizer.
        """
        torch.manual_seed(seed)
        network = ReferenceNetwork(self.name, self.tokenizer.get_vocab_size(), rows.numbers.shape[1]).to(self.device)
        loader = DataLoader(rows, self.batch_size, shuffle=True, collate_fn=collate)
        optimizer = torch.optim.AdamW(network.parameters(), lr=self.lr, weight_decay=0.0)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, self.lr, epochs * len(loader), pct_start=0.1)
        for _ in range(epochs):
            mark("input")
            for ids, lengths, numbers, labels in loader:
                ids, numbers, labels = (tensor.to(self.device) for tensor in (ids, numbers, labels))
                mark("forward")
                loss = nn.functional.cross_entropy(network(ids, lengths, numbers), labels)
                mark("backward")
                optimizer.zero_grad()
                loss.backward()
                mark("optimizer")
                nn.utils.clip_grad_norm_(network.parameters(), self.clip)
                optimizer.step()
                schedule.step()
                mark("input")
                if on_step(len(labels)):
                    return network
        return network

    @torch.inference_mode()
    def score(self, network: ReferenceNetwork, rows: Rows) -> tuple[Tensor, Tensor]:
        """Probabilities of class 1 and labels, both `(N,)` on the CPU, in the order in which batches gave them."""
        network.eval()
        scores, labels = [], []
        for ids, lengths, numbers, batch in DataLoader(rows, self.batch_size, collate_fn=collate):
            logits = network(ids.to(self.device), lengths, numbers.to(self.device))
            scores.append(logits.softmax(dim=-1)[:, 1].cpu())
            labels.append(batch)
        return torch.cat(scores), torch.cat(labels)
