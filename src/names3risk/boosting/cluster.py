"""The machines of a training job, and how XGBoost's processes on them find each other.

SageMaker says in resourceconfig.json which machines there are. Each runs the same script; the first one also runs
XGBoost's tracker, at which all meet.
"""

from __future__ import annotations

import json
import socket
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from names3risk.errors import ConfigError, TrainingError

FIRST_PORT, PORTS = 20_000, 10_000
SECONDS_TO_MEET = 600
RETRIES = 60


@dataclass(frozen=True)
class Cluster:
    """The machines of a job.

    Args:
        hosts: The names of all of them.
        current: The name of this one.
        interface: The network interface that they talk over; `lo` says that all are this machine.
        job_name: The job's name, from which the tracker's port is made.
    """

    hosts: tuple[str, ...] = ("algo-1",)
    current: str = "algo-1"
    interface: str = "eth0"
    job_name: str = ""

    @property
    def size(self) -> int:
        """The number of machines."""
        return len(self.hosts)

    @property
    def rank(self) -> int:
        """The number of this machine, from 0."""
        return self.hosts.index(self.current)

    @property
    def tracker(self) -> tuple[str, int]:
        """Address and port at which the processes meet."""
        port = FIRST_PORT + zlib.crc32(self.job_name.encode()) % PORTS
        return "127.0.0.1" if self.interface == "lo" else self.hosts[0], port


def read_cluster(path: str | Path, job_name: str = "") -> Cluster:
    """Reads resourceconfig.json.

    Args:
        path: The file; where it is absent there is one machine.
        job_name: The name of the training job, which all machines know.

    Raises:
        ConfigError: The file does not say which machines there are.
    """
    path = Path(path)
    if not path.is_file():
        return Cluster(job_name=job_name)
    expected = "current_host and hosts, as SageMaker writes them"
    try:
        config: Any = json.loads(path.read_text(encoding="utf-8"))
        hosts = tuple(sorted(map(str, config["hosts"])))
        cluster = Cluster(hosts, config["current_host"], config.get("network_interface_name", "eth0"), job_name)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigError("does not name the machines of the job", where=path, expected=expected) from error
    if cluster.current not in cluster.hosts:
        raise ConfigError(f"current_host {cluster.current!r} is none of hosts", where=path, expected=expected)
    return cluster


@contextmanager
def communicating(cluster: Cluster) -> Iterator[None]:
    """Lets XGBoost's processes on all machines train as one; does nothing where there is one machine.

    Args:
        cluster: The machines.

    Yields:
        Nothing; train inside.

    Raises:
        TrainingError: The processes do not find each other within ten minutes, or one of them is lost.
    """
    if cluster.size == 1:
        yield
        return
    import xgboost
    from xgboost.tracker import RabitTracker

    host, port = cluster.tracker
    tracker = None
    try:
        if cluster.rank == 0:
            tracker = RabitTracker(cluster.size, host_ip=_address(host), port=port, sortby="task")
            tracker.start()
        settings: dict[str, int | str | None] = {
            "dmlc_tracker_uri": _address(host),
            "dmlc_tracker_port": port,
            "dmlc_task_id": f"{cluster.rank:04d}",
            "dmlc_retry": RETRIES,
            "dmlc_timeout": SECONDS_TO_MEET,
        }
        with xgboost.collective.CommunicatorContext(**settings):
            yield
        if tracker is not None:
            tracker.wait_for(timeout=SECONDS_TO_MEET)
    except (xgboost.core.XGBoostError, OSError) as error:
        reason = str(error).strip().splitlines()[0]
        raise TrainingError(
            f"the processes on {cluster.size} machines do not train together: {reason}",
            where=f"{host}:{port}",
            mend="look at the logs of the other machines; they must reach the first one at this port",
        ) from error


def _address(host: str) -> str:
    return socket.gethostbyname(host)
