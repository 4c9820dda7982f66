"""What the processes of a run hand each other: files and tables, over the network of the CPUs."""

from __future__ import annotations

import atexit
import io
from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import torch
from torch import Tensor, distributed

from names3risk.files import replacing
from names3risk.training.world import World, find_world


class Team:
    """The processes of a run; with a single one nothing is sent.

    All of them create it, and call each method, in the same order. Machines need not share a file system.

    Args:
        world: The processes.
        device: What this process computes with; it decides how gradients will be exchanged.
    """

    def __init__(self, world: World, device: torch.device) -> None:
        self.world = world
        self.machine = world.rank // world.local_size
        self._group: Any = None
        if world.size > 1:
            if not distributed.is_initialized():
                _connect(device)
            self._group = distributed.new_group(backend="gloo")

    def share_of(self, rows: int) -> slice:
        """The rows of this process, where each takes as many as the others, in their order."""
        return slice(*(rows * (self.world.rank + k) // self.world.size for k in (0, 1)))

    def together(self, part: pl.DataFrame) -> pl.DataFrame:
        """The rows of all processes, in the order of the processes."""
        if self._group is None:
            return part
        found = _packed(part)
        if self.world.rank:
            self._send(found)
        else:
            others = (pl.read_ipc(io.BytesIO(self._receive(rank))) for rank in range(1, self.world.size))
            found = _packed(pl.concat([part, *others]))
        return pl.read_ipc(io.BytesIO(self.first_s(found)))

    def any(self, *wishes: bool) -> list[bool]:
        """Whether any process has each of the wishes; no device is waited for."""
        if self._group is None:
            return list(wishes)
        flags = torch.tensor(wishes, dtype=torch.int32)
        distributed.all_reduce(flags, distributed.ReduceOp.MAX, group=self._group)
        return [bool(flag) for flag in flags.tolist()]

    def first_s(self, content: bytes) -> bytes:
        """What the first process has, in all of them."""
        if self._group is None:
            return content
        size = torch.tensor(len(content))
        distributed.broadcast(size, 0, group=self._group)
        found = _tensor(content) if self.world.rank == 0 else torch.empty(int(size), dtype=torch.uint8)
        if len(found):
            distributed.broadcast(found, 0, group=self._group)
        return found.numpy().tobytes()

    def wait(self) -> None:
        """Goes on when all processes have come here."""
        if self._group is not None:
            self.any(False)

    def _send(self, content: bytes) -> None:
        distributed.send(torch.tensor(len(content)), 0, group=self._group)
        distributed.send(_tensor(content), 0, group=self._group)

    def _receive(self, rank: int) -> bytes:
        size = torch.tensor(0)
        distributed.recv(size, rank, group=self._group)
        content = torch.empty(int(size), dtype=torch.uint8)
        distributed.recv(content, rank, group=self._group)
        return content.numpy().tobytes()


def once_a_machine(work: Callable[[], object]) -> None:
    """Has the first process of each machine do something that all of them then rely on; the others wait.

    Args:
        work: What is done.

    Raises:
        Exception: What `work` raises; the processes that wait lose the connection then.
    """
    world = find_world()
    team = Team(world, find_device("auto", world))
    if world.local_rank == 0:
        work()
    team.wait()


def find_device(accelerator: str, world: World) -> torch.device:
    """What this process computes with: `auto` is a GPU of its own where there is one."""
    if accelerator == "gpu" or (accelerator == "auto" and torch.cuda.is_available()):
        return torch.device("cuda", world.local_rank)
    return torch.device("cpu" if accelerator == "auto" else accelerator)


def share_file(team: Team, path: Path) -> None:
    """Makes a file what it is on the first machine, on all others too; where it is absent there, it is removed."""
    if team.world.machines == 1:
        return
    digest = sha256(path.read_bytes()).digest() if path.is_file() else bytes(32)
    wanted = team.first_s(digest)
    if team.any(digest != wanted) == [True]:
        content = team.first_s(path.read_bytes() if team.world.rank == 0 and path.is_file() else b"")
        if team.machine and team.world.local_rank == 0:
            if content:
                with replacing(path) as temporary:
                    temporary.write_bytes(content)
            else:
                path.unlink(missing_ok=True)
    team.wait()


def _connect(device: torch.device) -> None:
    """Meets the other processes where torchrun says; Lightning then finds them met."""
    if device.type == "cuda":
        torch.cuda.set_device(device)
        distributed.init_process_group("nccl", device_id=device)
    else:
        distributed.init_process_group("gloo")
    atexit.register(_part)


def _part() -> None:
    with suppress(RuntimeError):
        if distributed.is_initialized():
            distributed.destroy_process_group()


def _packed(frame: pl.DataFrame) -> bytes:
    buffer = io.BytesIO()
    frame.write_ipc(buffer)
    return buffer.getvalue()


def _tensor(content: bytes) -> Tensor:
    return torch.from_numpy(np.frombuffer(bytearray(content), dtype=np.uint8))
