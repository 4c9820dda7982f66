"""Output folders that are either complete or as they were: files are made in a hidden folder, then moved in."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from names3risk.errors import OutputError


@contextmanager
def staged(folder: str | Path) -> Iterator[Path]:
    """Gives a hidden folder inside `folder` whose content is moved into `folder` when the block ends well.

    The hidden folder is inside, not beside, because a container's output folders are mounts of their own. When the
    block fails it is removed and earlier outputs stay as they were.

    Args:
        folder: Where the finished files shall be; created when absent.

    Yields:
        The hidden folder to write to.

    Raises:
        OutputError: The folder cannot be created or written.
    """
    target = Path(folder)
    stage = _temporary_folder(target)
    try:
        yield stage
        _move_all(stage, target)
    finally:
        shutil.rmtree(stage, ignore_errors=True)


def require_writable(folder: str | Path) -> None:
    """Creates a folder where it is absent, and makes sure that files can be written to it.

    Args:
        folder: The folder.

    Raises:
        OutputError: The folder cannot be created or written.
    """
    _temporary_folder(Path(folder)).rmdir()


def _temporary_folder(parent: Path) -> Path:
    try:
        parent.mkdir(parents=True, exist_ok=True)
        return Path(tempfile.mkdtemp(dir=parent, prefix=".staging-"))
    except OSError as error:
        raise OutputError(
            f"cannot write: {error.strerror}", where=parent, mend="name a folder that you may write to"
        ) from error


def _move_all(source: Path, target: Path) -> None:
    try:
        for path in sorted(source.iterdir()):
            place = target / path.name
            if place.is_dir() and not place.is_symlink():
                shutil.rmtree(place)
            path.replace(place)
    except OSError as error:
        raise OutputError(f"cannot write: {error.strerror or error}", where=target) from error
