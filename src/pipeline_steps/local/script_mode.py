"""Script mode: `sagemaker_program` out of `sagemaker_submit_directory`, as SageMaker's training toolkit runs it."""

from __future__ import annotations

import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from pipeline_steps.local.archives import unpack
from pipeline_steps.local.containers import inside
from pipeline_steps.local.errors import LocalRunError, StepError
from pipeline_steps.local.files import copy_file, regular_files
from pipeline_steps.local.hosts import Host
from pipeline_steps.local.job import Job
from pipeline_steps.local.toolkit import count_gpus, decoded, script_arguments, users_own


@dataclass(frozen=True)
class ScriptMode:
    """A script that the toolkit would start.

    Attributes:
        program: The script, relative to `/opt/ml/code`; a shell script when it does not end in `.py`.
        arguments: Hyperparameters as `--name value`.
        python: The interpreter.
        nodes: How many machines torchrun shall span; 0 for no torchrun.
        port: Where its machines meet.
    """

    program: str
    arguments: Sequence[str]
    python: str
    nodes: int
    port: int

    def command(self, host: Host) -> list[str]:
        """The command on a machine."""
        script = [str(host.view / "code" / self.program), *self.arguments]
        if not self.program.endswith(".py"):
            return ["/bin/bash", *script]
        if not self.nodes:
            return [self.python, *script]
        return [
            self.python,
            "-m",
            "torch.distributed.run",
            f"--nnodes={self.nodes}",
            f"--nproc_per_node={count_gpus() or 1}",
            f"--node_rank={host.index}",
            "--master_addr=127.0.0.1",
            f"--master_port={self.port}",
            *script,
        ]

    def variables(self, host: Host) -> dict[str, str]:
        """What the toolkit sets for frameworks that meet over the network."""
        return {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(self.port), "PYTHONPATH": str(host.view / "code")}


def script_mode(job: Job, hosts: Sequence[Host], hyperparameters: Mapping[str, str]) -> ScriptMode | None:
    """Unpacks the source of a script-mode job.

    Args:
        job: The attempt.
        hosts: Its machines.
        hyperparameters: As in hyperparameters.json.

    Returns:
        How to start the script; None when the job names a command of its own.

    Raises:
        StepError: The source cannot be had, or lacks the script.
    """
    values = decoded(hyperparameters)
    if "sagemaker_program" not in values or (job.arguments["AlgorithmSpecification"]).get("ContainerEntrypoint"):
        return None
    program, source = str(values["sagemaker_program"]), values.get("sagemaker_submit_directory")
    if PurePosixPath(program).is_absolute() or ".." in PurePosixPath(program).parts:
        raise StepError(f"sagemaker_program {program!r} leads outside the source folder")
    for host in hosts:
        code = host.base / "code"
        if source:
            _fetch(str(source), job, host, code)
        if not (code / program).is_file():
            raise StepError(f"sagemaker_program {program!r} is not in {source or code}")
        if (code / "requirements.txt").is_file():
            job.warn("requirements.txt is not installed here: the packages of this machine's interpreter are used")
    distributed = values.get("sagemaker_torch_distributed_enabled") in (True, "true", "True")
    return ScriptMode(
        program,
        script_arguments(users_own(values)),
        job.run.python,
        len(hosts) if distributed else 0,
        free_port(),
    )


def _fetch(source: str, job: Job, host: Host, code: Path) -> None:
    """Puts the source where the toolkit would: from an archive in S3, or from a folder or archive of the container."""
    try:
        if not source.startswith("/"):
            unpack(job.run.storage.objects(source)[0].path, code)
            return
        place = inside(source, host.base)
        if place.is_dir():
            for name, path in regular_files(place):
                copy_file(path, code / name)
        else:
            unpack(place, code)
    except (LocalRunError, ValueError) as error:
        raise StepError(f"sagemaker_submit_directory: {error}") from None
    except FileNotFoundError:
        raise StepError(f"sagemaker_submit_directory: there is nothing at {source}") from None


def free_port() -> int:
    """A port on this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
