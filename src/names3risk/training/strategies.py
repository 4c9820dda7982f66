"""How several processes share a run: each with the whole model (DDP), or with a shard of it (FSDP)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightning.pytorch.strategies import ModelParallelStrategy, Strategy
from torch import nn
from torch.distributed.fsdp import fully_shard

from names3risk.errors import ConfigError
from names3risk.hyperparameters import Hyperparameters
from names3risk.training.world import World

if TYPE_CHECKING:
    from torch.distributed.device_mesh import DeviceMesh


def build_strategy(hyperparameters: Hyperparameters, world: World) -> str | Strategy:
    """The strategy that the hyperparameters name.

    Raises:
        ConfigError: The hyperparameters ask for what cannot be had together.
    """
    if world.size == 1:
        return "auto"
    if hyperparameters.strategy == "ddp":
        return "ddp"
    if hyperparameters.weight_averaging != "none":
        raise ConfigError(
            f"weight_averaging {hyperparameters.weight_averaging} averages whole weights, strategy fsdp has shards",
            where="hyperparameters",
            mend="set strategy ddp or weight_averaging none",
        )
    return ModelParallelStrategy(
        data_parallel_size=world.size, tensor_parallel_size=1, save_distributed_checkpoint=False
    )


def shard(model: nn.Module, mesh: DeviceMesh) -> None:
    """Shards the parameters of a network over processes (FSDP2); attention blocks are gathered one at a time.

    Args:
        model: The network; changed in place.
        mesh: The processes.
    """
    for block in getattr(model, "blocks", ()):
        fully_shard(block, mesh=mesh)
    fully_shard(model, mesh=mesh)
