"""The machines of a step, emulated as processes: one folder for `/opt/ml` each."""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline_steps.local.comparison import compare, outside_findings, start_analysis
from pipeline_steps.local.containers import OPT_ML, PIP_ANSWER, base_environment, join_paths
from pipeline_steps.local.errors import StepError, StepStopped
from pipeline_steps.local.evidence import describe_code, evidence, hint_at_hard_coded_root
from pipeline_steps.local.files import write_json
from pipeline_steps.local.job import Job
from pipeline_steps.local.memory import over_budget
from pipeline_steps.local.processes import MARK, Command, Ended, run_commands
from pipeline_steps.local.sandbox import View, program_folders
from pipeline_steps.local.trace import TRACE_FOLDER, Trace, mark_unread, read_trace, tracing_variables

if TYPE_CHECKING:
    from pipeline_script_contracts.analysis import Analysis


@dataclass(frozen=True)
class Host:
    """One emulated machine.

    Attributes:
        name: `algo-1`, `algo-2`, ...
        index: From 0.
        base: Stands for `/opt/ml`.
        view: `base` as its processes see it: `/opt/ml` itself in sandbox mode.
        work: Where its processes start in portable mode, and where temporary files go.
    """

    name: str
    index: int
    base: Path
    view: Path
    work: Path

    @property
    def temporary(self) -> Path:
        """The folder for temporary files."""
        return self.work / "tmp"


def make_hosts(job: Job, count: int) -> list[Host]:
    """Makes the folders of a step's machines.

    Args:
        job: The attempt.
        count: `InstanceCount`.
    """
    hosts = []
    for index in range(count):
        folder = job.folder / f"algo-{index + 1}"
        base = folder / "opt" / "ml"
        view = Path(OPT_ML) if job.run.sandbox else base
        host = Host(f"algo-{index + 1}", index, base, view, folder / "work")
        host.base.mkdir(parents=True, exist_ok=True)
        host.temporary.mkdir(parents=True, exist_ok=True)
        hosts.append(host)
    return hosts


def write_resource_config(path: Path, host: Host, count: int, instance_type: str) -> None:
    """Writes `resourceconfig.json` as SageMaker does."""
    names = [f"algo-{index + 1}" for index in range(count)]
    group = {"instance_group_name": "homogeneousCluster", "instance_type": instance_type, "hosts": names}
    write_json(
        path,
        {
            "current_host": host.name,
            "current_instance_type": instance_type,
            "current_group_name": "homogeneousCluster",
            "hosts": names,
            "instance_groups": [group],
            "network_interface_name": "lo",
        },
    )


def run_hosts(
    job: Job,
    hosts: Sequence[Host],
    command_for: Callable[[Host], Sequence[str]],
    environment_for: Callable[[Host], Mapping[str, str]],
    *,
    timeout: float | None,
    isolated: bool = False,
    folder_for: Callable[[Host], Path] | None = None,
) -> Ended:
    """Runs a step's container on every machine.

    Args:
        job: The attempt.
        hosts: Its machines.
        command_for: The command on a machine, `/opt/ml` already replaced.
        environment_for: The step's own variables there.
        timeout: `MaxRuntimeInSeconds`.
        isolated: `EnableNetworkIsolation`.
        folder_for: Where the process starts, as it sees it; a folder for scratch files by default.

    Returns:
        How the processes ended, all of them well.

    Raises:
        StepError: One did not; the message has the end of the log and the failure file.
        StepStopped: The run is being stopped.
    """
    if isolated and not job.run.sandbox:
        job.warn("EnableNetworkIsolation is not enforced in portable mode")
    commands = [
        Command(
            arguments=_in_sandbox(job, host, hosts, command_for(host), folder_for, isolated=isolated),
            environment=_environment(job, host, environment_for(host), max(1, job.threads // len(hosts))),
            folder=folder_for(host) if folder_for and not job.run.sandbox else host.work,
            label=host.name if len(hosts) > 1 else "",
        )
        for host in hosts
    ]
    analysis, before = None, []
    if job.run.sandbox:
        script = _script(job, hosts[0], command_for(hosts[0]))
        analysis = start_analysis(script) if script else None  # it takes seconds: beside the step, not after it
        before = [mark_unread(host.base) for host in hosts]
    ended = run_commands(
        commands,
        log=job.log,
        timeout=timeout,
        stopping=job.run.stopping,
        grace=lambda: job.run.grace,
        on_line=lambda line: _hear(job, line),
        refuse=lambda: over_budget(job.run.run_dir, job.folder, job.run.memory),
    )
    if job.run.sandbox:
        job.trace = read_trace(hosts, before)
        job.findings = _findings(job, job.trace, None if ended.stopped else analysis)
    _insist_on_success(job, hosts, ended, timeout)
    return ended


def _insist_on_success(job: Job, hosts: Sequence[Host], ended: Ended, timeout: float | None) -> None:
    left = evidence(job.log, {host.name: host.base for host in hosts})
    if ended.timed_out:
        raise StepError(f"was ended after {timeout:g} s, its StoppingCondition.MaxRuntimeInSeconds{left}")
    if ended.refused:
        raise StepError(ended.refused + left, retry_as=("SageMaker.CAPACITY_ERROR",))
    if ended.stopped:
        raise StepStopped
    # A machine that failed by itself says more than those that were ended for it.
    code = next((code for code in ended.codes if code > 0), 0) or next((code for code in ended.codes if code), 0)
    if code:
        retry_as = ("SageMaker.JOB_INTERNAL_ERROR",) if code < 0 else ()
        hint = "" if job.run.sandbox else hint_at_hard_coded_root(job.log)
        raise StepError(describe_code(code) + hint + left, retry_as=retry_as)


def _script(job: Job, host: Host, command: Sequence[str]) -> Path | None:
    """The script that a command starts, when it is one of the step's own and does its reading and writing itself."""
    if Path(command[0]).name == "spark-submit":
        job.warn("Spark reads and writes for the script: that is recorded, and not compared with the static analysis")
        return None
    found = next((Path(word) for word in command if word.endswith(".py") and host.view in Path(word).parents), None)
    return found and host.base / found.relative_to(host.view)


def _findings(job: Job, trace: Trace, analysis: Future[Analysis] | None) -> list[dict[str, str]]:
    found = outside_findings(trace)
    if analysis is None:
        return found
    try:
        return found + compare(trace, analysis.result())
    except Exception as error:  # noqa: BLE001 - what is said about a step must not fail it
        job.warn(f"what it used could not be compared with the static analysis: {type(error).__name__}: {error}")
        return found


def _environment(job: Job, host: Host, own: Mapping[str, str], threads: int) -> dict[str, str]:
    temporary = "/tmp" if job.run.sandbox else str(host.temporary)  # noqa: S108 - it is the step's own
    base = base_environment(job.run.python, temporary, threads)
    environment = {**base, **own, MARK: str(job.folder)}
    if "PYTHONPATH" in own:
        environment["PYTHONPATH"] = join_paths(base["PYTHONPATH"], own["PYTHONPATH"])
    if job.run.sandbox:
        environment |= {"HOME": temporary, **tracing_variables(environment)}
        environment.setdefault("PYTHONUSERBASE", str(Path.home() / ".local"))
    return environment


def _in_sandbox(
    job: Job,
    host: Host,
    hosts: Sequence[Host],
    command: Sequence[str],
    folder_for: Callable[[Host], Path] | None,
    *,
    isolated: bool,
) -> list[str]:
    """The command as it is started: inside the sandbox, when there is one."""
    if job.run.sandbox is None:
        return list(command)
    (host.temporary / TRACE_FOLDER).mkdir(exist_ok=True)
    names = host.work / "hosts"
    known = [
        "localhost",
        socket.gethostname(),
        *(other.name for other in hosts),
    ]  # torchrun meets at the machine's name
    names.write_text(f"127.0.0.1 {' '.join(known)}\n", encoding="utf-8")
    view = View(
        base=host.base,
        temporary=host.temporary,
        folder=str(folder_for(host)) if folder_for else "/tmp",  # noqa: S108 - it is the step's own
        hosts=names,
        network=not isolated,
        programs=program_folders(job.run.python),
    )
    return job.run.sandbox.wrap(command, view)


def seconds_allowed(arguments: Mapping[str, Any]) -> float | None:
    """`StoppingCondition.MaxRuntimeInSeconds`, or None."""
    value = (arguments.get("StoppingCondition") or {}).get("MaxRuntimeInSeconds")
    return None if value is None else float(value)


def _hear(job: Job, line: str) -> None:
    job.say(line)
    if PIP_ANSWER in line:
        job.warn(line)
