"""What can go wrong in a local run, told in one message."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Sequence
from pathlib import Path


class LocalRunError(Exception):
    """A problem that the reader can mend, told in one message.

    Args:
        what: What is wrong, as a short sentence without a full stop.
        where: The file, step or field it was found in.
        expected: What was expected there.
        mend: What the reader can do about it.
    """

    def __init__(
        self, what: str, *, where: str | Path | None = None, expected: str | None = None, mend: str | None = None
    ) -> None:
        self.what, self.where, self.expected, self.mend = what, where, expected, mend
        parts = [f"{where}: {what}" if where else what]
        if expected:
            parts.append(f"expected {expected}")
        if mend:
            parts.append(f"to mend it: {mend}")
        super().__init__("; ".join(parts))


class DefinitionError(LocalRunError):
    """The definition or its parameters are wrong; holds every problem, found before anything was started.

    Args:
        problems: One message each, with the place in the definition.
    """

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = list(problems)
        if len(self.problems) == 1:
            super().__init__(self.problems[0])
        else:
            listing = "".join(f"\n  - {problem}" for problem in self.problems)
            super().__init__(f"{len(self.problems)} problems in the definition:{listing}")


class StepError(LocalRunError):
    """A step cannot end well.

    Args:
        what: Why.
        retry_as: The SageMaker exception types (`SageMaker.JOB_INTERNAL_ERROR`, ...) that a RetryPolicy may name to
            have this failure tried again.
        expected: What was expected.
        mend: What the reader can do about it.
    """

    def __init__(
        self, what: str, *, retry_as: Sequence[str] = (), expected: str | None = None, mend: str | None = None
    ) -> None:
        super().__init__(what, expected=expected, mend=mend)
        self.retry_as = tuple(retry_as)


class StepStopped(Exception):  # noqa: N818 - not an error: the reader asked for it
    """The run is being stopped, and this step with it."""


def describe_os_error(error: OSError, doing: str, folder: Path) -> str:
    """One sentence for an operating system's error, with the room that is left when a disk is full.

    Args:
        error: What the system raised.
        doing: What was being done, as in "uploading output 'model'".
        folder: Where it was done, for errors that do not name a file.
    """
    place = error.filename2 or error.filename or str(folder)
    at = f" ({place})" if place else ""
    if error.errno == errno.ENOSPC:
        return f"the disk is full while {doing}{at}; {_room(place)}to mend it: free some space, then resume the run"
    if error.errno == errno.EDQUOT:
        return f"the disk quota is used up while {doing}{at}; to mend it: free some space, then resume the run"
    return f"{error.strerror or error} while {doing}{at}"


def _room(place: object) -> str:
    if not isinstance(place, str | Path):
        return ""
    folder = Path(place).absolute()
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return f"{shutil.disk_usage(folder).free // 2**20} MiB are left on the disk of {folder}; "
