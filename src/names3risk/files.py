"""Files and folders that are either complete or as they were: made under a temporary name, then moved in."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from names3risk.errors import OutputError


@contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """Gives a temporary path in the folder of `path` that becomes `path` when the block ends well.

    When the block fails, the temporary file is removed and an earlier `path` stays as it was. The temporary name
    keeps the suffix of `path`, for writers that look at it.

    Args:
        path: Where the finished file shall be.

    Yields:
        The temporary path to write to.

    Raises:
        OutputError: The folder cannot be created or written.
    """
    target = Path(path)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.stem}-", suffix=target.suffix)
    except OSError as error:
        raise OutputError(
            f"cannot write: {error.strerror}", where=target, mend="name a folder that you may write to"
        ) from error
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(target)
    except OSError as error:
        raise OutputError(f"cannot write: {error.strerror or error}", where=target) from error
    finally:
        temporary.unlink(missing_ok=True)


def write_text(path: str | Path, text: str) -> None:
    """Writes `text` to `path` as UTF-8, completely or not at all."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_json(path: str | Path, value: Any) -> None:
    """Writes `value` to `path` as indented JSON, completely or not at all; NaN is refused."""
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


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


def _move_all(stage: Path, target: Path) -> None:
    replaced = stage / ".replaced"
    try:
        replaced.mkdir()
        for path in sorted(path for path in stage.iterdir() if path != replaced):
            place = target / path.name
            if place.is_dir() and not place.is_symlink():
                place.replace(replaced / path.name)
            path.replace(place)
    except OSError as error:
        raise OutputError(f"cannot write: {error.strerror or error}", where=target) from error


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
