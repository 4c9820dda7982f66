"""A BERT encoder that reads all chunks of a row in one pass, each chunk seeing itself only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from names3risk.errors import ConfigError
from names3risk.models.chunks import chunk_starts, masked_mean
from names3risk.text.special import PAD_ID

if TYPE_CHECKING:
    from names3risk.hyperparameters.encoder import EncoderHyperparameters, PooledEncoderHyperparameters


class BertEncoder(nn.Module):
    """Token states of an encoder of the `transformers` library.

    Chunks lie one after the other in a row. Attention is limited to a token's own chunk and positions count from its
    start, so the result is that of encoding every chunk alone, without the padding between them.

    Args:
        hyperparameters: Size of the encoder and what of it is trained.
        vocabulary_size: Tokens of the tokenizer.
    """

    def __init__(self, hyperparameters: EncoderHyperparameters, vocabulary_size: int) -> None:
        super().__init__()
        self.encoder = _build(hyperparameters, vocabulary_size)
        self.frozen = hyperparameters.freeze_encoder
        self.encoder.requires_grad_(not self.frozen)
        if hyperparameters.lora_rank:
            _add_low_rank_updates(self.encoder, hyperparameters)

    @property
    def width(self) -> int:
        """Features of a token's state."""
        width: int = self.encoder.config.hidden_size
        return width

    def train(self, mode: bool = True) -> BertEncoder:
        """A frozen encoder stays in evaluation mode: its dropout would only blur fixed features."""
        super().train(mode)
        if self.frozen:
            self.encoder.eval()
        return self

    def forward(self, input_ids: Tensor, mask: Tensor) -> Tensor:
        """The state of every token.

        Args:
            input_ids: Token ids `(B, L)`; every [CLS] begins a chunk.
            mask: True at tokens `(B, L)`.

        Returns:
            `(B, L, W)`.
        """
        length = input_ids.shape[1]
        chunk = chunk_starts(input_ids).long().cumsum(dim=1)
        same = chunk[:, :, None] == chunk[:, None, :]
        index = torch.arange(length, device=input_ids.device)
        # A position of padding attends to itself at least, which keeps it finite; nothing reads it.
        attended = (same & mask[:, None, :]) | (index[:, None] == index)
        positions = (same & (index[:, None] >= index)).sum(dim=2) - 1
        output = self.encoder(
            input_ids=torch.where(mask, input_ids, PAD_ID),
            attention_mask=attended[:, None],
            position_ids=positions.clamp(max=self.encoder.config.max_position_embeddings - 1),
        )
        states: Tensor = output.last_hidden_state
        return states


class PooledBert(nn.Module):
    """One vector a row: the mean over its chunks of each chunk's pooled state.

    Args:
        hyperparameters: The encoder and how its states are pooled.
        vocabulary_size: Tokens of the tokenizer.
    """

    def __init__(self, hyperparameters: PooledEncoderHyperparameters, vocabulary_size: int) -> None:
        super().__init__()
        self.tokens = BertEncoder(hyperparameters, vocabulary_size)
        self.width = self.tokens.width
        self.pooler = nn.Linear(self.width, self.width) if hyperparameters.pooling == "pooler" else None
        if self.pooler is not None:
            nn.init.normal_(self.pooler.weight, std=hyperparameters.initializer_range)
            nn.init.zeros_(self.pooler.bias)

    def forward(self, input_ids: Tensor, mask: Tensor) -> Tensor:
        """The pooled text.

        Args:
            input_ids: Token ids, `(B, L)` or as chunks `(B, C, L)`.
            mask: True at tokens, of the same shape.

        Returns:
            `(B, W)`; zeros for a row without tokens.
        """
        if input_ids.ndim == 2:
            return self._pool(input_ids, mask)
        pooled = self._pool(input_ids.flatten(0, 1), mask.flatten(0, 1))
        return masked_mean(pooled.view(*input_ids.shape[:2], -1), mask.any(dim=2))

    def _pool(self, input_ids: Tensor, mask: Tensor) -> Tensor:
        states = self.tokens(input_ids, mask)
        starts = chunk_starts(input_ids)
        if self.pooler is not None:
            return masked_mean(torch.tanh(self.pooler(states)), starts & mask)
        # The mean of the chunks' means: each token weighs one over the tokens of its chunk.
        chunk = starts.long().cumsum(dim=1)
        sizes = ((chunk[:, :, None] == chunk[:, None, :]) & mask[:, None, :]).sum(dim=2).clamp(min=1)
        weights = mask.to(states.dtype) / sizes / (starts & mask).sum(dim=1, keepdim=True).clamp(min=1)
        pooled: Tensor = (weights[:, None, :] @ states).squeeze(1)
        return pooled


def _build(hyperparameters: EncoderHyperparameters, vocabulary_size: int) -> Any:
    try:
        from transformers import BertConfig, BertModel
    except ImportError as error:
        raise ConfigError(
            f"model class {hyperparameters.model_class} needs the package transformers",
            where="hyperparameters",
            mend="pip install 'names3risk[bert]'",
        ) from error
    config = BertConfig(
        vocab_size=vocabulary_size,
        hidden_size=hyperparameters.bert_hidden_size,
        num_hidden_layers=hyperparameters.bert_layers,
        num_attention_heads=hyperparameters.bert_heads,
        intermediate_size=hyperparameters.bert_intermediate_size,
        max_position_embeddings=hyperparameters.bert_positions,
        hidden_dropout_prob=hyperparameters.bert_dropout,
        attention_probs_dropout_prob=hyperparameters.bert_dropout,
        hidden_act=hyperparameters.bert_activation,
        layer_norm_eps=hyperparameters.bert_layer_norm_eps,
        initializer_range=hyperparameters.initializer_range,
        pad_token_id=PAD_ID,
    )
    return BertModel(config, add_pooling_layer=False)


def _add_low_rank_updates(encoder: nn.Module, hyperparameters: EncoderHyperparameters) -> None:
    try:
        from peft import LoraConfig, inject_adapter_in_model
    except ImportError as error:
        raise ConfigError(
            "lora_rank needs the package peft", where="hyperparameters", mend="pip install 'names3risk[bert]'"
        ) from error
    config = LoraConfig(
        r=hyperparameters.lora_rank,
        lora_alpha=hyperparameters.lora_alpha,
        lora_dropout=hyperparameters.lora_dropout,
        target_modules=["query", "value"],
    )
    inject_adapter_in_model(config, encoder)
