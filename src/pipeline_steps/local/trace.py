"""What a step really used, read back from what its processes recorded."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Protocol

from pipeline_steps.local.containers import join_paths

TRACE_FOLDER = ".trace"
_HOOK = Path(__file__).parent / "workers" / "tracing"
_OPT_ML = "/opt/ml"
_OWN = ("/opt/ml", "/tmp", "/dev", "/proc")  # noqa: S108 - in the sandbox /tmp is the step's own
_NEVER_READ = 0
FilesBefore = Mapping[str, tuple[int, int, int]]
"""Each file of a step before it ran: time of change, size, inode."""


class _Host(Protocol):
    @property
    def base(self) -> Path: ...
    @property
    def temporary(self) -> Path: ...


@dataclass
class Trace:
    """What the processes of a step used. Paths are as they saw them; each list is sorted.

    Attributes:
        read: Files below /opt/ml that were there before and were read, by Python or by native code.
        written: Files below /opt/ml that are new or changed.
        listed: Folders below /opt/ml whose content was listed.
        outside: Files and folders elsewhere that were written or changed, or that this was tried on.
        variables: Environment variables that the step's own code asked for.
        arguments: Arguments that its command line parsers know.
        commands: Programs that it started.
    """

    read: list[str] = field(default_factory=list)
    written: list[str] = field(default_factory=list)
    listed: list[str] = field(default_factory=list)
    outside: list[str] = field(default_factory=list)
    variables: list[str] = field(default_factory=list)
    arguments: list[str] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """The trace as the run record has it."""
        return asdict(self)

    def joined(self, other: Trace) -> Trace:
        """What this step and another one used together."""
        mine, others = asdict(self), asdict(other)
        return Trace(**{name: sorted({*mine[name], *others[name]}) for name in mine})


def tracing_variables(environment: Mapping[str, str]) -> dict[str, str]:
    """The variables that make Python processes record what they use."""
    return {
        "PYTHONPATH": join_paths(_HOOK, environment.get("PYTHONPATH", "")),
        "LOCAL_RUN_TRACE_FOLDER": f"/tmp/{TRACE_FOLDER}",  # noqa: S108 - as the step sees it
    }


def mark_unread(base: Path) -> FilesBefore:
    """Notes a step's files, and sets their access times far back, so that reading one shows, whoever reads it.

    Args:
        base: The folder at /opt/ml.

    Returns:
        What `read_trace` needs to know of them.
    """
    before = {}
    for path in _files(base):
        status = path.stat()
        os.utime(path, ns=(_NEVER_READ, status.st_mtime_ns))
        before[_as_seen(path, base)] = (status.st_mtime_ns, status.st_size, status.st_ino)
    return before


def read_trace(hosts: Sequence[_Host], before: Sequence[FilesBefore]) -> Trace:
    """What the processes of all machines recorded, and what their files show.

    Args:
        hosts: The machines.
        before: What `mark_unread` gave for each of them.
    """
    told: dict[str, set[str]] = {}
    read: set[str] = set()
    written: set[str] = set()
    for host, known in zip(hosts, before, strict=True):
        for path in sorted((host.temporary / TRACE_FOLDER).glob("*.jsonl")):
            for kind, name in _lines(path):
                told.setdefault(kind, set()).add(name)
        for path in _files(host.base):
            name, status = _as_seen(path, host.base), path.stat()
            if known.get(name) != (status.st_mtime_ns, status.st_size, status.st_ino):
                written.add(name)
            elif status.st_atime_ns != _NEVER_READ:
                read.add(name)
        read |= told.get("read", set()) & known.keys()
    return Trace(
        read=sorted(read),
        written=sorted(written),
        listed=sorted(told.get("list", ())),
        outside=sorted(path for path in told.get("write", set()) | told.get("change", set()) if not _is_own(path)),
        variables=sorted(told.get("variable", ())),
        arguments=sorted(told.get("argument", ())),
        commands=sorted(told.get("command", ())),
    )


def _as_seen(path: Path, base: Path) -> str:
    return f"{_OPT_ML}/{path.relative_to(base).as_posix()}"


def _files(base: Path) -> Iterator[Path]:
    for folder, _, names in os.walk(base):
        for name in names:
            path = Path(folder, name)
            if path.is_file() and not path.is_symlink():
                yield path


def _lines(path: Path) -> Iterator[tuple[str, str]]:
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            kind, name = json.loads(line)
        except ValueError:
            continue  # the process was killed while it wrote this line
        yield kind, name


def _is_own(path: str) -> bool:
    return any(path == folder or path.startswith(f"{folder}/") for folder in _OWN)
