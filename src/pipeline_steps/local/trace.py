"""What a step really used, read back from what its processes recorded."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Protocol

TRACE_FOLDER = ".trace"
_HOOK = Path(__file__).parent / "workers" / "tracing"
_OPT_ML = "/opt/ml"
_OWN = ("/opt/ml", "/tmp", "/dev", "/proc")  # noqa: S108 - in the sandbox /tmp is the step's own
_NEVER_READ = 0


class _Host(Protocol):
    @property
    def base(self) -> Path: ...
    @property
    def temporary(self) -> Path: ...


@dataclass
class Trace:
    """What the processes of a step used. Paths are as they saw them; each list is sorted.

    Attributes:
        read: Files below /opt/ml that were read, also those that only native code opened.
        written: Files below /opt/ml that were written.
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


def tracing_variables(environment: Mapping[str, str]) -> dict[str, str]:
    """The variables that make Python processes record what they use."""
    path = [str(_HOOK), *environment.get("PYTHONPATH", "").split(os.pathsep)]
    return {
        "PYTHONPATH": os.pathsep.join(entry for entry in path if entry),
        "LOCAL_RUN_TRACE_FOLDER": f"/tmp/{TRACE_FOLDER}",  # noqa: S108 - as the step sees it
    }


def mark_unread(base: Path) -> None:
    """Sets the access time of a step's files far back, so that reading one shows, whoever reads it."""
    for path in _files(base):
        status = path.stat()
        os.utime(path, ns=(_NEVER_READ, status.st_mtime_ns))


def read_trace(hosts: Sequence[_Host]) -> Trace:
    """What the processes of all machines recorded."""
    found: dict[str, set[str]] = {}
    for host in hosts:
        for path in sorted((host.temporary / TRACE_FOLDER).glob("*.jsonl")):
            for kind, name in _lines(path):
                found.setdefault(kind, set()).add(name)
        for path in _files(host.base):
            seen = f"{_OPT_ML}/{path.relative_to(host.base).as_posix()}"
            if seen not in found.get("write", ()) and path.stat().st_atime_ns != _NEVER_READ:
                found.setdefault("read", set()).add(seen)
    changed = found.get("write", set()) | found.get("change", set())
    inside = {path for path in changed if _is_below(path, (_OPT_ML,))}
    return Trace(
        read=sorted(found.get("read", ())),
        written=sorted(inside & found.get("write", set())),
        listed=sorted(found.get("list", ())),
        outside=sorted(path for path in changed if not _is_below(path, _OWN)),
        variables=sorted(found.get("variable", ())),
        arguments=sorted(found.get("argument", ())),
        commands=sorted(found.get("command", ())),
    )


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


def _is_below(path: str, folders: Sequence[str]) -> bool:
    return any(path == folder or path.startswith(f"{folder}/") for folder in folders)
