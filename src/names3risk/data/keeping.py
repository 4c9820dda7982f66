"""Things that are made once and kept in a folder, each under the hash of what it is made from.

Of several processes one makes a thing while the others wait. Whenever a process is killed, a thing is complete or
absent; and it is removed only while no process uses it. Processes tell each other by locks, which end with them.
"""

from __future__ import annotations

import fcntl
import hashlib
import logging
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from names3risk.errors import OutputError
from names3risk.files import require_writable

logger = logging.getLogger(__name__)

LOCK = ".lock"


class Keep:
    """The things of one kind in a folder; those that this process asked for are its own while this object lives.

    Args:
        folder: Where they are kept, beside nothing else.
        kind: What they are, in one word, with which their names begin.
    """

    def __init__(self, folder: str | Path, kind: str) -> None:
        self.folder, self.kind = Path(folder), kind
        self._used: dict[Path, BinaryIO] = {}

    def once(self, key: str, make: Callable[[Path], None]) -> Path:
        """The folder of a thing, which is made unless an earlier run or another process has done so.

        Args:
            key: What it is made from; equal keys mean equal things.
            make: Makes it in the empty folder that it is given.

        Raises:
            OutputError: The folder cannot be written; errors of `make` are passed on.
        """
        entry = self.folder / f"{self.kind}-{hashlib.sha256(key.encode()).hexdigest()[:32]}"
        if entry in self._used:
            return entry
        try:
            require_writable(self.folder)
            with self._alone():
                if entry.is_dir():
                    logger.info("%s are read from %s", self.kind, entry)
                else:
                    self._make(entry, make)
                self._used[entry] = _lock(entry / LOCK, fcntl.LOCK_SH)
        except OSError as error:
            raise OutputError(f"cannot keep {self.kind}: {error.strerror or error}", where=self.folder) from error
        return entry

    def remove_others(self) -> None:
        """Removes what neither this object nor another process uses, and what killed processes left half done."""
        if not self.folder.is_dir():
            return
        try:
            with self._alone():
                for path in self.folder.glob(f".{self.kind}-*"):
                    shutil.rmtree(path)
                for entry in set(self.folder.glob(f"{self.kind}-*")) - set(self._used):
                    self._remove(entry)
        except OSError as error:
            logger.warning("cannot remove old %s in %s: %s", self.kind, self.folder, error.strerror or error)

    def _make(self, entry: Path, make: Callable[[Path], None]) -> None:
        working = entry.with_name(f".{entry.name}")
        shutil.rmtree(working, ignore_errors=True)  # of a process that was killed: no other is making anything
        try:
            working.mkdir()
            make(working)
            working.rename(entry)
        finally:
            shutil.rmtree(working, ignore_errors=True)

    def _remove(self, entry: Path) -> None:
        if not entry.is_dir():
            entry.unlink()
            return
        try:
            lock = _lock(entry / LOCK, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        with lock:
            going = entry.with_name(f".{entry.name}")
            entry.rename(going)  # at once, so that no process finds half of it
            shutil.rmtree(going)
        logger.info("removed %s, which nothing uses any more", entry)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Waits until no other process makes or removes anything here."""
        with _lock(self.folder / LOCK, fcntl.LOCK_EX):
            yield


def _lock(path: Path, how: int) -> BinaryIO:
    file = path.open("ab")
    try:
        fcntl.flock(file, how)
    except BaseException:
        file.close()
        raise
    return file
