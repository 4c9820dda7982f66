"""Pointer network: copies an item from the history, generates one of all items, or mixes both by a gate.

Vinyals et al. 2015, "Pointer networks"; the mixture and the coverage loss after See et al. 2017, "Get to the point:
summarization with pointer-generator networks". The mixture is computed in float32 and in log space.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from names3risk.hyperparameters.pointer import PointerHyperparameters
from names3risk.sequences.encoding import DETAIL_SIZES
from names3risk.sequences.vocabulary import FIRST, PAD

FLOOR = -1e4
"""The logarithm that stands for probability zero."""


class PointerOutput(NamedTuple):
    """What the network says of a batch of histories.

    Args:
        log_probabilities: Of each item, `(B, V)` float32; those of padding and unknown are `FLOOR`.
        attention: Which events were looked at for copying, `(B, L)`; zeros where nothing can be copied.
        gate: Share of probability that is copied, `(B,)`.
        coverage: Coverage loss, `(B,)`; zeros unless it was asked for.
    """

    log_probabilities: Tensor
    attention: Tensor
    gate: Tensor
    coverage: Tensor


class EncoderBlock(nn.Module):
    """Pre-norm attention and GELU feed-forward, each added to its input.

    Args:
        hyperparameters: Width, heads and dropout.
    """

    def __init__(self, hyperparameters: PointerHyperparameters) -> None:
        super().__init__()
        width, dropout = hyperparameters.embedding_size, hyperparameters.dropout_rate
        self.n_heads, self.dropout = hyperparameters.n_heads, dropout
        self.attention_norm = nn.LayerNorm(width)
        self.qkv = nn.Linear(width, 3 * width)
        self.projection = nn.Linear(width, width)
        self.feed_forward = nn.Sequential(
            nn.LayerNorm(width),
            nn.Linear(width, hyperparameters.feed_forward_size),
            nn.GELU(),
            nn.Dropout(dropout),
            nn.Linear(hyperparameters.feed_forward_size, width),
            nn.Dropout(dropout),
        )

    def forward(self, states: Tensor, keys: Tensor) -> Tensor:
        """States `(B, L, d)` and keys that may be attended to `(B, 1, 1, L)` to `(B, L, d)`."""
        rows, length, width = states.shape
        qkv = self.qkv(self.attention_norm(states)).view(rows, length, 3, self.n_heads, width // self.n_heads)
        query, key, value = qkv.permute(2, 0, 3, 1, 4).unbind(0)
        rate = self.dropout if self.training else 0.0
        mixed = functional.scaled_dot_product_attention(query, key, value, attn_mask=keys, dropout_p=rate)
        mixed = self.projection(mixed.transpose(1, 2).reshape(rows, length, width))
        states = states + functional.dropout(mixed, self.dropout, self.training)
        result: Tensor = states + self.feed_forward(states)
        return result


class PointerNetwork(nn.Module):
    """Histories to log-probabilities of the next item.

    Args:
        hyperparameters: Mode, width, depth and dropout.
        n_items: Items with padding and unknown.
        n_entities: Entities with padding and unknown.
        context_sizes: Values of each context field with padding and unknown.
    """

    wave: Tensor

    def __init__(
        self,
        hyperparameters: PointerHyperparameters,
        n_items: int,
        n_entities: int,
        context_sizes: Sequence[int] = (),
    ) -> None:
        super().__init__()
        width, dropout = hyperparameters.embedding_size, hyperparameters.dropout_rate
        narrow, length = width // 4, hyperparameters.history_length
        self.mode, self.n_items, self.entity_dropout = hyperparameters.mode, n_items, hyperparameters.entity_dropout
        self.with_coverage = hyperparameters.coverage_weight > 0
        sizes = (*DETAIL_SIZES.values(), *context_sizes)
        self.item = nn.Embedding(n_items, width, padding_idx=PAD)
        self.entity = nn.Embedding(n_entities, width, padding_idx=PAD)
        self.details = nn.ModuleList(nn.Embedding(size, narrow, padding_idx=PAD) for size in sizes)
        self.position = nn.Embedding(length, narrow)
        self.join = nn.Sequential(nn.Linear(2 * width + (len(sizes) + 1) * narrow, width), nn.LayerNorm(width))
        self.register_buffer("wave", sinusoid(length, width), persistent=False)
        self.dropout = nn.Dropout(dropout)
        self.blocks = nn.ModuleList(EncoderBlock(hyperparameters) for _ in range(hyperparameters.n_blocks))
        self.norm = nn.LayerNorm(width)
        if self.mode != "generate":
            self.query, self.key = nn.Linear(width, width), nn.Linear(width, width)
            self.position_bias = nn.Embedding(length, 1)
            nn.init.zeros_(self.position_bias.weight)
        if self.mode != "pointer":
            self.generator = nn.Linear(width, n_items)
        if self.mode == "mixture":
            self.gate = nn.Sequential(nn.Linear(width, width), nn.GELU(), nn.Linear(width, 1))

    def forward(self, items: Tensor, attention_mask: Tensor, entities: Tensor, details: Tensor) -> PointerOutput:
        """Log-probabilities of the item that follows.

        Args:
            items: `(B, L)`, the oldest event first, L at most history_length.
            attention_mask: True at events, false at the padding after them, `(B, L)`.
            entities: `(B,)`.
            details: Time of day, weekday, recency, duration and context of each event, `(B, L, 4 + C)`.

        Returns:
            Log-probabilities, attention, gate and coverage; what a row gets depends on that row only.
        """
        last = attention_mask.sum(dim=1, keepdim=True).clamp(min=1) - 1
        from_end = (last - torch.arange(items.shape[1], device=items.device)).clamp(min=0)
        states = self._encode(items, attention_mask, entities, details, from_end)
        context = states.gather(1, last[..., None].expand(-1, -1, states.shape[2])).squeeze(1)
        copyable = attention_mask & (items >= FIRST)
        coverage = context.new_zeros(items.shape[0], dtype=torch.float32)
        if self.mode == "generate":
            generated = known_log_softmax(self.generator(context))
            none = coverage
            return PointerOutput(generated, torch.zeros_like(items, dtype=torch.float32), none, none)
        log_attention = self._log_attention(context[:, None], states, from_end[:, None], copyable[:, None]).squeeze(1)
        attention = log_attention.exp() * copyable
        can_copy = copyable.any(dim=1, keepdim=True)
        if self.training and self.with_coverage:
            coverage = self._coverage(states, attention, attention_mask, copyable)
        copied = copied_log_probabilities(log_attention, items, copyable, self.n_items)
        if self.mode == "pointer":
            # Where nothing can be copied, every known item is as likely as any other.
            generated = known_log_softmax(torch.zeros_like(copied))
            log_gate, log_rest = torch.zeros_like(can_copy, dtype=torch.float32), FLOOR * can_copy.float()
        else:
            generated = known_log_softmax(self.generator(context))
            score = self.gate(context).float()
            log_gate, log_rest = functional.logsigmoid(score), functional.logsigmoid(-score) * can_copy
        log_gate = log_gate.masked_fill(~can_copy, FLOOR)
        mixed = torch.stack([log_gate + copied, log_rest + generated]).logsumexp(dim=0)
        mixed = torch.where(torch.arange(self.n_items, device=items.device) < FIRST, FLOOR, mixed)
        return PointerOutput(mixed, attention, log_gate.exp().squeeze(1), coverage)

    @property
    def embeddings_of_details(self) -> list[nn.Embedding]:
        """The embeddings of time of day, weekday, recency, duration and each context field."""
        return [module for module in self.details if isinstance(module, nn.Embedding)]

    def _encode(
        self, items: Tensor, attention_mask: Tensor, entities: Tensor, details: Tensor, from_end: Tensor
    ) -> Tensor:
        if self.training and self.entity_dropout:
            dropped = torch.rand(entities.shape, device=entities.device) < self.entity_dropout
            entities = entities.masked_fill(dropped, FIRST - 1)
        whose = self.entity(entities)[:, None].expand(-1, items.shape[1], -1)
        parts = [embed(details[..., index]) for index, embed in enumerate(self.details)]
        states = self.join(torch.cat([self.item(items), whose, *parts, self.position(from_end)], dim=-1))
        states = self.dropout(states + self.wave[: items.shape[1]])
        # A row without events attends to its padding, which stays finite.
        keys = (attention_mask | ~attention_mask.any(dim=1, keepdim=True))[:, None, None, :]
        for block in self.blocks:
            states = block(states, keys)
        result: Tensor = self.norm(states)
        return result

    def _log_attention(self, queries: Tensor, states: Tensor, distance: Tensor, allowed: Tensor) -> Tensor:
        """Queries `(B, Q, d)`, states `(B, L, d)`, distances and allowed events `(B, Q, L)` to `(B, Q, L)` float32."""
        scores = self.query(queries) @ self.key(states).transpose(1, 2) / math.sqrt(states.shape[2])
        scores = scores.float() + self.position_bias(distance).squeeze(-1).float()
        result: Tensor = scores.masked_fill(~allowed, FLOOR).log_softmax(dim=-1)
        return result

    def _coverage(self, states: Tensor, attention: Tensor, attention_mask: Tensor, copyable: Tensor) -> Tensor:
        """Sum of min(a, c), where c is the attention that the events before the last one would have paid.

        Every event of a history is one decoding step over the same states, as the words of a summary are.
        """
        steps = torch.arange(states.shape[1], device=states.device)
        distance = steps[:, None] - steps
        last = attention_mask.sum(dim=1, keepdim=True).clamp(min=1) - 1
        allowed = copyable[:, None] & (distance >= 0)
        paid = self._log_attention(states, states, distance.clamp(min=0)[None], allowed).exp() * allowed
        covered = (paid * (steps < last)[..., None]).sum(dim=1)
        return torch.minimum(attention, covered).sum(dim=1)


def known_log_softmax(scores: Tensor) -> Tensor:
    """Log-probabilities over the known items from scores `(B, V)`, in float32."""
    unknown = torch.arange(scores.shape[1], device=scores.device) < FIRST
    return torch.where(unknown, FLOOR, scores.float()).log_softmax(dim=-1)


def copied_log_probabilities(log_attention: Tensor, items: Tensor, copyable: Tensor, n_items: int) -> Tensor:
    """Adds up the attention to equal items, in log space.

    Args:
        log_attention: `(B, L)` float32.
        items: `(B, L)`.
        copyable: Events whose item can be copied, `(B, L)`.
        n_items: V.

    Returns:
        `(B, V)`; `FLOOR` at items that cannot be copied.
    """
    same = (items[:, :, None] == items[:, None, :]) & copyable[:, None, :]
    mass = torch.where(same, log_attention[:, None, :], FLOOR).logsumexp(dim=-1)
    # One place of each item writes its sum, so that no exporter or device has to add where indices repeat.
    order = torch.arange(items.shape[1], device=items.device)
    repeats = (same & (order[None, :] < order[:, None])).any(dim=-1)
    writes = copyable & ~repeats
    places = torch.where(writes, items, PAD)
    empty = torch.full((items.shape[0], n_items), FLOOR, device=items.device)
    return empty.scatter(1, places, torch.where(writes, mass, FLOOR))


def sinusoid(length: int, width: int) -> Tensor:
    """Sine and cosine of each position, `(length, width)`; Vaswani et al. 2017."""
    angles = torch.arange(length)[:, None] * torch.exp(torch.arange(0, width, 2) * (-math.log(10_000) / width))
    return torch.stack([angles.sin(), angles.cos()], dim=-1).flatten(1)


def build_pointer(
    hyperparameters: PointerHyperparameters, n_items: int, n_entities: int, context_sizes: Sequence[int] = ()
) -> PointerNetwork:
    """Builds the network with initial weights that depend on the seed only; see `PointerNetwork`."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(hyperparameters.seed)
        return PointerNetwork(hyperparameters, n_items, n_entities, context_sizes)
