"""The processes of a step: each in a session of its own, its output streamed to a log, none left behind."""

from __future__ import annotations

import os
import queue
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

MARK = "LOCAL_RUN_STEP_FOLDER"
"""The variable by which processes of a killed run are found again."""

_LINE_END = re.compile(rb"[\r\n]+")
_LONGEST_LINE = 64 * 1024


@dataclass(frozen=True)
class Command:
    """One process.

    Attributes:
        arguments: The program and its arguments.
        environment: All of its variables.
        folder: Where it starts.
        label: Stands before each of its log lines; empty for a step with one process.
    """

    arguments: Sequence[str]
    environment: Mapping[str, str]
    folder: Path
    label: str = ""


@dataclass(frozen=True)
class Ended:
    """How the processes of a step ended.

    Attributes:
        codes: The exit code of each; negative for a signal.
        timed_out: They were ended because their time was up.
        stopped: They were ended because the run is being stopped.
        refused: Why else they were ended; empty when they were not.
        peak_memory_bytes: The largest resident size of one of them.
    """

    codes: Sequence[int]
    timed_out: bool
    stopped: bool
    refused: str
    peak_memory_bytes: int


def run_commands(
    commands: Sequence[Command],
    *,
    log: Path,
    timeout: float | None,
    stopping: threading.Event,
    grace: Callable[[], float],
    on_line: Callable[[str], None],
    refuse: Callable[[], str | None] = lambda: None,
) -> Ended:
    """Runs processes side by side until all have ended; when one fails, the others are ended.

    Args:
        commands: What to run.
        log: The file for their output, both streams.
        timeout: Seconds after which they are ended; None for no limit.
        stopping: When it is set, they are ended.
        grace: Seconds between asking a process to end (SIGTERM) and ending it (SIGKILL).
        on_line: Called with each line of output.
        refuse: Called once a second; the processes are ended when it gives a reason.

    Returns:
        How they ended.

    Raises:
        OSError: A process cannot be started or the log cannot be written.
    """
    ended: queue.Queue[tuple[int, int, int]] = queue.Queue()
    with log.open("ab") as file:
        output = _Log(file, on_line)
        running: dict[int, subprocess.Popen[bytes]] = {}
        threads: list[threading.Thread] = []
        codes = [0] * len(commands)
        peak, timed_out, refused, asked_at = 0, False, "", 0.0
        look_again = time.monotonic() + 1
        deadline = float("inf") if timeout is None else time.monotonic() + timeout
        try:
            for index, command in enumerate(commands):
                process = _start(command)
                running[index] = process
                threads += [
                    threading.Thread(target=output.pump, args=(process.stdout, command.label), daemon=True),
                    threading.Thread(target=_wait, args=(index, process, ended), daemon=True),
                ]
                for thread in threads[-2:]:
                    thread.start()
            while running:
                try:
                    index, codes[index], memory = ended.get(timeout=0.2)
                    del running[index]
                    peak = max(peak, memory)
                except queue.Empty:
                    pass
                now = time.monotonic()
                timed_out = timed_out or (now >= deadline and not stopping.is_set())
                if now >= look_again:
                    refused, look_again = refused or refuse() or "", now + 1
                if not asked_at and (timed_out or refused or stopping.is_set() or any(codes) or output.error):
                    _signal(running.values(), signal.SIGTERM)
                    asked_at = now
                if asked_at and now >= asked_at + grace():
                    _signal(running.values(), signal.SIGKILL)
        finally:
            _signal(running.values(), signal.SIGKILL)
            for thread in threads:
                thread.join(timeout=5)
        if output.error:
            raise output.error
    return Ended(codes, timed_out, stopping.is_set() and any(codes), refused, peak)


def end_leftovers(folder: Path) -> int:
    """Ends the processes that a killed run left behind.

    Args:
        folder: The run's folder; only processes started for it are ended.

    Returns:
        How many there were.
    """
    count = 0
    for pid, _ in marked_processes(folder):
        try:
            os.kill(pid, signal.SIGKILL)
            count += 1
        except ProcessLookupError:
            continue  # it has ended by itself
    return count


def marked_processes(folder: Path) -> Iterator[tuple[int, str]]:
    """The processes that were started for a run, each with the folder of its attempt.

    Args:
        folder: The run's folder.
    """
    mark = f"{MARK}={folder}/".encode()
    for entry in Path("/proc").glob("[0-9]*/environ"):
        try:
            variables = entry.read_bytes().split(b"\0")
        except OSError:
            continue  # it has ended, or is another user's
        found = next((item for item in variables if item.startswith(mark)), None)
        if found and int(entry.parent.name) != os.getpid():
            yield int(entry.parent.name), os.fsdecode(found.partition(b"=")[2])


def _start(command: Command) -> subprocess.Popen[bytes]:
    guard = shutil.which("setpriv")
    arguments = [guard, "--pdeathsig", "KILL", "--", *command.arguments] if guard else list(command.arguments)
    return subprocess.Popen(
        arguments,
        env=dict(command.environment),
        cwd=command.folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


def _wait(index: int, process: subprocess.Popen[bytes], ended: queue.Queue[tuple[int, int, int]]) -> None:
    if sys.platform != "darwin":  # which has no waitid
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        _signal([process], signal.SIGKILL)  # what it left in the background; its id is still its own here
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    ended.put((index, process.returncode, usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)))


def _signal(processes: Iterable[subprocess.Popen[bytes]], number: int) -> None:
    for process in list(processes):
        try:
            os.killpg(process.pid, number)
        except (ProcessLookupError, PermissionError):
            continue


class _Log:
    """Collects the output of several processes, line by line."""

    def __init__(self, file: IO[bytes], on_line: Callable[[str], None]) -> None:
        self.file, self.on_line = file, on_line
        self.lock = threading.Lock()
        self.error: OSError | None = None

    def pump(self, stream: IO[bytes], label: str) -> None:
        prefix = f"[{label}] ".encode() if label else b""
        rest = b""
        with stream:
            while chunk := os.read(stream.fileno(), 65536):
                *lines, rest = _LINE_END.split(rest + chunk)
                if len(rest) > _LONGEST_LINE:
                    lines, rest = [*lines, rest], b""
                self._write(prefix, lines)
            self._write(prefix, [rest] if rest else [])

    def _write(self, prefix: bytes, lines: list[bytes]) -> None:
        with self.lock:
            for line in lines:
                if not line:
                    continue
                try:
                    self.file.write(prefix + line + b"\n")
                    self.file.flush()
                except OSError as error:
                    self.error = self.error or error
                self.on_line((prefix + line).decode("utf-8", "replace"))
