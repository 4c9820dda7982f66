"""Starts the processes of a run where the container started a single one on each machine.

SageMaker's distribution setting runs scripts under torchrun already. Without it, SM_HOSTS, SM_CURRENT_HOST and
SM_NUM_GPUS say what there is: a script then starts itself again under torchrun, once for each GPU.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence

from names3risk.errors import ConfigError

PORT = 29_500


def torchrun_command(environment: Mapping[str, str], script: Sequence[str]) -> list[str] | None:
    """The command that starts a script once for each GPU of each machine.

    Args:
        environment: SM_HOSTS (a JSON list), SM_CURRENT_HOST and SM_NUM_GPUS.
        script: The script and its arguments.

    Returns:
        The command for this machine; None where one process is enough, or torchrun has started this one.

    Raises:
        ConfigError: The variables contradict each other.
    """
    if "RANK" in environment or "SM_HOSTS" not in environment:
        return None
    current = environment.get("SM_CURRENT_HOST", "")
    try:
        hosts = sorted(json.loads(environment["SM_HOSTS"]))
        machine = hosts.index(current)
        processes = max(1, int(environment.get("SM_NUM_GPUS", "0")))
    except (ValueError, TypeError) as error:
        raise ConfigError(
            f"SM_HOSTS={environment['SM_HOSTS']}, SM_CURRENT_HOST={current}, "
            f"SM_NUM_GPUS={environment.get('SM_NUM_GPUS', '')} do not describe the machines of a run",
            where="environment",
            expected="a JSON list of hosts, one of them, and a number",
        ) from error
    if len(hosts) * processes == 1:
        return None
    return [
        *(sys.executable, "-m", "torch.distributed.run"),
        *("--nnodes", str(len(hosts)), "--node-rank", str(machine), "--nproc-per-node", str(processes)),
        *("--master-addr", hosts[0], "--master-port", str(PORT)),
        *script,
    ]


def launch_processes() -> None:
    """Runs this script under torchrun and exits as it does, where the machines have work for several processes."""
    command = torchrun_command(os.environ, sys.argv)
    if command is not None:
        ended = subprocess.run(command, check=False)
        sys.exit(ended.returncode)
