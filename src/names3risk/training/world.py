"""Which process of a distributed run this is, as torchrun says it in the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

from names3risk.errors import ConfigError


@dataclass(frozen=True)
class World:
    """The processes of a run.

    Args:
        rank: Number of this process among all, from 0.
        size: Number of processes.
        local_rank: Number of this process on its machine, from 0; its GPU.
        local_size: Processes on each machine.
    """

    rank: int = 0
    size: int = 1
    local_rank: int = 0
    local_size: int = 1

    @property
    def machines(self) -> int:
        """Number of machines."""
        return self.size // self.local_size


def find_world(environment: Mapping[str, str] | None = None) -> World:
    """Reads RANK, WORLD_SIZE, LOCAL_RANK and LOCAL_WORLD_SIZE; one process where they are not set.

    Args:
        environment: By default that of this process.

    Raises:
        ConfigError: Some are set and others not, or they are not numbers that fit together.
    """
    variables = os.environ if environment is None else environment
    names = ("RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE")
    found = {name: variables[name] for name in names if name in variables}
    if not found:
        return World()
    try:
        world = World(*(int(found[name]) for name in names))
        fits = 0 <= world.rank < world.size and 0 <= world.local_rank < world.local_size
    except (KeyError, ValueError):
        fits = False
    if not fits or world.size % world.local_size:
        raise ConfigError(
            f"{', '.join(f'{name}={value}' for name, value in found.items())} do not describe a distributed run",
            where="environment",
            expected=f"{', '.join(names)} as torchrun sets them, or none of them",
        )
    return world
