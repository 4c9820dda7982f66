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
    try:
        target.mkdir(parents=True, exist_ok=True)
        stage = Path(tempfile.mkdtemp(dir=target, prefix=".staging-"))
    except OSError as error:
        raise OutputError(
            f"cannot write: {error.strerror}", where=target, mend="name a folder that you may write to"
        ) from error
    try:
        yield stage
        for path in sorted(stage.iterdir()):
            _move(path, target / path.name)
    except OSError as error:
        raise OutputError(f"cannot write: {error.strerror or error}", where=target) from error
    finally:
        shutil.rmtree(stage, ignore_errors=True)


def _move(source: Path, target: Path) -> None:
    if target.is_dir() and not target.is_symlink():
        shutil.rmtree(target)
    source.replace(target)
