"""How several processes share a run: each with the whole model (DDP), or with a shard of it (FSDP)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from lightning.pytorch.strategies import DDPStrategy, ModelParallelStrategy, Strategy
from torch import Tensor, distributed, nn
from torch.distributed.fsdp import fully_shard

from names3risk.hyperparameters import Hyperparameters
from names3risk.training.execution import Execution
from names3risk.training.sharing import FlatGradients
from names3risk.training.world import World

if TYPE_CHECKING:
    from torch.distributed.device_mesh import DeviceMesh


class RecordedDDP(DDPStrategy):
    """Data parallelism that averages gradients all at once after the backward pass.

    Nothing reaches into the forward and backward pass, which can so be a recorded CUDA graph; DDP itself exchanges
    gradients while others are yet to be computed.
    """

    def __init__(self) -> None:
        super().__init__()
        self.gradients: FlatGradients | None = None
        self._averages = True

    def configure_ddp(self) -> None:
        """Makes all processes begin with the first one's weights."""
        assert self.model is not None
        for tensor in (*self.model.parameters(), *self.model.buffers()):
            distributed.broadcast(tensor.data, 0)
        self.gradients = FlatGradients(self.model.parameters())

    @contextmanager
    def block_backward_sync(self) -> Iterator[None]:
        """Leaves gradients as they are while a step of several batches sums them up."""
        self._averages = False
        try:
            yield
        finally:
            self._averages = True

    def post_backward(self, closure_loss: Tensor) -> None:
        """Averages the gradients."""
        assert self.gradients is not None
        if self._averages:
            self.gradients.average()


def build_strategy(hyperparameters: Hyperparameters, world: World, execution: Execution) -> str | Strategy:
    """The strategy that the hyperparameters name, for steps that are run in a certain way."""
    if world.size == 1:
        return "auto"
    if hyperparameters.strategy == "ddp":
        return RecordedDDP() if execution.recorded else "ddp"
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
