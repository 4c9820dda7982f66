"""Sandbox mode: the step sees its own folder at `/opt/ml`, and can write nowhere else.

Bubblewrap does it where it is installed, user namespaces (`unshare`) otherwise.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import ClassVar

from pipeline_steps.local.errors import LocalRunError

_OPT_ML = Path("/opt/ml")
_MEND = (
    "install bubblewrap (on Debian and Ubuntu: apt-get install bubblewrap), or allow user namespaces "
    "(sysctl kernel.unprivileged_userns_clone=1; on Ubuntu also kernel.apparmor_restrict_unprivileged_userns=0), "
    "or run in portable mode"
)


@dataclass(frozen=True)
class View:
    """What a process in the sandbox sees.

    Attributes:
        base: Is at /opt/ml.
        temporary: Is at /tmp.
        folder: Where the process starts, as it sees it.
        hosts: A file to see as /etc/hosts; None for the machine's own.
        network: Whether there is one.
        programs: Folders that have to be seen where they are: interpreters and packages.
    """

    base: Path
    temporary: Path
    folder: str = "/tmp"  # noqa: S108 - it is the step's own
    hosts: Path | None = None
    network: bool = True
    programs: Sequence[Path] = ()


class Sandbox(ABC):
    """A way to give a process its own view of the files."""

    program: ClassVar[str]

    @abstractmethod
    def wrap(self, command: Sequence[str], view: View) -> list[str]:
        """The command that runs `command` with that view."""

    def problem(self) -> str | None:
        """Why it does not work on this machine; None when it does."""
        if shutil.which(self.program) is None:
            return f"{self.program} is not installed"
        with tempfile.TemporaryDirectory() as folder:
            base, temporary = Path(folder) / "ml", Path(folder) / "tmp"
            base.mkdir()
            temporary.mkdir()
            (base / "probe").touch()
            command = self.wrap(["/bin/sh", "-c", "test -f /opt/ml/probe"], View(base, temporary))
            answer = subprocess.run(command, capture_output=True, text=True)
        if answer.returncode:
            return f"{self.program} does not work here: {answer.stderr.strip() or 'no reason given'}"
        return None


class Bubblewrap(Sandbox):
    """`bwrap`: the whole file system read-only, and the step's folders in it."""

    program: ClassVar[str] = "bwrap"

    def wrap(self, command: Sequence[str], view: View) -> list[str]:
        """See the base class."""
        line = [self.program, "--die-with-parent"]
        for path in _entries(Path("/"), without=("opt", "tmp", "dev", "proc")):
            if path.is_symlink():
                line += ["--symlink", str(path.readlink()), str(path)]
            else:
                line += ["--ro-bind", str(path), str(path)]
        for path in _entries(Path("/opt"), without=("ml",)):
            line += ["--ro-bind", str(path), str(path)]
        line += ["--dev-bind", "/dev", "/dev", "--ro-bind", "/proc", "/proc"]
        line += ["--bind", str(view.temporary), "/tmp", "--bind", str(view.base), str(_OPT_ML)]  # noqa: S108
        for path in _below_tmp(view.programs):
            line += ["--ro-bind", str(path), str(path)]
        if view.hosts:
            line += ["--ro-bind", str(view.hosts), "/etc/hosts"]
        if not view.network:
            line.append("--unshare-net")
        return [*line, "--remount-ro", "/", "--chdir", view.folder, "--", *command]


class Namespaces(Sandbox):
    """`unshare`: a mount namespace of the step's own; other mounted disks stay writable."""

    program: ClassVar[str] = "unshare"

    def wrap(self, command: Sequence[str], view: View) -> list[str]:
        """See the base class."""
        line = [self.program, "--mount", "--propagation", "private"]
        if os.geteuid() != 0:
            line += ["--user", "--map-root-user"]
        if not view.network:
            line.append("--net")
        # The mount points are made on a small disk in memory that only this namespace has.
        disk = str(view.temporary / ".mounts")
        steps = ["set -e", _line("mkdir", "-p", disk), _line("mount", "-t", "tmpfs", "tmpfs", disk)]
        steps += [_line("mkdir", "-p", f"{disk}/opt/ml", f"{disk}/programs")]
        for path in _entries(Path("/opt"), without=("ml",)):
            kept = f"{disk}/opt/{path.name}"
            steps += [_line("mkdir" if path.is_dir() else "touch", kept), *_bind_read_only(path, kept)]
        programs = list(_below_tmp(view.programs))
        for index, path in enumerate(programs):
            steps += [_line("mkdir", f"{disk}/programs/{index}"), *_bind_read_only(path, f"{disk}/programs/{index}")]
        steps += [_bind(view.base, f"{disk}/opt/ml")]
        if view.hosts:
            steps += [_bind(view.hosts, "/etc/hosts")]
        steps += [_bind(Path(disk) / "opt", "/opt")]
        steps += [_bind(view.temporary, "/tmp")]  # noqa: S108
        for index, path in enumerate(programs):
            steps += [_line("mkdir", "-p", str(path)), _bind(Path(f"/tmp/.mounts/programs/{index}"), str(path))]  # noqa: S108
        steps += ["mount -o remount,bind,ro / 2>/dev/null || true"]
        if not view.network:
            steps += ["ip link set lo up 2>/dev/null || true"]
        steps += [f"cd {shlex.quote(view.folder)}", 'exec "$@"']
        return [*line, "/bin/sh", "-c", "\n".join(steps), "sandbox", *command]


SANDBOXES: tuple[Sandbox, ...] = (Bubblewrap(), Namespaces())


@cache
def find_sandbox() -> Sandbox:
    """The first way that works on this machine.

    Raises:
        LocalRunError: None does; the message says why, and how to mend it.
    """
    problems = []
    for sandbox in SANDBOXES:
        problem = sandbox.problem()
        if problem is None:
            return sandbox
        problems.append(problem)
    raise LocalRunError(f"sandbox mode cannot be had here: {'; '.join(problems)}", mend=_MEND)


def program_folders(python: str) -> list[Path]:
    """The folders that an interpreter and its packages come from.

    Args:
        python: The interpreter.
    """
    folders = {Path(python).parent.parent, Path(python).resolve().parent.parent, Path(__file__).parents[2]}
    if Path(python) == Path(sys.executable):
        folders |= {Path(entry) for entry in (*sys.path, sys.prefix, sys.base_prefix) if entry}
    return sorted(folder for folder in folders if folder.is_dir())


def _entries(folder: Path, without: Sequence[str]) -> Iterator[Path]:
    if folder.is_dir():
        for path in sorted(folder.iterdir()):
            if path.name not in without and (path.is_symlink() or os.access(path, os.R_OK)):
                yield path


def _below_tmp(folders: Sequence[Path]) -> Iterator[Path]:
    """Those that the step's own /tmp would hide, without the ones inside others."""
    hidden = [folder for folder in folders if folder.is_relative_to("/tmp") and folder != Path("/tmp")]  # noqa: S108
    for folder in hidden:
        if not any(folder != other and folder.is_relative_to(other) for other in hidden):
            yield folder


def _line(*words: str) -> str:
    return shlex.join(words)


def _bind(source: Path, target: str) -> str:
    return _line("mount", "--rbind", str(source), target)


def _bind_read_only(source: Path, target: str) -> list[str]:
    return [_bind(source, target), _line("mount", "-o", "remount,bind,ro", target) + " 2>/dev/null || true"]
