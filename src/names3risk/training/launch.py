"""Starts the processes of a run where the container started a single one on each machine.

SageMaker's distribution setting runs scripts under torchrun already. Without it, SM_HOSTS, SM_CURRENT_HOST and
SM_NUM_GPUS say what there is: a script then starts itself again, as torchrun would, once for each GPU.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from names3risk.errors import ConfigError, TrainingError
from names3risk.training.telling import TOLD

PORT = 29_500
SECONDS_TO_SAVE = 100
"""How long processes may take to save what they have once they have been told to end; a spot machine stays for 120."""


@dataclass(frozen=True)
class Machines:
    """The machines of a run.

    Args:
        hosts: Their names, in an order that all agree on; the processes meet at the first.
        current: Position of this machine among them.
        processes: Processes on each.
    """

    hosts: tuple[str, ...]
    current: int
    processes: int


def find_machines(environment: Mapping[str, str]) -> Machines | None:
    """The machines that a script has to start its processes on.

    Args:
        environment: SM_HOSTS (a JSON list), SM_CURRENT_HOST and SM_NUM_GPUS.

    Returns:
        The machines; None where one process is enough, or torchrun has started this one.

    Raises:
        ConfigError: The variables contradict each other.
    """
    if "RANK" in environment or "SM_HOSTS" not in environment:
        return None
    current = environment.get("SM_CURRENT_HOST", "")
    try:
        hosts = tuple(sorted(json.loads(environment["SM_HOSTS"])))
        machines = Machines(hosts, hosts.index(current), max(1, int(environment.get("SM_NUM_GPUS", "0"))))
    except (ValueError, TypeError) as error:
        raise ConfigError(
            f"SM_HOSTS={environment['SM_HOSTS']}, SM_CURRENT_HOST={current}, "
            f"SM_NUM_GPUS={environment.get('SM_NUM_GPUS', '')} do not describe the machines of a run",
            where="environment",
            expected="a JSON list of hosts, one of them, and a number",
        ) from error
    return machines if len(hosts) * machines.processes > 1 else None


def launch_processes() -> None:
    """Runs this script in several processes and ends as they do, where the machines have work for several.

    Of those the first alone logs how the run goes.

    Raises:
        ConfigError: The environment contradicts itself.
        TrainingError: A process ended without telling why.
    """
    if os.environ.get("RANK", "0") != "0":
        logging.getLogger("names3risk").setLevel(logging.WARNING)
    machines = find_machines(os.environ)
    if machines is None:
        return
    os.environ.setdefault("OMP_NUM_THREADS", str(max(1, (os.cpu_count() or 1) // machines.processes)))
    if "SM_NETWORK_INTERFACE_NAME" in os.environ:
        os.environ.setdefault("GLOO_SOCKET_IFNAME", os.environ["SM_NETWORK_INTERFACE_NAME"])
        os.environ.setdefault("NCCL_SOCKET_IFNAME", os.environ["SM_NETWORK_INTERFACE_NAME"])
    os.environ["TORCH_ELASTIC_SHUTDOWN_TIMEOUT"] = str(SECONDS_TO_SAVE)
    with TemporaryDirectory(prefix="names3risk-processes-") as folder:
        failure = _run(machines, folder)
        told = any(Path(folder).rglob(TOLD))
    if failure and not told:
        raise TrainingError(failure, where="training", mend="the lines of that process above may tell more")
    sys.exit(1 if failure else 0)


def _run(machines: Machines, folder: str) -> str | None:
    """Runs the processes of this machine; tells which failed first, and how."""
    from torch.distributed.elastic.multiprocessing import DefaultLogsSpecs, SignalException
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
    from torch.distributed.launcher.api import LaunchConfig, elastic_launch

    several = len(machines.hosts) > 1
    config = LaunchConfig(
        min_nodes=len(machines.hosts),
        max_nodes=len(machines.hosts),
        nproc_per_node=machines.processes,
        run_id="names3risk",
        rdzv_backend="static" if several else "c10d",
        rdzv_endpoint=f"{machines.hosts[0]}:{os.environ.get('MASTER_PORT', PORT)}" if several else "localhost:0",
        rdzv_configs={"rank": machines.current},
        max_restarts=0,
        logs_specs=DefaultLogsSpecs(log_dir=folder),
    )
    for name in list(logging.root.manager.loggerDict):
        if name.startswith("torch.distributed"):  # what they report is told in one message
            logging.getLogger(name).setLevel(logging.CRITICAL)
    try:
        elastic_launch(config, sys.executable)(*sys.argv)
    except ChildFailedError as error:
        rank, first = error.get_first_failure()
        how = f"by {signal.Signals(-first.exitcode).name}" if first.exitcode < 0 else f"with code {first.exitcode}"
        return f"process {rank} of {len(machines.hosts) * machines.processes} ended {how}"
    except SignalException as error:
        return f"stopped by {signal.Signals(error.sigval).name}"
    return None
