"""Rows of similar length computed together: little padding, and tensors that stay in the processor's cache."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, distributed, nn


def encode_in_groups(
    encode: Callable[[Tensor, Tensor], Tensor], input_ids: Tensor, mask: Tensor, layers: nn.Module, rows: int
) -> Tensor:
    """Encodes rows, while training on a CPU in groups of similar length that are each as long as their longest row.

    Args:
        encode: Token ids and mask `(N, L)` to features `(N, W)`; a row's features depend on its tokens only.
        input_ids: Token ids `(B, L)`.
        mask: True at tokens `(B, L)`.
        layers: What encodes.
        rows: Most rows of a group.

    Returns:
        Features `(B, W)`, in the order of the rows.
    """
    if input_ids.device.type != "cpu" or not torch.is_grad_enabled() or torch.compiler.is_compiling():
        return encode(input_ids, mask)
    if len(input_ids) <= rows or _in_shards(layers):
        return encode(input_ids, mask)
    lengths = (mask * torch.arange(1, mask.shape[1] + 1)).amax(dim=1).clamp(min=1)
    order = lengths.argsort(stable=True)
    groups = [
        encode(input_ids[chosen, : int(lengths[chosen[-1]])], mask[chosen, : int(lengths[chosen[-1]])])
        for chosen in order.tensor_split(-(-len(order) // rows))
    ]
    return torch.cat(groups)[order.argsort()]


def _in_shards(layers: nn.Module) -> bool:
    """Whether processes gather the layers together, so that all of them must run them equally often."""
    if not distributed.is_available() or not distributed.is_initialized():
        return False
    from torch.distributed.fsdp import FSDPModule

    return any(isinstance(module, FSDPModule) for module in layers.modules())
